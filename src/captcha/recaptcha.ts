import type { HumanVerifier } from '../guards/human-options.ts';
import type { CaptchaRequestOptions } from './ask-provider.ts';
import type { CaptchaExpectations } from './expectations.ts';
import { createSiteverify } from './siteverify.ts';

/** Options of {@link recaptchaV2}. */
export interface RecaptchaV2Options extends CaptchaRequestOptions, Pick<CaptchaExpectations, 'hostnames'> {
  /** Secret key of the site. */
  readonly secret: string;
}

/** Options of {@link recaptchaV3}. */
export interface RecaptchaV3Options extends CaptchaRequestOptions, CaptchaExpectations {
  /** Secret key of the site. */
  readonly secret: string;
}

const URL_OF_GOOGLE = 'https://www.google.com/recaptcha/api/siteverify';

/**
 * Verifies tokens of reCAPTCHA v2 (field `g-recaptcha-response`). They are valid for two minutes.
 *
 * Source: Google, "Verifying the user's response", https://developers.google.com/recaptcha/docs/verify
 *
 * @throws ConfigurationError an option is malformed
 * @example guards: { human: { verify: recaptchaV2({ secret, hostnames: ['shop.example'] }) } }
 */
export function recaptchaV2(options: RecaptchaV2Options): HumanVerifier {
  const { secret, fetch, url, hostnames } = options;
  const provider = { name: 'reCAPTCHA', verifier: 'recaptchaV2', url: URL_OF_GOOGLE };
  return createSiteverify(secret, { fetch, url, hostnames }, provider);
}

/**
 * Verifies tokens of reCAPTCHA v3, which has a score and no puzzle: `minScore` of the guard decides. A verdict without a
 * score, such as one of a v2 site, does not pass.
 *
 * Source: Google, "reCAPTCHA v3", https://developers.google.com/recaptcha/docs/v3#site_verify_response
 *
 * @throws ConfigurationError an option is malformed
 * @example guards: { human: { verify: recaptchaV3({ secret, action: 'sign_up' }), minScore: 0.7 } }
 */
export function recaptchaV3(options: RecaptchaV3Options): HumanVerifier {
  const provider = { name: 'reCAPTCHA', verifier: 'recaptchaV3', url: URL_OF_GOOGLE, needsScore: true };
  return createSiteverify(options.secret, options, provider);
}

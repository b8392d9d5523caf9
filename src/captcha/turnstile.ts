import type { HumanVerifier } from '../guards/human-options.ts';
import type { CaptchaRequestOptions } from './ask-provider.ts';
import type { CaptchaExpectations } from './expectations.ts';
import { createSiteverify } from './siteverify.ts';

/** Options of {@link turnstile}. */
export interface TurnstileOptions extends CaptchaRequestOptions, CaptchaExpectations {
  /** Secret key of the widget. */
  readonly secret: string;
}

/**
 * Verifies tokens of Cloudflare Turnstile (field `cf-turnstile-response`). They are valid for five minutes.
 *
 * Source: Cloudflare, "Validate the token", https://developers.cloudflare.com/turnstile/get-started/server-side-validation/
 *
 * @throws ConfigurationError an option is malformed
 * @example guards: { human: { verify: turnstile({ secret, hostnames: ['shop.example'], action: 'sign-up' }) } }
 */
export function turnstile(options: TurnstileOptions): HumanVerifier {
  return createSiteverify(options.secret, options, {
    name: 'Cloudflare Turnstile',
    verifier: 'turnstile',
    url: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
  });
}

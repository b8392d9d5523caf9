import type { HumanVerifier } from '../guards/human-options.ts';
import type { CaptchaRequestOptions } from './ask-provider.ts';
import type { CaptchaExpectations } from './expectations.ts';
import { createSiteverify } from './siteverify.ts';

/** Options of {@link hcaptcha}. */
export interface HcaptchaOptions extends CaptchaRequestOptions, Pick<CaptchaExpectations, 'hostnames'> {
  /** Secret key of the account. */
  readonly secret: string;
  /** The site key of your page, which hCaptcha then compares. @default not compared */
  readonly siteKey?: string | undefined;
}

/**
 * Verifies tokens of hCaptcha (field `h-captcha-response`). They are valid for two minutes. hCaptcha Enterprise
 * scores the risk; here 1 is a person, as everywhere.
 *
 * Source: hCaptcha, "Verify the user response server side", https://docs.hcaptcha.com/#verify-the-user-response-server-side
 *
 * @throws ConfigurationError an option is malformed
 * @example guards: { human: { verify: hcaptcha({ secret, siteKey }) } }
 */
export function hcaptcha(options: HcaptchaOptions): HumanVerifier {
  return createSiteverify(options.secret, options, {
    name: 'hCaptcha',
    verifier: 'hcaptcha',
    url: 'https://api.hcaptcha.com/siteverify',
    fields: { sitekey: options.siteKey },
    score: (risk) => 1 - risk,
  });
}

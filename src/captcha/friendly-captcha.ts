import type { HumanVerification, HumanVerifier } from '../guards/human-options.ts';
import { type CaptchaRequestOptions, checkSecret, codeOf, createAskProvider } from './ask-provider.ts';
import { type CaptchaExpectations, findMismatch } from './expectations.ts';

/** Options of {@link friendlyCaptcha}. */
export interface FriendlyCaptchaOptions
  extends CaptchaRequestOptions,
    Pick<CaptchaExpectations, 'hostnames'> {
  /** API key of the account. */
  readonly apiKey: string;
  /** The site key of your page, which Friendly Captcha then compares. @default not compared */
  readonly siteKey?: string | undefined;
  /** `eu`: tokens are verified within the European Union. @default 'global' */
  readonly region?: 'global' | 'eu' | undefined;
}

const HOSTS = { global: 'global.frcapi.com', eu: 'eu.frcapi.com' } as const;

function readResponse(
  { success, data, error }: Readonly<Record<string, unknown>>,
  expected: CaptchaExpectations,
): HumanVerification {
  if (success === true) {
    const { challenge } = (data ?? {}) as { readonly challenge?: { readonly origin?: unknown } };
    const mismatch = findMismatch(expected, { hostname: challenge?.origin });
    return mismatch === undefined ? { passed: true } : { passed: false, reason: mismatch };
  }
  const code = codeOf((error as { readonly error_code?: unknown } | undefined)?.error_code);
  // The other codes blame the request: auth_required, auth_invalid, sitekey_invalid, bad_request, …
  if (success === false && code !== undefined && /^response_(?!missing)/.test(code)) {
    return { passed: false, reason: code };
  }
  throw new Error(`Friendly Captcha refused the request: ${code ?? 'no verdict'}.`);
}

/**
 * Verifies responses of Friendly Captcha v2 (field `frc-captcha-response`).
 *
 * Source: Friendly Captcha, "Verify the captcha response", https://developer.friendlycaptcha.com/docs/v2/getting-started/verify
 *
 * @throws ConfigurationError an option is malformed
 * @example guards: { human: { verify: friendlyCaptcha({ apiKey, siteKey, region: 'eu' }) } }
 */
export function friendlyCaptcha(options: FriendlyCaptchaOptions): HumanVerifier {
  const { siteKey, region = 'global', hostnames } = options;
  const apiKey = checkSecret(options.apiKey, 'friendlyCaptcha', 'apiKey');
  const url = `https://${HOSTS[region]}/api/v2/captcha/siteverify`;
  const ask = createAskProvider('Friendly Captcha', 'friendlyCaptcha', options, url);
  const expected = { hostnames: hostnames && [...hostnames] };
  return async ({ token, signal }) => {
    const headers = { 'content-type': 'application/json', 'x-api-key': apiKey };
    const { body } = await ask(
      { headers, body: JSON.stringify({ response: token, sitekey: siteKey }) },
      signal,
    );
    return readResponse(body, expected);
  };
}

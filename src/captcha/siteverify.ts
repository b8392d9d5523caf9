import type { HumanVerification, HumanVerifier } from '../guards/human-options.ts';
import { type CaptchaRequestOptions, checkSecret, codeOf, createAskProvider } from './ask-provider.ts';
import { type CaptchaExpectations, findMismatch } from './expectations.ts';

/** One of the providers whose request and verdict are those of reCAPTCHA. */
interface SiteverifyProvider {
  /** For errors. */
  readonly name: string;
  readonly verifier: string;
  readonly url: string;
  /** More fields of the form. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
  /** Whether a verdict without a score is none. */
  readonly needsScore?: boolean;
  /** The score of a verdict, 1 for a person. */
  score?(given: number): number;
}

/** Codes that blame the request, not the token: nobody can tell whether the visitor is a person. */
const NOT_ABOUT_THE_TOKEN =
  /secret|sitekey|^bad-request$|^internal-error$|^missing-remoteip$|^invalid-remoteip$|^not-using-dummy-passcode$/;

function readVerdict(
  body: Readonly<Record<string, unknown>>,
  provider: SiteverifyProvider,
  expected: CaptchaExpectations,
): HumanVerification {
  const { success, hostname, action, score: given, 'error-codes': codes } = body;
  if (typeof success !== 'boolean') throw new Error(`${provider.name} gave no verdict.`);
  const code = Array.isArray(codes) ? codeOf(codes[0]) : undefined;
  if (!success) {
    if (code !== undefined && NOT_ABOUT_THE_TOKEN.test(code)) {
      throw new Error(`${provider.name} refused the request: ${code}.`);
    }
    return { passed: false, reason: code };
  }
  const mismatch = findMismatch(expected, { hostname, action });
  if (mismatch !== undefined) return { passed: false, reason: mismatch };
  if (typeof given === 'number' && given >= 0 && given <= 1) {
    return { passed: true, score: provider.score?.(given) ?? given };
  }
  return provider.needsScore === true ? { passed: false, reason: 'no-score' } : { passed: true };
}

export function createSiteverify(
  secret: string,
  options: CaptchaRequestOptions & CaptchaExpectations,
  provider: SiteverifyProvider,
): HumanVerifier {
  checkSecret(secret, provider.verifier);
  const ask = createAskProvider(provider.name, provider.verifier, options, provider.url);
  const { hostnames, action } = options;
  const expected = { action, hostnames: hostnames && [...hostnames] };
  return async ({ token, clientIp, signal }) => {
    const form = new URLSearchParams({ secret, response: token });
    if (clientIp !== undefined) form.set('remoteip', clientIp);
    for (const [field, value] of Object.entries(provider.fields ?? {})) {
      if (value !== undefined) form.set(field, value);
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { body } = await ask({ headers, body: form.toString() }, signal);
    return readVerdict(body, provider, expected);
  };
}

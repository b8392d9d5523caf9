import { ConfigurationError } from '../errors.ts';
import type { HumanVerification, HumanVerifier } from '../guards/human-options.ts';
import { type CaptchaRequestOptions, checkSecret, codeOf, createAskProvider } from './ask-provider.ts';
import { type CaptchaExpectations, findMismatch } from './expectations.ts';

/** Options of {@link recaptchaEnterprise}. */
export interface RecaptchaEnterpriseOptions extends CaptchaRequestOptions, CaptchaExpectations {
  /** ID of the Google Cloud project. */
  readonly projectId: string;
  /** An API key of the project that may create assessments. */
  readonly apiKey: string;
  /** The key of your page or app, which Google compares with the token's. */
  readonly siteKey: string;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function readAssessment(body: Fields, expected: CaptchaExpectations): HumanVerification {
  const { valid, invalidReason, hostname, action } = fieldsOf(body.tokenProperties);
  if (typeof valid !== 'boolean') throw new Error('reCAPTCHA Enterprise gave no verdict.');
  if (!valid) return { passed: false, reason: codeOf(invalidReason) };
  const mismatch = findMismatch(expected, { hostname, action });
  if (mismatch !== undefined) return { passed: false, reason: mismatch };
  const { score } = fieldsOf(body.riskAnalysis);
  const hasScore = typeof score === 'number' && score >= 0 && score <= 1;
  return hasScore ? { passed: true, score } : { passed: false, reason: 'no-score' };
}

/**
 * Verifies tokens of reCAPTCHA Enterprise with an assessment. `minScore` of the guard decides.
 *
 * Source: Google Cloud, "Create an assessment", https://cloud.google.com/recaptcha/docs/create-assessment-website
 *
 * @throws ConfigurationError an option is malformed
 * @example guards: { human: { verify: recaptchaEnterprise({ projectId, apiKey, siteKey, action: 'sign_up' }) } }
 */
export function recaptchaEnterprise(options: RecaptchaEnterpriseOptions): HumanVerifier {
  const { projectId, siteKey, action, hostnames } = options;
  const apiKey = checkSecret(options.apiKey, 'recaptchaEnterprise', 'apiKey');
  if (!/^[a-z0-9.:-]{1,100}$/i.test(projectId)) {
    throw new ConfigurationError(
      'recaptchaEnterprise: projectId must be the ID of a Google Cloud project.',
      'projectId',
    );
  }
  const url = `https://recaptchaenterprise.googleapis.com/v1/projects/${projectId}/assessments`;
  const ask = createAskProvider('reCAPTCHA Enterprise', 'recaptchaEnterprise', options, url);
  const expected = { action, hostnames: hostnames && [...hostnames] };
  return async ({ token, clientIp, signal }) => {
    const event = { token, siteKey, expectedAction: action, userIpAddress: clientIp };
    // In a header, because addresses end up in logs.
    const headers = { 'content-type': 'application/json', 'x-goog-api-key': apiKey };
    const { status, body } = await ask({ headers, body: JSON.stringify({ event }) }, signal);
    if (status !== 200) throw new Error(`reCAPTCHA Enterprise refused the request with ${status}.`);
    return readAssessment(body, expected);
  };
}

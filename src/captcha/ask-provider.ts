import { ConfigurationError } from '../errors.ts';
import { readBody, TOO_LARGE } from '../transport/read-body.ts';
import type { Fetch } from '../types.ts';

/** Options that all verifiers over HTTP have in common. */
export interface CaptchaRequestOptions {
  /** `fetch` to use, for a proxy. @default the platform's */
  readonly fetch?: Fetch | undefined;
  /**
   * Address that verifies tokens, for your own proxy or stand-in: `https:`, or `http:` on this machine.
   * @default the provider's
   */
  readonly url?: string | undefined;
}

/** The answer of a provider. */
export interface ProviderResponse {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One question to a provider. Throws an `Error` that names neither secret nor token. */
export type AskProvider = (
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  signal: AbortSignal | undefined,
) => Promise<ProviderResponse>;

/** Verdicts have a few hundred bytes. */
const MAX_BODY_BYTES = 65_536;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Refuses an address to which the secret would travel in clear. */
function checkUrl(url: string, verifier: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isSafe =
    parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && LOOPBACK.test(parsed.hostname));
  if (isSafe) return url;
  throw new ConfigurationError(
    `${verifier}: url must be an https address (plain http on this machine only): the secret travels with every token.`,
    'url',
  );
}

/** @throws ConfigurationError the secret is empty, or the address is not safe */
export function checkSecret(secret: unknown, verifier: string, option = 'secret'): string {
  if (typeof secret === 'string' && secret.trim() !== '') return secret;
  throw new ConfigurationError(
    `${verifier}: ${option} must be the secret that the provider gave you.`,
    option,
  );
}

/** Asks by POST, without following redirects: they would carry the secret elsewhere. */
export function createAskProvider(
  name: string,
  verifier: string,
  { fetch, url: given }: CaptchaRequestOptions,
  providerUrl: string,
): AskProvider {
  const url = checkUrl(given ?? providerUrl, verifier);
  return async ({ headers, body }, signal = new AbortController().signal) => {
    const ask = fetch ?? globalThis.fetch;
    const response = await ask(url, {
      method: 'POST',
      headers: { accept: 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal,
    });
    const text = await readBody(response, MAX_BODY_BYTES, signal);
    const parsed = text === TOO_LARGE ? undefined : parseObject(text);
    if (parsed === undefined)
      throw new Error(`${name} responded with HTTP ${response.status} and no verdict.`);
    return { status: response.status, body: parsed };
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A code of a provider, safe to show. */
export function codeOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w-]{1,60}$/.test(value) ? value : undefined;
}

import type { EmulatedWebhook } from '../../emulator/context.ts';

type OAuth = NonNullable<EmulatedWebhook['oauth']>;

/** The tokens for webhooks, fetched as 8x8 does (OAuth 2.0 client credentials, RFC 6749, section 4.4). */
export interface AccessTokens {
  /**
   * Returns the token of an endpoint, from the cache while it lasts.
   *
   * @throws Error the endpoint gave none; the message says why
   */
  get(oauth: OAuth): Promise<string>;
  /** Forgets a token that a receiver refused. */
  forget(oauth: OAuth): void;
}

/** Before its end, so that a token does not expire on its way. */
const EARLY_MS = 10_000;
const DEFAULT_LIFETIME_S = 300;
const MAX_TOKENS = 100;

/** Form encoding of the user name and password of HTTP Basic (RFC 6749, section 2.3.1). */
const formEncoded = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);

function tokenRequest({ clientId, clientSecret, credentialsLocation, scope }: OAuth): RequestInit {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scope !== undefined) form.set('scope', scope);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (credentialsLocation === 'body') {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  } else {
    headers.authorization = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`;
  }
  return { method: 'POST', headers, body: form, redirect: 'manual' };
}

async function fetchToken(oauth: OAuth, timeoutMs: number): Promise<{ token: string; lifetimeMs: number }> {
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(oauth.url, { ...tokenRequest(oauth), signal });
  } catch {
    throw new Error('the token endpoint cannot be reached');
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the token endpoint answered ${response.status}`);
  }
  const answer: unknown = await response.json().catch(() => undefined);
  const { access_token: token, expires_in: lifetime } = (answer ?? {}) as Record<string, unknown>;
  if (typeof token !== 'string' || token === '') throw new Error('the token endpoint gave no access_token');
  const seconds = typeof lifetime === 'number' && lifetime > 0 ? lifetime : DEFAULT_LIFETIME_S;
  return { token, lifetimeMs: seconds * 1000 };
}

export function createAccessTokens(timeoutMs: number): AccessTokens {
  const known = new Map<string, { readonly token: string; readonly endsAt: number }>();
  const keyOf = (oauth: OAuth) => JSON.stringify(oauth);
  return {
    async get(oauth) {
      const key = keyOf(oauth);
      const cached = known.get(key);
      if (cached !== undefined && Date.now() < cached.endsAt) return cached.token;
      const { token, lifetimeMs } = await fetchToken(oauth, timeoutMs);
      if (known.size >= MAX_TOKENS) known.clear();
      known.set(key, { token, endsAt: Date.now() + lifetimeMs - EARLY_MS });
      return token;
    },
    forget: (oauth) => void known.delete(keyOf(oauth)),
  };
}

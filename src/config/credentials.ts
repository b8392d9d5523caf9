import { ConfigurationError, SmsError, TimeoutError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { onAbort } from '../internal/on-abort.ts';
import { runUserCode } from '../internal/user-code.ts';
import { raceAbort } from '../internal/wait.ts';
import type { Clock } from '../types.ts';
import { readKeyFile } from './key-file.ts';

/** The reason why a key function is called, and the signal that ends its time. */
export interface ApiKeyRequest {
  /** `unauthorized`: 8x8 answered 401 to the last key, so a cached one is of no use. */
  readonly reason: 'attempt' | 'unauthorized';
  /** Fires when the call ends, or after the time limit of 10 s. */
  readonly signal: AbortSignal;
}

/** A key with its expiry. Without an expiry it is requested again after 60 s. */
export interface ExpiringApiKey {
  /** The API key. */
  readonly key: string;
  /** Expiry of the key: epoch milliseconds or a `Date`. @default 60 s after it was returned */
  readonly expiresAt?: number | Date | undefined;
}

/**
 * Returns the API key, for example from a secret store. Called when its last key is older than 60 s (or past its
 * `expiresAt`), and after a 401. Its time limit is 10 s. Several calls may run at the same time: in Workers a promise
 * must not be shared between requests.
 *
 * @example async ({ signal }) => (await fetch(vaultUrl, { signal })).text()
 */
export type ApiKeyFunction = (
  request: ApiKeyRequest,
) => string | ExpiringApiKey | Promise<string | ExpiringApiKey>;

/** Source of the key. */
export type CredentialsSource =
  | { readonly kind: 'value'; readonly key: string; readonly from: 'option' | 'environment' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'function'; readonly get: ApiKeyFunction };

/** Provides the key to the transport. Neither `inspect` nor JSON shows it. */
export interface Credentials {
  /** The key for the next attempt, if nobody has to be asked for it. */
  known(): string | undefined;
  /** Returns the key for the next attempt. */
  key(signal: AbortSignal): Promise<string>;
  /** After a 401 to `refused`: another key, or undefined when there is none. */
  replace(refused: string, signal: AbortSignal): Promise<string | undefined>;
  /** Whether a text contains a known key and must therefore not be sent. Ignores keys of under 8 characters. */
  appearsIn(text: string): boolean;
  /** Source of the key, for messages; never the key itself. */
  describe(): string;
}

/** The beginning of the keys of sandboxes, which no key of 8x8 has. */
export const SANDBOX_KEY_PREFIX = 'sandbox_';

/** A shorter key is typically `test` or `any` in tests, which ordinary texts also contain. */
const SHORTEST_REAL_KEY = 8;

function holdsKey(text: string, key: string): boolean {
  return key.length >= SHORTEST_REAL_KEY && text.includes(key);
}

/** How long the string from a key function is cached. */
const KEY_LIFETIME_MS = 60_000;
/** Time limit of a key function. */
export const KEY_TIMEOUT_MS = 10_000;

/**
 * Checks a key: white space around it is trimmed; quotes, a pasted `Bearer `, inner white space, control and
 * non-ASCII characters are refused, because they always result from a faulty paste. The value is never echoed.
 *
 * @throws ConfigurationError
 */
export function cleanApiKey(value: unknown, source: string): string {
  const refuse = (problem: string) => new ConfigurationError(`${source}: the API key ${problem}.`, 'apiKey');
  if (typeof value !== 'string')
    throw refuse(`must be a string, not ${value === null ? 'null' : typeof value}`);
  const key = value.trim();
  if (key === '') throw refuse('is empty');
  if (/^bearer\b/i.test(key))
    throw refuse('starts with "Bearer": remove that word, because the package adds it');
  if (/^["'`“”‘’]|["'`“”‘’]$/.test(key)) throw refuse('has quotes around it: remove them');
  if (/\s/.test(key)) throw refuse('holds white space or several lines');
  if (!/^[\x21-\x7e]+$/.test(key)) throw refuse('holds control or non-ASCII characters');
  return key;
}

const SOURCE_NAMES = {
  option: 'option apiKey',
  environment: 'environment variable EIGHTBYEIGHT_API_KEY',
  file: 'file named by EIGHTBYEIGHT_API_KEY_FILE',
  function: 'apiKey function',
} as const;

interface CredentialsEnvironment {
  readonly clock: Clock;
  readonly emit: Emit;
  /** Refuses every key that is not of a sandbox, because others can read the requests. */
  readonly sandboxKeysOnly?: boolean | undefined;
}

/** Cleans a key and refuses it where others could read it. */
type ReadKey = (value: unknown, source: string) => string;

function createReadKey({ sandboxKeysOnly = false }: CredentialsEnvironment): ReadKey {
  return (value, source) => {
    const key = cleanApiKey(value, source);
    if (!sandboxKeysOnly || key.startsWith(SANDBOX_KEY_PREFIX)) return key;
    throw new ConfigurationError(
      `${source}: baseUrl is plain http, so others can read the API key on its way. With allowInsecureBaseUrl only keys that begin with ${SANDBOX_KEY_PREFIX} are sent: use the key that the sandbox prints, or https. Nothing was sent.`,
      'apiKey',
    );
  };
}

/**
 * Creates the credentials of a client. A string or a file is checked at once, a function when it is first needed.
 *
 * @throws ConfigurationError when the key is missing or malformed
 */
export function createCredentials(
  source: CredentialsSource,
  environment: CredentialsEnvironment,
): Credentials {
  const readKey = createReadKey(environment);
  if (source.kind === 'function') return functionCredentials(source.get, environment, readKey);
  if (source.kind === 'file') return fileCredentials(source.path, environment.emit, readKey);
  const name = SOURCE_NAMES[source.from];
  const key = readKey(source.key, name);
  return {
    known: () => key,
    key: async () => key,
    replace: async () => undefined,
    appearsIn: (text) => holdsKey(text, key),
    describe: () => name,
  };
}

function fileCredentials(path: string, emit: Emit, readKey: ReadKey): Credentials {
  const name = SOURCE_NAMES.file;
  const read = () => readKey(readKeyFile(path, name), name);
  let key = read();
  return {
    known: () => key,
    key: async () => key,
    async replace(refused) {
      if (key !== refused) return key;
      try {
        key = read();
      } catch {
        // The file is being replaced: the 401 is reported, and the old key stays.
        return undefined;
      }
      if (key === refused) return undefined;
      emit({ type: 'key-refreshed', source: name });
      return key;
    },
    appearsIn: (text) => holdsKey(text, key),
    describe: () => name,
  };
}

function functionCredentials(
  get: ApiKeyFunction,
  { clock, emit }: CredentialsEnvironment,
  readKey: ReadKey,
): Credentials {
  const name = SOURCE_NAMES.function;
  let known: { readonly key: string; readonly expiresAtMs: number } | undefined;

  /** Caches only the value, never the promise, which would die with the request that created it. */
  async function ask(reason: ApiKeyRequest['reason'], signal: AbortSignal): Promise<string> {
    const answer = await callWithLimit(get, reason, signal, emit);
    const parsed = readAnswer(answer, clock.now(), readKey);
    const changed = known !== undefined && known.key !== parsed.key;
    known = parsed;
    if (changed) emit({ type: 'key-refreshed', source: name });
    return parsed.key;
  }

  const fresh = () => (known !== undefined && clock.now() < known.expiresAtMs ? known.key : undefined);

  return {
    known: fresh,
    key: async (signal) => fresh() ?? ask('attempt', signal),
    async replace(refused, signal) {
      if (known !== undefined && known.key !== refused) return known.key;
      const key = await ask('unauthorized', signal);
      return key === refused ? undefined : key;
    },
    appearsIn: (text) => known !== undefined && holdsKey(text, known.key),
    describe: () => name,
  };
}

function readAnswer(answer: string | ExpiringApiKey, nowMs: number, readKey: ReadKey) {
  const name = SOURCE_NAMES.function;
  const given = typeof answer === 'object' && answer !== null ? answer : { key: answer };
  const key = readKey(given.key, name);
  if (given.expiresAt === undefined) return { key, expiresAtMs: nowMs + KEY_LIFETIME_MS };
  const expiresAtMs = given.expiresAt instanceof Date ? given.expiresAt.getTime() : given.expiresAt;
  if (typeof expiresAtMs !== 'number' || Number.isNaN(expiresAtMs)) {
    throw new ConfigurationError(`${name}: expiresAt must be epoch milliseconds or a valid Date.`, 'apiKey');
  }
  return { key, expiresAtMs };
}

async function callWithLimit(
  get: ApiKeyFunction,
  reason: ApiKeyRequest['reason'],
  signal: AbortSignal,
  emit: Emit,
): Promise<string | ExpiringApiKey> {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(tooSlow()), KEY_TIMEOUT_MS);
  const forget = onAbort(signal, stop);
  try {
    const asking = runUserCode(
      emit,
      'apiKey',
      () => get({ reason, signal: controller.signal }),
      controller.signal,
    );
    return await raceAbort(asking, controller.signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (SmsError.isInstance(error)) throw error;
    // Its message may hold the key or the secret store's address: `onError` alone gets it.
    const kind = error instanceof Error ? error.name : typeof error;
    throw new ConfigurationError(
      `The apiKey function failed (${/^\w{1,40}$/.test(kind) ? kind : 'Error'}). Nothing was sent.`,
      'apiKey',
      true,
    );
  } finally {
    clearTimeout(timer);
    forget();
  }
}

function tooSlow(): TimeoutError {
  return new TimeoutError({
    message: `The apiKey function gave no key within ${KEY_TIMEOUT_MS} ms. Nothing was sent.`,
    submission: 'not-submitted',
    reason: 'timeout',
    attempts: 0,
    outage: true,
  });
}

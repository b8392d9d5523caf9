import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { createCache } from '../cache.ts';
import { ConfigurationError } from '../errors.ts';
import type { LimitKey } from '../limits/limit-store.ts';

/** Names numbers, addresses and other keys where others may read them. */
export interface KeyNames {
  /** 16 characters, or the key itself where it may be read. */
  nameOf(key: LimitKey): string;
  /** 16 characters for a text that comes once, such as a fingerprint. */
  hashOf(text: string): string;
}

/** Least characters of a secret: with fewer the few existing phone numbers could be tried out. */
const MIN_SECRET_LENGTH = 32;
/** Bytes of a hash that are kept, 96 bits: no two of a billion numbers share one. */
const NAME_BYTES = 12;
/** Names that are remembered, about 10 MB: a hash costs about 2 µs. */
const MAX_NAMES = 50_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * HMAC-SHA-256 over the key, cut to 96 bits. Who reads the server but has not the secret cannot tell the number.
 *
 * @param option what stands before the names of the options in an error
 * @throws ConfigurationError when the secret is too short, or `keyId` is not 1 to 8 letters or digits.
 */
export function createHashedNames(secret: string | undefined, keyId: string, option: string): KeyNames {
  if (typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH) {
    throw new ConfigurationError(
      `${option}secret must be a string of at least ${MIN_SECRET_LENGTH} characters, equal in all processes.`,
      `${option}secret`,
    );
  }
  if (typeof keyId !== 'string' || !/^[0-9A-Za-z]{1,8}$/.test(keyId)) {
    throw new ConfigurationError(`${option}keyId must be 1 to 8 letters or digits.`, `${option}keyId`);
  }
  const names = createCache<LimitKey, string>(MAX_NAMES);
  const hashOf = createHash(keyId, secret);
  return {
    nameOf(key) {
      let name = names.get(key);
      if (name === undefined) {
        name = hashOf(`${typeof key} ${key}`);
        names.set(key, name);
      }
      return name;
    },
    hashOf,
  };
}

/** Works in one place again and again: making new objects for every number would take twice as long. */
function createHash(keyId: string, secret: string): (text: string) => string {
  const encoder = new TextEncoder();
  const keyed = hmac.create(sha256, encoder.encode(secret));
  const work = keyed.clone();
  const digest = new Uint8Array(work.outputLen);
  const room = new Uint8Array(64);
  return (text) => {
    // The id is hashed along: it costs no byte, and the same number has another name under another id.
    const named = `${keyId} ${text}`;
    keyed._cloneInto(work);
    // A character takes three bytes at most.
    const isShort = named.length * 3 <= room.length;
    work.update(isShort ? room.subarray(0, encoder.encodeInto(named, room).written) : encoder.encode(named));
    work.digestInto(digest);
    return toText(digest);
  };
}

/** Keys as they are, for teams that want to read them. */
export function createClearNames(): KeyNames {
  return {
    nameOf: (key) => (typeof key === 'number' ? `n${key}` : `s${escapeText(key)}`),
    hashOf: (text) => toText(sha256(new TextEncoder().encode(text))),
  };
}

/** Six characters for the id of a rule, the same under every secret. */
export function createRuleNames(): (id: string) => string {
  const names = createCache<string, string>(1000);
  return (id) => {
    let name = names.get(id);
    if (name === undefined) {
      name = toText(sha256(new TextEncoder().encode(id))).slice(0, 6);
      names.set(id, name);
    }
    return name;
  };
}

/** URL-safe Base64 of the first bytes, 4 characters for every 3. */
function toText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < NAME_BYTES; at += 3) {
    const bits = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    text += ALPHABET.charAt(bits >> 18) + ALPHABET.charAt((bits >> 12) & 63);
    text += ALPHABET.charAt((bits >> 6) & 63) + ALPHABET.charAt(bits & 63);
  }
  return text;
}

/** Printable ASCII without blanks and the signs that mean something in keys and answers; distinct texts stay distinct. */
export function escapeText(text: string): string {
  return text.replace(
    /[^!"#$&'()*+,\-./0-9:<=>?@A-Z[\\\]^_`a-z|~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function unescapeText(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

import { ConfigurationError } from '../errors.ts';
import { createCache } from '../internal/cache.ts';
import { hmac, sha256 } from '../internal/noble-hashes.ts';
import type { LimitKey } from '../limits/limit-store.ts';

/** Turns phone numbers, addresses and other keys into the names that are stored on the server. */
export interface KeyNames {
  /**
   * The name of the counter of a rule and a key: 16 characters if hashed. The hash of a key that `comesOnce` is not
   * cached, because it would evict keys that recur.
   */
  counterName(ruleId: string, key: LimitKey, comesOnce?: boolean): string;
  /** The name of a rule without a key: 16 characters, the same under every secret. */
  ruleName(ruleId: string): string;
  /** 16 characters, or the key itself if stored in clear. */
  keyName(key: LimitKey): string;
  /** 16 characters for a text that occurs once, such as a fingerprint. */
  textHash(text: string): string;
}

/** 96 bits, 24 in each number. */
type Bits = readonly [number, number, number, number];

/** Fewer characters would let an attacker brute-force the phone numbers. */
const MIN_SECRET_LENGTH = 32;
/** Cached hashes, about 10 MB. A hash costs about 2 µs. */
const MAX_CACHED_KEYS = 50_000;
/** Longest text whose hash is cached: an IPv6 address. Longer texts rarely recur. */
const MAX_CACHED_LENGTH = 45;
/** Cached rule IDs. */
const MAX_CACHED_RULES = 1000;
/** Half of a surrogate pair. UTF-8 has none, so that all of them would be one character. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Made without a TextEncoder, which Jest's jsdom lacks: this happens at import. */
const ALPHABET = Uint8Array.from(LETTERS, (letter) => letter.charCodeAt(0));

/**
 * HMAC-SHA-256 over the key, truncated to 96 bits. A reader of the server without the secret cannot recover the number.
 *
 * @param option prefix of the option names in errors
 * @throws ConfigurationError the secret is too short, or `keyId` is not 1 to 8 letters or digits
 */
export function createHashedNames(secret: string | undefined, keyId: string, option: string): KeyNames {
  if (typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH) {
    throw new ConfigurationError(
      `${option}secret must be a string of at least ${MIN_SECRET_LENGTH} characters, the same in all processes; make one with "openssl rand -hex 32".${secret === undefined ? ' It is undefined: is the environment variable set?' : ''}`,
      `${option}secret`,
    );
  }
  if (typeof keyId !== 'string' || !/^[0-9A-Za-z]{1,8}$/.test(keyId)) {
    throw new ConfigurationError(`${option}keyId must be 1 to 8 letters or digits.`, `${option}keyId`);
  }
  const known = createCache<LimitKey, Bits>(MAX_CACHED_KEYS);
  const bitsOf = createHash(keyId, secret);
  const rules = createRuleBits();

  function bitsOfKey(key: LimitKey, comesOnce = false): Bits {
    const isRemembered = !comesOnce && (typeof key === 'number' || key.length <= MAX_CACHED_LENGTH);
    let bits = isRemembered ? known.get(key) : undefined;
    if (bits === undefined) {
      bits = bitsOf(`${typeof key} ${key}`);
      if (isRemembered) known.set(key, bits);
    }
    return bits;
  }

  return {
    counterName(ruleId, key, comesOnce) {
      // XOR of two hashes, one per rule and one per key, so that no pair of both needs a hash.
      const [a, b, c, d] = bitsOfKey(key, comesOnce);
      const [e, f, g, h] = rules(ruleId);
      return toText(a ^ e, b ^ f, c ^ g, d ^ h);
    },
    ruleName: createRuleNames(rules),
    keyName: (key) => toText(...bitsOfKey(key)),
    textHash: (text) => toText(...bitsOf(text)),
  };
}

/** Reuses its buffers: new objects for every number would take twice as long. */
function createHash(keyId: string, secret: string): (text: string) => Bits {
  const encoder = new TextEncoder();
  const keyed = hmac.create(sha256, encoder.encode(secret));
  const work = keyed.clone();
  const digest = new Uint8Array(work.outputLen);
  const room = new Uint8Array(64);
  return (text) => {
    // Hashing the ID too costs no storage, and gives a number another name under another ID.
    const named = `${keyId} ${LONE_SURROGATE.test(text) ? JSON.stringify(text) : text}`;
    keyed._cloneInto(work);
    // A character takes at most three bytes.
    const isShort = named.length * 3 <= room.length;
    work.update(isShort ? room.subarray(0, encoder.encodeInto(named, room).written) : encoder.encode(named));
    work.digestInto(digest);
    return toBits(digest);
  };
}

/** Keeps keys readable, for teams that ask for it. */
export function createClearNames(): KeyNames {
  const ruleName = createRuleNames(createRuleBits());
  const keyName = (key: LimitKey) => (typeof key === 'number' ? `n${key}` : `s${escapeText(key)}`);
  return {
    counterName: (ruleId, key) => `${ruleName(ruleId)}:${keyName(key)}`,
    ruleName,
    keyName,
    textHash: (text) => toText(...digestOf(text)),
  };
}

/** Hashes rule IDs without a secret, so that they stay the same under every secret. */
function createRuleBits(): (id: string) => Bits {
  const known = createCache<string, Bits>(MAX_CACHED_RULES);
  return (id) => {
    let bits = known.get(id);
    if (bits === undefined) {
      bits = digestOf(id);
      known.set(id, bits);
    }
    return bits;
  };
}

/** Every rule of every message has its name in a tag. */
function createRuleNames(bitsOf: (id: string) => Bits): (id: string) => string {
  const known = createCache<string, string>(MAX_CACHED_RULES);
  return (id) => {
    let name = known.get(id);
    if (name === undefined) {
      name = toText(...bitsOf(id));
      known.set(id, name);
    }
    return name;
  };
}

function digestOf(text: string): Bits {
  return toBits(sha256(new TextEncoder().encode(text)));
}

/** The first 96 bits: no two of a billion numbers share them. */
function toBits(bytes: Uint8Array): Bits {
  const at = (from: number) =>
    ((bytes[from] as number) << 16) | ((bytes[from + 1] as number) << 8) | (bytes[from + 2] as number);
  return [at(0), at(3), at(6), at(9)];
}

/** URL-safe Base64, 4 characters per 24 bits. Built in one call, which takes half the time of concatenation. */
function toText(a: number, b: number, c: number, d: number): string {
  return String.fromCharCode(
    letter(a >> 18),
    letter(a >> 12),
    letter(a >> 6),
    letter(a),
    letter(b >> 18),
    letter(b >> 12),
    letter(b >> 6),
    letter(b),
    letter(c >> 18),
    letter(c >> 12),
    letter(c >> 6),
    letter(c),
    letter(d >> 18),
    letter(d >> 12),
    letter(d >> 6),
    letter(d),
  );
}

function letter(bits: number): number {
  return ALPHABET[bits & 63] as number;
}

/**
 * Printable ASCII without spaces and without characters that have a meaning in keys and replies. Distinct texts stay
 * distinct.
 */
export function escapeText(text: string): string {
  return text.replace(
    /[^!"#$&'()*+,\-./0-9:<=>?@A-Z[\\\]^_`a-z|~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function unescapeText(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

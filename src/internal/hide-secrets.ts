import { lazily } from './lazily.ts';

/**
 * Removes values that a call has sent from text of 8x8: an error text may repeat a text, a code or a key, as a whole
 * or in part, escaped or spaced in another way. Only letters and digits are compared, so that none of that matters.
 */

const REDACTED = '[redacted]';
/** So many letters and digits in common, and a text repeats the secret. Shorter secrets are found as whole words. */
const GRAM = 8;
/** A shorter value is a word such as `on`, which a text may contain by chance. */
const LEAST_CHARACTERS = 3;
/** More of 8x8's words than any error shows. */
const MAX_READ = 2_000;
/** An escape that was escaped again, and again by a proxy. */
const MAX_DECODINGS = 3;

const ESCAPES = /\\u([\da-f]{4})|\\x([\da-f]{2})|&#x([\da-f]{1,6});|&#(\d{1,7});|((?:%[\da-f]{2})+)/gi;

function decodeOnce(text: string): string {
  return text.replace(ESCAPES, (whole, unicode, byte, hex, decimal, encoded) => {
    try {
      if (encoded !== undefined) return decodeURIComponent(encoded);
      const code = decimal === undefined ? Number.parseInt(unicode ?? byte ?? hex, 16) : Number(decimal);
      return String.fromCodePoint(code);
    } catch {
      return whole;
    }
  });
}

function decode(text: string): string {
  let decoded = text;
  for (let round = 0; round < MAX_DECODINGS; round += 1) {
    const next = decodeOnce(decoded);
    if (next === decoded) break;
    decoded = next;
  }
  return decoded;
}

const comparedPattern = lazily(() => /[\p{L}\p{N}]/gu);
const wordPattern = lazily(() => /[\p{L}\p{N}]+/gu);
const notComparedPattern = lazily(() => /[^\p{L}\p{N}]+/gu);
const digitsPattern = lazily(() => /\p{Nd}(?:[\s\p{P}]?\p{Nd})+/gu);

function comparable(text: string): string {
  return text.replace(notComparedPattern(), '').toLowerCase();
}

/** The letters and digits of a text, with the place of each. */
interface Characters {
  readonly text: string;
  readonly places: readonly number[];
}

function charactersOf(text: string): Characters {
  let compared = '';
  const places: number[] = [];
  for (const { 0: character, index } of text.matchAll(comparedPattern())) {
    for (const unit of character.toLowerCase().split('')) {
      compared += unit;
      places.push(index);
    }
  }
  return { text: compared, places };
}

const BASE = 31;
/** The factor of the oldest of `GRAM` characters in a hash. */
const OLDEST = Array.from({ length: GRAM }).reduce<number>((product) => Math.imul(product, BASE), 1);

/** Calls `found` with the hash and the end of every `GRAM` characters in a row. */
function forEachGram(text: string, found: (hash: number, end: number) => void): void {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = (Math.imul(hash, BASE) + text.charCodeAt(index)) | 0;
    if (index >= GRAM) hash = (hash - Math.imul(OLDEST, text.charCodeAt(index - GRAM))) | 0;
    if (index >= GRAM - 1) found(hash, index + 1);
  }
}

type Ranges = readonly (readonly [from: number, to: number])[];

/** Words, and neighbours that are as long as a short secret together, by their letters and digits. */
function shortRuns(text: string): ReadonlyMap<string, Ranges> {
  const words = Array.from(text.matchAll(wordPattern()), ({ 0: word, index }) => ({ word, index }));
  const runs = new Map<string, [number, number][]>();
  for (const [position, { index: from }] of words.entries()) {
    let run = '';
    for (const { word, index } of words.slice(position, position + GRAM)) {
      run += word.toLowerCase();
      if (run.length >= GRAM) break;
      const ranges = runs.get(run);
      if (ranges === undefined) runs.set(run, [[from, index + word.length]]);
      else ranges.push([from, index + word.length]);
    }
  }
  return runs;
}

/** Digits that a text holds, such as its code. */
function digitsIn(secret: string): readonly string[] {
  return Array.from(secret.matchAll(digitsPattern()), ([digits]) => comparable(digits));
}

/** Marks what is repeated, by place in the text. */
function findRepeated(text: string, secrets: Iterable<string>): Uint8Array {
  const marks = new Uint8Array(text.length);
  const { text: compared, places } = charactersOf(text);
  const grams = new Map<number, number[]>();
  forEachGram(compared, (hash, end) => {
    const ends = grams.get(hash);
    if (ends === undefined) grams.set(hash, [end]);
    else ends.push(end);
  });
  const runs = shortRuns(text);
  for (const secret of secrets) {
    const plain = comparable(secret);
    forEachGram(plain, (hash, end) => {
      const ends = grams.get(hash);
      if (ends === undefined) return;
      // Each place is marked once: a text of one letter only would be marked again for every letter of a secret.
      const others = ends.filter((found) => {
        if (compared.slice(found - GRAM, found) !== plain.slice(end - GRAM, end)) return true;
        marks.fill(1, places[found - GRAM], (places[found - 1] as number) + 1);
        return false;
      });
      if (others.length === 0) grams.delete(hash);
      else grams.set(hash, others);
    });
    for (const short of [plain, ...digitsIn(secret)]) {
      if (short.length < LEAST_CHARACTERS) continue;
      for (const [from, to] of runs.get(short) ?? []) marks.fill(1, from, to);
    }
  }
  return marks;
}

/**
 * Replaces everything that a text has in common with the secrets. Takes time in proportion to both. Escapes are decoded, and
 * no more than 2,000 characters are read.
 */
export function hideSecrets(text: string, secrets: Iterable<string>): string {
  const decoded = decode(text.slice(0, MAX_READ));
  const marks = findRepeated(decoded, secrets);
  let shown = '';
  let done = 0;
  for (let from = marks.indexOf(1); from >= 0; from = marks.indexOf(1, done)) {
    const end = marks.indexOf(0, from);
    shown += `${decoded.slice(done, from)}${REDACTED}`;
    done = end < 0 ? decoded.length : end;
    if (end < 0) break;
  }
  return shown + decoded.slice(done);
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Whether an id is random, so that only a text that holds all of it counts as repeated. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}

/** Whether an id has something in common with the secrets. */
export function repeatsSecret(id: string, secrets: Iterable<string>): boolean {
  if (!isUuid(id)) return hideSecrets(id, secrets) !== id;
  for (const secret of secrets) if (secret.includes(id)) return true;
  return false;
}

/** Settings and ids of a request. Errors show them, because they say what to change; numbers are masked. */
const SHOWN_FIELDS: ReadonlySet<string> = new Set([
  'brand',
  'clientBatchId',
  'clientMessageId',
  'codeType',
  'country',
  'destination',
  'encoding',
  'expiry',
  'language',
  'outcome',
  'scheduled',
  'source',
  'subAccountId',
  'templateKey',
  'timestamp',
  'track',
  'type',
]);

const MAX_DEPTH = 6;

/** The texts of a request: those of every field that is not known for a setting. */
export function secretsIn(value: unknown): readonly string[] {
  const secrets: string[] = [];
  someSecretIn(value, (secret) => {
    secrets.push(secret);
    return false;
  });
  return secrets;
}

/** Whether one of these texts passes a test. Makes no list of them, because the answer to every send asks. */
export function someSecretIn(value: unknown, test: (secret: string) => boolean, depth = 0): boolean {
  if (typeof value === 'string') return test(value);
  if (typeof value === 'number') return test(String(value));
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const isList = Array.isArray(value);
  for (const name of Object.keys(fields)) {
    if ((isList || !SHOWN_FIELDS.has(name)) && someSecretIn(fields[name], test, depth + 1)) return true;
  }
  return false;
}

/** Replaces a secret in every text of a parsed response, names of fields included. Most hold none, and stay the same object. */
export function hideIn(value: unknown, secret: string): unknown {
  return holds(value, secret) ? replaceIn(value, secret) : value;
}

function holds(value: unknown, secret: string): boolean {
  if (typeof value === 'string') return value.includes(secret);
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.keys(fields).some((name) => name.includes(secret) || holds(fields[name], secret));
}

function replaceIn(value: unknown, secret: string): unknown {
  if (typeof value === 'string') return value.replaceAll(secret, REDACTED);
  if (Array.isArray(value)) return value.map((each) => replaceIn(each, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [replaceIn(name, secret), replaceIn(field, secret)]),
  );
}

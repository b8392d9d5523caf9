/** Creates the ids of one emulator. */
export interface IdSource {
  /** UUID-shaped. */
  uuid(): string;
  /** `length` lower-case hexadecimal characters. */
  token(length: number): string;
}

/** A well-mixed 32-bit word of a counter (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let word = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

function hex(value: number, length: number): string {
  return value.toString(16).padStart(length, '0').slice(-length);
}

/** Ids that repeat in every run: the last group is a counter, the others mix it with the seed. */
function createSeededUuid(seed: number): () => string {
  let counter = 0;
  return () => {
    counter += 1;
    const first = mix(seed ^ Math.imul(counter, 0x9e3779b9));
    const second = mix(first ^ counter);
    return [
      hex(first, 8),
      hex(second, 4),
      `4${hex(second >>> 16, 3)}`,
      `8${hex(second >>> 20, 3)}`,
      hex(counter, 12),
    ].join('-');
  };
}

/** Random ids, or, given a seed, ones that repeat in every run. */
export function createIds(seed: number | undefined): IdSource {
  const uuid = seed === undefined ? () => crypto.randomUUID() : createSeededUuid(seed);
  return {
    uuid,
    token(length) {
      let characters = '';
      while (characters.length < length) characters += uuid().replaceAll('-', '');
      return characters.slice(-length);
    },
  };
}

/** Whether 8x8 accepts a value as a umid or batch id. */
export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

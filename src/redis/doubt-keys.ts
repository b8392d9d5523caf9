import { BLOCK_DIVISOR, RANGE_DIVISOR } from '../limits/doubt/parameters.ts';
import type { DoubtRule, LimitKey } from '../limits/limit-store.ts';
import type { KeyNames } from './key-hashing.ts';

/** A key and the same under the previous secret, or a name that no key has. */
export type KeyPair = readonly [string, string];

/** The kinds of keys of a rule of doubt, as letters. Numbers, addresses and subjects are hashed. */
export type DoubtKeyKind = 'w' | 'c' | 'r' | 'b' | 'a' | 'n' | 's';

export type DoubtKeys = ReturnType<typeof createDoubtKeys>;

/** Characters of a rule's name, at the beginning of the names that are not hashed. */
export const RULE_NAME_LENGTH = 16;

/** The keys of one rule of doubt, by its ID. See include/doubt.lua for what they hold. */
export function createDoubtKeys(
  prefix: string,
  id: string,
  { current, previous }: { readonly current: KeyNames; readonly previous: KeyNames | undefined },
) {
  const ruleName = current.ruleName(id);
  const plain = (kind: DoubtKeyKind | 't' | 'l', name: number | string) =>
    `${prefix}p${kind}${ruleName}${name}`;
  const all = previous === undefined ? [current] : [current, previous];
  /** One key, or two while a secret is changed. */
  const hashed = (kind: 'a' | 'n' | 's', key: LimitKey) =>
    all.map((names) => `${prefix}p${kind}${names.counterName(id, key)}`);

  function pairOf([key, other = `${key}'`]: readonly string[]): KeyPair {
    return [key as string, other];
  }

  const [alerts, trusted, world] = [plain('l', ''), plain('t', ''), plain('w', '')];
  return {
    alerts,
    trusted,
    world,
    /** The keys of a rule in the order in which the scripts read them. */
    pushRule(keys: string[], { key, country, address, member }: DoubtRule): void {
      const number = key as number;
      keys.push(...hashed('n', number), world, plain('c', country));
      keys.push(
        plain('r', Math.floor(number / RANGE_DIVISOR)),
        plain('b', Math.floor(number / BLOCK_DIVISOR)),
      );
      if (address !== undefined) keys.push(...hashed('a', address));
      if (member !== undefined) keys.push(...hashed('s', member));
      // No strings, so the script does not read them with the others.
      keys.push(trusted, alerts);
    },
    plainPair: (kind: 'w' | 'c' | 'r' | 'b', name: number | string) => pairOf([plain(kind, name)]),
    hashedPair: (kind: 'a' | 'n' | 's', key: LimitKey) => pairOf(hashed(kind, key)),
    /** From names as a script stores them: one, or two with a space between them. */
    pairFrom: (kind: 'a' | 'n' | 's', names: string) =>
      pairOf(names.split(' ').map((name) => `${prefix}p${kind}${name}`)),
    /** The names under which a trusted place is looked for. The first one counts the place. */
    trustedFields: {
      country: (country: string) => [`c${ruleName}${country}`],
      number: (number: number) => all.map((names) => `n${names.counterName(id, number)}`),
      prefix: (digits: string) => [
        `p${digits}`,
        ...(digits.startsWith('0') ? [] : all.map((names) => `q${names.keyName(Number(digits))}`)),
      ],
    },
  };
}

import { createClearNames, createHashedNames, createRuleNames } from './key-names.ts';
import type { Names } from './rule-arguments.ts';

/** How numbers and other keys are named on the server. */
export interface NamesOptions {
  /**
   * Keys the hash under which numbers, addresses and idempotency keys are stored: at least 32 characters, equal in all
   * processes. Required unless `storeNumbers` is `clear`.
   */
  readonly secret?: string | undefined;
  /** Names the secret: 1 to 8 letters or digits. @default '1' */
  readonly keyId?: string | undefined;
  /**
   * The other secret while one is changed: counters under both names are read, and what is written again goes under
   * `secret`. Change it in three deployments: first the new one as `previous`, then the two the other way round, and a
   * longest window later without `previous`.
   */
  readonly previous?: { readonly keyId?: string | undefined; readonly secret: string } | undefined;
  /**
   * `clear` stores them as they are, for teams that must be able to read them: whoever reads the server reads the
   * numbers. @default 'hashed'
   */
  readonly storeNumbers?: 'hashed' | 'clear' | undefined;
}

/** @throws ConfigurationError when a secret is missing or too short. */
export function createNames({ secret, keyId = '1', previous, storeNumbers }: NamesOptions): Names {
  const isClear = storeNumbers === 'clear';
  return {
    current: isClear ? createClearNames() : createHashedNames(secret, keyId, ''),
    former: previous && createHashedNames(previous.secret, previous.keyId ?? '1', 'previous.'),
    ruleName: createRuleNames(),
  };
}

import { ConfigurationError } from '../errors.ts';
import { createClearNames, createHashedNames } from './key-hashing.ts';
import type { KeyNameVersions } from './rule-arguments.ts';

/** How numbers and other keys are named on the server. */
export interface KeyHashingOptions {
  /**
   * Keys the hash under which numbers, addresses and idempotency keys are stored: at least 32 characters, equal in all
   * processes; `openssl rand -hex 32` makes one. Required unless `storeNumbers` is `clear`.
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

/**
 * @throws ConfigurationError when a secret is missing or too short, or `previous` is not another one: a counter that is
 * its own former one would be deleted by every send.
 */
export function createKeyNames({
  secret,
  keyId = '1',
  previous,
  storeNumbers,
}: KeyHashingOptions): KeyNameVersions {
  const isClear = storeNumbers === 'clear';
  const current = isClear ? createClearNames() : createHashedNames(secret, keyId, '');
  if (!previous) return { current, previous: undefined };
  const previousNames = createHashedNames(previous.secret, previous.keyId ?? '1', 'previous.');
  if (!isClear && previous.secret === secret && (previous.keyId ?? '1') === keyId) {
    throw new ConfigurationError(
      'previous must have another secret or keyId than the one in use. Leave it out while nothing is changed.',
      'previous',
    );
  }
  return { current, previous: previousNames };
}

import { ConfigurationError } from '../errors.ts';
import { createClearNames, createHashedNames } from './key-hashing.ts';
import type { KeyNameVersions } from './rule-arguments.ts';

/** Options that say how phone numbers and other keys are named on the server. */
export interface KeyHashingOptions {
  /**
   * Key of the hash under which phone numbers, addresses and idempotency keys are stored: at least 32 characters, the
   * same in all processes. `openssl rand -hex 32` makes one. Required unless `storeNumbers` is `clear`.
   */
  readonly secret?: string | undefined;
  /**
   * Identifies the secret: 1 to 8 letters or digits.
   *
   * @default '1'
   */
  readonly keyId?: string | undefined;
  /**
   * The other secret while you change it. Counters under both names are read; writes go under `secret`. Change it in
   * three deployments: set the new one as `previous`, then swap the two, then, one longest window later, remove
   * `previous`.
   *
   * @default none
   */
  readonly previous?:
    | {
        /** Identifies the other secret. @default '1' */
        readonly keyId?: string | undefined;
        /** The other secret. */
        readonly secret: string;
      }
    | undefined;
  /**
   * `clear` stores keys unhashed, for teams that must read them: anyone who can read the server can read the numbers.
   *
   * @default 'hashed'
   */
  readonly storeNumbers?: 'hashed' | 'clear' | undefined;
}

/**
 * @throws ConfigurationError a secret is missing or too short, or `previous` equals the current secret: every send
 * would then delete its own counter
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
      'previous must differ from the current secret or keyId. Omit it unless you are changing the secret.',
      'previous',
    );
  }
  return { current, previous: previousNames };
}

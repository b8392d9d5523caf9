import { ConfigurationError } from '../errors.ts';
import {
  anyFunction,
  type Fields,
  integer,
  list,
  objectWith,
  oneOf,
  pattern,
  switchOn,
  text,
  validate,
  withMethods,
} from '../schema.ts';
import type { Clock } from '../types.ts';
import type { AuditSecret } from './audit-keys.ts';
import type { AuditSigner } from './chain.ts';
import type { AuditWriter } from './output.ts';
import type { SaltStore } from './salts.ts';

/**
 * Options of {@link auditLog}. One of `file` and `writer` is required.
 *
 * @example auditLog({ file: '/var/log/sms/audit.jsonl', secret: process.env.EIGHTBYEIGHT_AUDIT_SECRET })
 */
export interface AuditLogOptions {
  /**
   * Path from which the names of the log's files are derived. Every process writes its own file,
   * `audit.<time>-<chain>.jsonl`, so any number of processes may share the path. Node, Bun and Deno only.
   */
  readonly file?: string | undefined;
  /** Appends lines anywhere else. Needs `salts`. */
  readonly writer?: AuditWriter | undefined;
  /**
   * Key of the authentication codes and of the people's IDs: at least 32 characters, the same in all processes. `openssl rand -hex
   * 32` makes one. Anyone who knows it can forge records that no signed head covers yet.
   */
  readonly secret?: string | undefined;
  /** Names the secret: 1 to 8 letters or digits. @default '1' */
  readonly keyId?: string | undefined;
  /**
   * Other secrets, at most 20, with which people in old records are found and forgotten. Keep each for as long as you
   * keep records that were written with it. During a change, the next secret is deployed here first, so that every
   * process can forget a person under both.
   *
   * @default none
   */
  readonly previous?: readonly AuditSecret[] | undefined;
  /** Store of the salts that `consent.forget` destroys. @default `fileSalts`, in a folder beside `file` whose name ends in `.salts` */
  readonly salts?: SaltStore | undefined;
  /** Signs heads with Ed25519, for verifiers without the secret. @default none: no record is signed */
  readonly signer?: AuditSigner | undefined;
  /** Records between two signed heads; there is also one with the first record after a minute. @default 1_000 */
  readonly headEvery?: number | undefined;
  /**
   * Milliseconds after which written records are forced to the disk; 0 forces every write, `false` leaves it to the
   * operating system. A power failure loses at most this much of the log. A killed process loses only records that it
   * had not written yet.
   *
   * @default 1_000
   */
  readonly fsyncMs?: number | false | undefined;
  /** Bytes after which a file is closed and the next begun. @default 134_217_728, 128 MiB */
  readonly maxFileBytes?: number | undefined;
  /** Records that may wait to be written, about 1 kB each. @default 50_000 */
  readonly maxQueued?: number | undefined;
  /**
   * Behaviour while the log cannot be written. `send`: messages go out, and records wait, up to `maxQueued`; lost records are counted
   * in the log as soon as it can be written. `refuse`: no message leaves before the record of its admission is written; if that fails,
   * the message is refused with a `StoreError`.
   *
   * @default 'send'
   */
  readonly whenUnavailable?: 'send' | 'refuse' | undefined;
  /**
   * Called when the log cannot be written, and when records are lost. It receives the error itself.
   *
   * @default `console.error`, without the message of the error
   */
  readonly onError?: ((error: unknown, details: { readonly lost: number }) => void) | undefined;
  /**
   * Names the person or program behind a call from its `context`, for example the support agent behind `guards.release`: at most 200
   * characters. No number belongs in it.
   *
   * @default none
   */
  readonly actorOf?: ((context: unknown) => string | undefined) | undefined;
  /** Source of time, for tests. @default the system's */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

const secretField = text({ min: 32, max: 1_024 });
const keyIdField = pattern(/^[0-9A-Za-z]{1,8}$/, '1 to 8 letters or digits');
const previousFields: Fields<AuditSecret> = { keyId: keyIdField, secret: secretField };
const fields: Fields<AuditLogOptions> = {
  file: text({ max: 4_096 }),
  writer: anyFunction(),
  secret: secretField,
  keyId: keyIdField,
  previous: list(objectWith(['keyId', 'secret'], previousFields, 'an object { keyId, secret }'), { max: 20 }),
  salts: withMethods(['read', 'create', 'remove'], 'a SaltStore'),
  signer: withMethods(['sign'], 'an AuditSigner'),
  headEvery: integer({ min: 1, max: 1_000_000 }),
  fsyncMs: switchOn(
    (input) => typeof input === 'boolean',
    oneOf([false]),
    integer({ min: 0, max: 60_000, unit: 'milliseconds' }),
  ),
  maxFileBytes: integer({ min: 65_536, max: 1_099_511_627_776, unit: 'bytes' }),
  maxQueued: integer({ min: 100, max: 1_000_000 }),
  whenUnavailable: oneOf(['send', 'refuse']),
  onError: anyFunction(),
  actorOf: anyFunction(),
  clock: withMethods(['now'], 'a clock'),
};
const schema = objectWith(['secret'], fields, 'an object of options');

/** @throws ConfigurationError naming the option, never a value */
export function checkAuditOptions(options: AuditLogOptions): void {
  const refuse = (message: string, option?: string) => new ConfigurationError(`auditLog: ${message}`, option);
  const flaw = validate(schema, options);
  if (flaw !== undefined) throw refuse(flaw.message, flaw.path);
  const { file, writer, salts, signer, keyId = '1', previous = [] } = options;
  if ((file === undefined) === (writer === undefined)) throw refuse('give one of file and writer.', 'file');
  if (file === undefined && salts === undefined) {
    throw refuse('writer needs salts: a SaltStore that all processes share, or fileSalts(folder).', 'salts');
  }
  if (signer !== undefined && !/^[\w.-]{1,32}$/.test(String(signer.keyId))) {
    throw refuse('signer.keyId must be 1 to 32 letters, digits and ._-.', 'signer.keyId');
  }
  const ids = [keyId, ...previous.map((each) => each.keyId)];
  const twice = ids.findIndex((id, index) => ids.indexOf(id) < index);
  if (twice > 0) throw refuse('every secret needs its own keyId.', `previous[${twice - 1}].keyId`);
}

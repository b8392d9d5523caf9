import type {
  ConsentEntry,
  ConsentLedger,
  ConsentLedgerCall,
  ConsentListing,
  ConsentRecord,
} from '../consent/consent-ledger.ts';
import {
  createFieldCipher,
  encryptionField,
  type FieldEncryptionOptions,
} from '../consent/field-encryption.ts';
import { parseEntry, type StoredEntry } from '../consent/stored-entry.ts';
import { ConfigurationError, StoreError, ValidationError } from '../errors.ts';
import { readCheckOptions, type ServerCheckOptions } from '../internal/check-options.ts';
import { giveReason } from '../internal/store-reason.ts';
import { hideOriginal } from '../internal/user-code.ts';
import { raceAbort } from '../internal/wait.ts';
import { boolean, type Fields, objectWith, pattern, unknown, validate } from '../schema.ts';
import { checkServer } from './check/check-server.ts';
import { ledgerNeeds } from './check/server-needs.ts';
import { refusalWarning, type ServerWarning } from './check/server-warnings.ts';
import { withCommandTimeout } from './failover/command-timeout.ts';
import {
  CONSENT_APPEND,
  CONSENT_FORGET,
  CONSENT_HISTORY,
  CONSENT_LATEST,
  CONSENT_PEOPLE,
} from './lua/scripts.ts';
import type { RedisClient, RedisCommands } from './redis-commands.ts';
import { createRunScript } from './run-script.ts';
import { toRedisCommands } from './to-redis-commands.ts';

/** Options of {@link redisConsentLedger}. */
export interface RedisConsentLedgerOptions {
  /**
   * A client of ioredis, iovalkey, node-redis or Valkey GLIDE (one server, Sentinel or cluster), or any object that
   * implements {@link RedisCommands}. You close it.
   */
  readonly client: RedisClient;
  /**
   * Whether the client is asked for a new connection when a replica answers (`READONLY`), to which a failover behind a DNS name or a
   * load balancer leaves it connected: ioredis and iovalkey through `disconnect(true)`, node-redis and Valkey GLIDE through `QUIT`. At
   * most once per second and client, and less and less often. A client that would not reconnect is never asked. Other users of the
   * same client see a lost connection; see docs/scaling.md.
   *
   * @default true
   */
  readonly reconnectOnReadOnly?: boolean | undefined;
  /**
   * Separates several ledgers on one server: at most 64 letters, digits and `._-`.
   *
   * @default 'default'
   */
  readonly name?: string | undefined;
  /** Encrypts `evidence` and `text` of new entries. @default none: both are stored as they are */
  readonly encryption?: FieldEncryptionOptions | undefined;
}

const fields: Fields<RedisConsentLedgerOptions> = {
  client: unknown(),
  reconnectOnReadOnly: boolean(),
  name: pattern(/^[A-Za-z0-9._-]{1,64}$/, 'at most 64 letters, digits and ._-'),
  encryption: encryptionField,
};
const optionsSchema = objectWith(
  ['client'],
  fields,
  'an object { client, reconnectOnReadOnly, name, encryption }',
);

/** People per script call: about half a millisecond of server time. */
const PEOPLE_AT_ONCE = 500;
/** A client library repeats a command after a reconnect. The call is remembered for longer than that. */
const CALL_REMEMBERED_MS = 3_600_000;
/** Milliseconds for one command of a check; our number. */
const CHECK_COMMAND_MS = 3_000;
/** Length of arrival number, state and scope before the JSON of a member. */
const HEAD_CHARACTERS = 18;

/**
 * Errors with which a server refuses a command before it runs any of it. After any other error the script may have run:
 * its reply was lost, or the client library raised the error (`ETIMEDOUT`).
 */
const REFUSED =
  /^(OOM|READONLY|NOPERM|NOAUTH|LOADING|BUSY|MISCONF|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|TRYAGAIN)\b/;

function failure(name: string, error: unknown, changes: boolean): StoreError {
  // The rest of the message may hold keys, which are phone numbers.
  const word = error instanceof Error ? REFUSED.exec(error.message)?.[0] : undefined;
  const nothing = changes ? 'Nothing was recorded.' : 'Nothing was read.';
  const outcome =
    !changes || word !== undefined
      ? nothing
      : 'It is unknown whether the change was recorded; read before you try again.';
  const advice = refusalWarning(word)?.message;
  const reason = advice === undefined ? ` (${word ?? 'no reply'}).` : `. ${advice}`;
  const shown = `The consent ledger on Redis failed in ${name}${reason} ${outcome}`;
  return hideOriginal(giveReason(new StoreError(shown), advice), error);
}

function unreadable(): StoreError {
  return new StoreError('The consent ledger on Redis returned data that is not an entry. Nothing was read.');
}

function readEntry(json: unknown): StoredEntry {
  const entry = parseEntry(json);
  if (entry === undefined) throw unreadable();
  return entry;
}

/** Some client libraries are configured to return bytes. */
function toText(reply: unknown): unknown {
  return reply instanceof Uint8Array ? new TextDecoder().decode(reply) : reply;
}

/** Reads the reply of a script for `count` keys, or for any number of them. */
function readTexts(reply: unknown, count?: number): readonly string[] {
  const texts: unknown = Array.isArray(reply) ? reply.map(toText) : reply;
  const fits =
    Array.isArray(texts) &&
    texts.every((each) => typeof each === 'string') &&
    (count === undefined || texts.length === count);
  if (!fits) throw unreadable();
  return texts;
}

const KINDS = { 'opted-in': 'i', 'opted-out': 'o', requested: 'q' } as const;
const SCOPES = { all: 'a', marketing: 'm', sender: 's' } as const;

/** The scripts pass over `q` when they look for the latest choice: a choice about one sender is none of the person. */
function kindOf({ state, scope }: ConsentEntry): string {
  return scope === 'sender' ? KINDS.requested : KINDS[state];
}

/** Refuses an entry that could not be read back, because it would make the person unreadable forever. */
function toMember({ entry, keyId }: StoredEntry, at: number): string {
  const json = JSON.stringify({ ...entry, keyId });
  if (parseEntry(json) === undefined) {
    throw new ValidationError(
      `changes[${at}] is not a valid ledger entry. Nothing was recorded.`,
      `changes[${at}]`,
    );
  }
  return `${kindOf(entry)}${SCOPES[entry.scope]}${json}`;
}

/** A server that may evict any key would evict opt-outs. */
async function checkEviction(commands: RedisCommands): Promise<void> {
  const reply = await commands.call('INFO', 'memory');
  if (!/^maxmemory_policy:allkeys/m.test(String(toText(reply)))) return;
  throw new ConfigurationError(
    'redisConsentLedger: the server may evict any key (maxmemory-policy allkeys-…), opt-outs included. Set it to noeviction, or use another server. Nothing was recorded.',
    'client',
  );
}

/** A {@link ConsentLedger} on Redis or Valkey. */
export interface RedisConsentLedger extends ConsentLedger, ConsentListing {
  /**
   * Checks the server by doing what the ledger does: whether it answers, accepts writes (it may be a replica, full,
   * without its replicas, or unable to save), runs the scripts, grants every right that they need, evicts no entries
   * and is new enough. Waits until the client is connected. Call it when you deploy.
   *
   * @returns what is wrong, and what to change; empty when nothing is
   * @throws AbortedError the signal fired
   * @throws ConfigurationError an option is unknown or invalid
   *
   * @example for (const { message } of await ledger.check()) console.warn(message);
   */
  check(options?: ServerCheckOptions): Promise<readonly ServerWarning[]>;
}

/**
 * Creates a consent ledger on Redis 5 or later, or Valkey, for teams without SQL. Numbers and texts are stored unhashed
 * and are only as durable as the server: enable its append-only file. A ledger uses one slot of a cluster, so that an
 * append is written completely or not at all.
 *
 * @throws ConfigurationError an option is missing, unknown or invalid
 *
 * @example
 * ```ts
 * const ledger = redisConsentLedger({ client: new Redis() });
 * const sms = new SmsClient({ guards: { consent: { ledger } } });
 * ```
 */
export function redisConsentLedger(options: RedisConsentLedgerOptions): RedisConsentLedger {
  const flaw = validate(optionsSchema, options);
  if (flaw !== undefined) throw new ConfigurationError(`redisConsentLedger: ${flaw.message}`, flaw.path);
  const cipher = createFieldCipher(options.encryption);
  const commands = toRedisCommands(options.client, options.reconnectOnReadOnly);
  // Some client libraries never settle a command of a lost connection.
  const timely = withCommandTimeout(commands, CHECK_COMMAND_MS);
  const prefix = `8x8g:{consent.${options.name ?? 'default'}}:`;
  const [arrivals, people] = [`${prefix}arrivals`, `${prefix}people`];
  const entriesOf = (key: string) => `${prefix}e:${key}`;
  const messagesOf = (key: string) => `${prefix}m:${key}`;
  const scripts = {
    latest: createRunScript(commands, CONSENT_LATEST),
    append: createRunScript(commands, CONSENT_APPEND),
    forget: createRunScript(commands, CONSENT_FORGET),
    history: createRunScript(commands, CONSENT_HISTORY),
    people: createRunScript(commands, CONSENT_PEOPLE),
  };
  let isChecked = false;

  async function run(
    name: keyof typeof scripts,
    keys: readonly string[],
    args: readonly string[],
    call: ConsentLedgerCall = {},
  ): Promise<unknown> {
    call.signal?.throwIfAborted();
    const reply = (async () => {
      try {
        return await scripts[name](keys, args);
      } catch (error) {
        throw failure(name, error, name === 'append' || name === 'forget');
      }
    })();
    return call.signal === undefined ? reply : raceAbort(reply, call.signal);
  }

  async function historyOf(key: string, call?: ConsentLedgerCall): Promise<readonly ConsentEntry[]> {
    const members = readTexts(await run('history', [entriesOf(key)], [], call));
    const stored = members.map((member) => readEntry(member.slice(HEAD_CHARACTERS)));
    return Promise.all(stored.map((each) => cipher.open(key, each)));
  }

  return {
    async get(keys, call) {
      const found: (ConsentRecord | undefined)[] = [];
      for (let from = 0; from < keys.length; from += PEOPLE_AT_ONCE) {
        const some = keys.slice(from, from + PEOPLE_AT_ONCE).map(entriesOf);
        const texts = readTexts(await run('latest', some, [], call), some.length);
        const records = texts.map(async (text, at) =>
          text === ''
            ? undefined
            : ((await cipher.open(keys[from + at] as string, readEntry(text))) as ConsentRecord),
        );
        found.push(...(await Promise.all(records)));
      }
      return found;
    },
    async append(changes) {
      if (changes.length === 0) return;
      const sealed = await Promise.all(changes.map(({ key, ...entry }) => cipher.seal(key, entry)));
      const members = sealed.map(toMember);
      if (!isChecked)
        await checkEviction(commands).catch((error: unknown) => {
          // A server that does not report its policy is accepted.
          if (ConfigurationError.isInstance(error)) throw error;
        });
      isChecked = true;
      const keys = changes.flatMap(({ key }) => [entriesOf(key), messagesOf(key)]);
      const args = changes.flatMap((change, at) => [
        change.key,
        String(change.at),
        members[at] as string,
        change.messageId === undefined ? '' : `=${change.messageId}`,
      ]);
      const call = `${prefix}c:${crypto.randomUUID()}`;
      await run('append', [call, arrivals, people, ...keys], [String(CALL_REMEMBERED_MS), ...args]);
    },
    history: historyOf,
    async forget(key, keepAs) {
      const own = [key, keepAs].flatMap((each) => [entriesOf(each), messagesOf(each)]);
      await run('forget', [arrivals, people, ...own], [key, keepAs]);
    },
    async *entries(call) {
      for (let bound = '-'; ; ) {
        const some = readTexts(await run('people', [people], [bound, String(PEOPLE_AT_ONCE)], call));
        for (const key of some) {
          for (const entry of await historyOf(key, call)) yield { key, ...entry };
          bound = `(${key}`;
        }
        if (some.length < PEOPLE_AT_ONCE) return;
      }
    },
    async check(call) {
      return await checkServer(timely, ledgerNeeds(prefix), readCheckOptions('ledger.check', call));
    },
  };
}

import type { RecordStore, RecordVerdict, StoredRecord } from '../limits/record-store.ts';
import { checkRecordKey, checkRecordWrite, checkVersion } from '../limits/record-validation.ts';
import { RECORD_READ, RECORD_REMOVE, RECORD_WRITE } from './lua/scripts.ts';
import type { RedisCommands } from './redis-commands.ts';
import { type KeyNameVersions, scopePrefix } from './rule-arguments.ts';
import { createRunScript } from './run-script.ts';
import { storeError } from './store-error.ts';

export interface RedisRecordsConfig {
  readonly commands: RedisCommands;
  readonly names: KeyNameVersions;
  /** Seconds and microseconds of a test clock, or two empty strings. */
  readonly clock: () => readonly [seconds: string, micros: string];
}

/** Counter names are hashes of a rule and a key; records count as one rule. */
const RULE = 'record';

/** Records on the server, by its clock. Nothing is lost to a race, because every write names the version it replaces. */
export function createRedisRecords({ commands, names, clock }: RedisRecordsConfig): RecordStore {
  const scripts = {
    read: createRunScript(commands, RECORD_READ),
    write: createRunScript(commands, RECORD_WRITE),
    remove: createRunScript(commands, RECORD_REMOVE),
  };

  async function run(
    name: keyof typeof scripts,
    scope: string,
    key: string,
    args: readonly string[],
    consequence: string,
  ): Promise<unknown> {
    // A letter of its own: no kind of rule has it.
    const start = `${scopePrefix(scope)}v`;
    const keys = [names.current, names.previous].flatMap((each) =>
      each === undefined ? [] : [start + each.counterName(RULE, key)],
    );
    try {
      return await scripts[name](keys, [...clock(), ...args]);
    } catch (error) {
      throw storeError(error, consequence);
    }
  }

  return {
    async read(scope, key) {
      checkRecordKey(scope, key);
      return parseRecord(await run('read', scope, key, [], 'Nothing was read.'));
    },
    async write(scope, key, value, write): Promise<RecordVerdict> {
      checkRecordKey(scope, key);
      checkRecordWrite(value, write);
      const version = crypto.randomUUID();
      const args = [write.expected ?? '', version, `${write.ttlMs ?? ''}`, value];
      const reply = await run('write', scope, key, args, 'A record may have been written.');
      return Number(reply) === 1 ? { written: true, version } : { written: false, reason: 'conflict' };
    },
    async remove(scope, key, { expected } = {}) {
      checkRecordKey(scope, key);
      checkVersion(expected);
      return (
        Number(await run('remove', scope, key, [expected ?? ''], 'A record may have been removed.')) === 1
      );
    },
  };
}

function parseRecord(reply: unknown): StoredRecord | undefined {
  if (reply === null || reply === undefined) return undefined;
  // Some client libraries are configured to return bytes.
  const text = reply instanceof Uint8Array ? new TextDecoder().decode(reply) : String(reply);
  const [, endsInMs, version, value] = /^(\d+) (\S+) (.*)$/s.exec(text) ?? [];
  if (value === undefined || version === undefined) throw storeError(undefined, 'A record cannot be read.');
  return { value, version, endsInMs: Number(endsInMs) };
}

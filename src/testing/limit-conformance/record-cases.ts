import type { RecordStore, RecordVerdict } from '../../limits/record-store.ts';
import type { ConformanceCheck } from './basic-cases.ts';
import { ensure, Random, type Session } from './kit.ts';

const HOUR_MS = 3_600_000;

function recordsOf({ store }: Session): RecordStore {
  const { records } = store;
  ensure(records !== undefined, 'it has no records; pass `records: false` to leave these cases out');
  return records;
}

function versionOf(verdict: RecordVerdict, message: string): string {
  ensure(verdict.written, `${message}: should be written`);
  return verdict.version;
}

function isConflict(verdict: RecordVerdict): boolean {
  return !verdict.written && verdict.reason === 'conflict';
}

async function comparesAndSets(session: Session): Promise<void> {
  const records = recordsOf(session);
  const { scope } = session;
  ensure((await records.read(scope, 'a')) === undefined, 'a record that nobody wrote is undefined');
  const created = await records.write(scope, 'a', '{"ü": "€ 😀\n"}', { expected: undefined, ttlMs: HOUR_MS });
  const first = versionOf(created, 'a new record');
  const read = await records.read(scope, 'a');
  ensure(read?.value === '{"ü": "€ 😀\n"}', 'a value is returned as it was written');
  ensure(read.version === first, 'read returns the version of the write');
  ensure(read.endsInMs > 0 && read.endsInMs <= HOUR_MS, 'read returns the time to the end');
  const again = await records.write(scope, 'a', 'b', { expected: undefined, ttlMs: HOUR_MS });
  ensure(isConflict(again), 'a write that expects no record is a conflict when there is one');
  const second = versionOf(await records.write(scope, 'a', '', { expected: first }), 'the right version');
  ensure(second !== first, 'every write gives another version');
  ensure(
    isConflict(await records.write(scope, 'a', 'c', { expected: first })),
    'an old version is a conflict',
  );
  ensure(isConflict(await records.write(scope, 'b', 'c', { expected: first })), 'no record is a conflict');
  ensure((await records.read(scope, 'a'))?.value === '', 'a conflict changes nothing');
  ensure((await records.read(`${scope}2`, 'a')) === undefined, 'another scope has other records');
  ensure(!(await records.remove(scope, 'a', { expected: first })), 'an old version removes nothing');
  ensure(await records.remove(scope, 'a', { expected: second }), 'the right version removes the record');
  ensure(!(await records.remove(scope, 'a')), 'a record is removed once');
  ensure((await records.read(scope, 'a')) === undefined, 'a removed record is gone');
  await records.write(scope, 'a', 'd', { expected: undefined, ttlMs: HOUR_MS });
  ensure(await records.remove(scope, 'a'), 'a record is removed whatever its version');
}

async function oneOfMany(session: Session): Promise<void> {
  const records = recordsOf(session);
  const { scope } = session;
  let expected: string | undefined;
  for (let round = 0; round < 5; round += 1) {
    const write = { expected, ttlMs: HOUR_MS };
    const verdicts = await Promise.all(
      Array.from({ length: 30 }, (_, index) => records.write(scope, 'race', `${round} ${index}`, write)),
    );
    const winners = verdicts.flatMap((verdict, index) => (verdict.written ? [{ verdict, index }] : []));
    ensure(winners.length === 1, `30 racing writes of one version let ${winners.length} through`);
    const [winner] = winners;
    const read = await records.read(scope, 'race');
    ensure(read?.value === `${round} ${winner?.index}`, 'the record holds what the winner wrote');
    expected = winner?.verdict.version;
  }
  const removed = await Promise.all(Array.from({ length: 30 }, () => records.remove(scope, 'race')));
  ensure(
    removed.filter((isRemoved) => isRemoved).length === 1,
    'one of many racing removals removes the record',
  );
}

/** Cases that need no time to pass. */
export const RECORD_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['records: a write names the version that it replaces', comparesAndSets],
  ['records: one of many racing writes of one version succeeds', oneOfMany],
];

async function ends(session: Session): Promise<void> {
  const records = recordsOf(session);
  const { scope, subject } = session;
  const first = versionOf(await records.write(scope, 'a', '1', { expected: undefined, ttlMs: 1000 }), 'new');
  await subject.advance(400);
  const second = versionOf(await records.write(scope, 'a', '2', { expected: first }), 'keeps its end');
  ensure((await records.read(scope, 'a'))?.endsInMs === 600, 'a write without ttlMs keeps the end');
  const third = versionOf(
    await records.write(scope, 'a', '3', { expected: second, ttlMs: 2000 }),
    'moves it',
  );
  await subject.advance(1999);
  const last = await records.read(scope, 'a');
  ensure(last?.value === '3' && last.endsInMs === 1, 'a write with ttlMs moves the end; a read does not');
  await subject.advance(1);
  ensure((await records.read(scope, 'a')) === undefined, 'a record ends to the millisecond');
  ensure(
    isConflict(await records.write(scope, 'a', '4', { expected: third })),
    'an ended record is no record',
  );
  ensure(!(await records.remove(scope, 'a')), 'an ended record cannot be removed');
  versionOf(await records.write(scope, 'a', '5', { expected: undefined, ttlMs: 1 }), 'after its end');
}

interface Model {
  readonly value: string;
  readonly version: string;
  readonly endsMs: number;
}

const OPERATIONS = 1_500;

/** Random reads, writes and removals, with right, old and no versions, against a map. */
async function agrees(session: Session): Promise<void> {
  const records = recordsOf(session);
  const { scope, subject } = session;
  const random = new Random(11);
  const model = new Map<string, Model>();
  const versions: string[] = ['never'];
  let nowMs = 0;
  for (let operation = 0; operation < OPERATIONS; operation += 1) {
    const key = `key-${random.below(4)}`;
    const found = model.get(key);
    const current = found !== undefined && found.endsMs > nowMs ? found : undefined;
    const expected = random.pick([current?.version, undefined, random.pick(versions)]);
    const what = `operation ${operation}`;
    switch (random.below(4)) {
      case 0: {
        const read = await records.read(scope, key);
        ensure(read?.value === current?.value && read?.version === current?.version, `${what}: read`);
        if (current !== undefined) ensure(read?.endsInMs === current.endsMs - nowMs, `${what}: end`);
        break;
      }
      case 1: {
        const isRemoved = await records.remove(scope, key, { expected });
        const isExpected = current !== undefined && (expected === undefined || expected === current.version);
        ensure(isRemoved === isExpected, `${what}: remove returned ${isRemoved}`);
        if (isRemoved) model.delete(key);
        break;
      }
      case 2: {
        const value = `value ${operation}`;
        const ttlMs = expected === undefined || random.below(2) === 0 ? 1 + random.below(500) : undefined;
        const verdict = await records.write(scope, key, value, { expected, ttlMs });
        ensure(verdict.written === (expected === current?.version), `${what}: write`);
        if (verdict.written) {
          const endsMs = ttlMs === undefined ? (current as Model).endsMs : nowMs + ttlMs;
          model.set(key, { value, version: verdict.version, endsMs });
          versions.push(verdict.version);
        }
        break;
      }
      default: {
        const ms = random.below(100);
        await subject.advance(ms);
        nowMs += ms;
      }
    }
  }
}

/** Cases that let milliseconds pass exactly. */
export const RECORD_TIME_CASES: readonly (readonly [name: string, check: ConformanceCheck])[] = [
  ['records: end at an absolute time', ends],
  [`records: ${OPERATIONS} random operations agree with a map`, agrees],
];

import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../src/errors.ts';
import { metRules } from '../../../src/limits/conditions.ts';
import { type LimitRule, MAX_VISITORS } from '../../../src/limits/limit-store.ts';
import {
  activeBlockRule,
  knownRule,
  onceRule,
  rememberRule,
  Session,
  visitorRule,
  windowRule,
} from '../../../src/testing/limit-conformance/kit.ts';
import { memoryUnderTest } from './memory-under-test.ts';

const NUMBER = 6591234567;
const HOUR_MS = 3_600_000;

function session(sizes: Parameters<typeof memoryUnderTest>[0] = {}) {
  const subject = memoryUnderTest(sizes);
  return { subject, run: new Session(subject) };
}

async function isKnown(run: Session, key: number, member = 'owner'): Promise<boolean> {
  const { verdict } = await run.take(knownRule(key, member));
  return verdict.noted !== undefined;
}

describe('known members', () => {
  it('a full table forgets the key that was written to longest ago, and refuses nothing', async () => {
    const { run } = session({ maxEntries: 3 });
    for (const key of [1, 2, 3]) await run.granted('room', rememberRule(key, 'owner', HOUR_MS));
    await run.granted('again', rememberRule(1, 'owner', HOUR_MS));
    await run.granted('no room', rememberRule(4, 'owner', HOUR_MS));
    expect(await Promise.all([1, 2, 3, 4].map((key) => isKnown(run, key)))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it('a key with more members than the table keeps its own', async () => {
    const { run } = session({ maxEntries: 1 });
    await run.granted('first', rememberRule(1, 'owner', HOUR_MS));
    await run.granted('second', rememberRule(1, 'other', HOUR_MS));
    expect(await isKnown(run, 1, 'other')).toBe(true);
    await run.granted('another key', rememberRule(2, 'owner', HOUR_MS));
    expect(await isKnown(run, 1, 'other')).toBe(false);
  });

  it('visits that are over are dropped with the next write', async () => {
    const { run, subject } = session({ maxEntries: 2 });
    await run.granted('short', rememberRule(1, 'short', 1));
    await subject.advance(1);
    await run.granted('long', rememberRule(1, 'long', HOUR_MS));
    await run.granted('another key', rememberRule(2, 'owner', HOUR_MS));
    expect(await isKnown(run, 1, 'long')).toBe(true);
    await run.store.release(run.scope, [knownRule(3, 'nobody')]);
    expect(await run.countOf(knownRule(3, 'nobody'))).toBe(0);
  });
});

describe('waits of visitors', () => {
  const visitor = (key: number, member: number) => visitorRule(key, member, 1000, 1000, 1000);

  it('a full table refuses a new visitor until a wait is over', async () => {
    const { run, subject } = session({ maxEntries: 2 });
    const first = await run.granted('first', visitor(1, 1));
    await run.sent('second', visitor(1, 2));
    expect(await run.refused('third', visitor(2, 1))).toMatchObject({ reason: 'capacity' });
    await subject.advance(1000);
    // The open take of the first holds its place.
    await run.sent('the second is over', visitor(2, 1));
    expect(await run.refused('third', visitor(2, 2))).toMatchObject({ reason: 'capacity' });
    await run.settle(first, 'keep');
    await run.sent('all of the first key is over', visitor(2, 2));
  });

  it('a visitor who was granted again is not the oldest', async () => {
    const { run, subject } = session();
    const patient = (member: number) => visitorRule(1, member, 10, HOUR_MS, HOUR_MS);
    await run.sent('the first', patient(0));
    await subject.advance(10);
    for (const member of [1, 0]) await run.sent('granted', patient(member));
    await subject.advance(1);
    for (let member = 2; member <= MAX_VISITORS; member += 1) await run.sent('another', patient(member));
    expect([await run.countOf(patient(0)), await run.countOf(patient(1))]).toEqual([2, 0]);
  });

  it('lose no other take when a visitor was replaced and came back in the same moment', async () => {
    const { run, subject } = session();
    const patient = (member: number) => visitorRule(1, member, 10, HOUR_MS, HOUR_MS);
    const replaced = await run.granted('first', patient(0));
    for (let member = 1; member <= MAX_VISITORS; member += 1) await run.sent('another', patient(member));
    const again = await run.granted('again', patient(0));
    await subject.advance(10);
    const later = await run.granted('later', patient(0));
    await run.settle(replaced, 'keep');
    await run.settle(again, 'return');
    await run.settle(later, 'keep');
    expect(await run.countOf(patient(0))).toBe(2);
  });

  it('inspect reads nothing of somebody who never asked', async () => {
    const { run } = session();
    await run.sent('first', visitor(1, 1));
    expect(await run.countOf(visitor(1, 2))).toBe(0);
    expect(await run.countOf({ ...visitor(1, 2), member: undefined })).toBe(1);
    const other = { ...visitor(2, 1), member: undefined };
    expect(await run.countOf(other)).toBe(0);
    await run.store.release(run.scope, [other]);
    expect(await run.countOf(visitor(1, 1))).toBe(1);
  });

  it('show the visitor with more grants among those whose waits are over', async () => {
    const { run, subject } = session();
    const long = (member: number) => visitorRule(1, member, 1, 1, HOUR_MS);
    for (const member of [1, 1, 2]) {
      await run.sent('a grant', long(member));
      await subject.advance(10);
    }
    expect(await run.countOf({ ...long(1), member: undefined })).toBe(2);
  });
});

describe('requests with conditions', () => {
  const noting = knownRule(NUMBER, 'owner');
  const tied = { ...windowRule(NUMBER, 1, HOUR_MS), when: { rule: 'known', found: true } };
  it.each<[string, LimitRule[]]>([
    ['requests[0].rules[0].when.rule', [tied]],
    ['requests[0].rules[0].when.rule', [tied, noting]],
    ['requests[0].rules[1].when.rule', [{ ...noting, id: 'other' }, tied]],
    [
      'requests[0].rules[1].when.rule',
      [windowRule(1, 1, 1), { ...tied, when: { rule: 'window:1:1', found: true } }],
    ],
    ['requests[0].rules[1].when.found', [noting, { ...tied, when: { rule: 'known', found: 1 as never } }]],
    ['requests[0].rules[2]', [noting, tied, tied]],
    ['requests[0].rules[2]', [noting, tied, { ...tied, when: undefined }]],
    ['requests[0].rules[0].member', [{ ...noting, member: undefined }]],
    ['requests[0].rules[0].member', [{ ...noting, member: -1 }]],
    ['requests[0].rules[0].member', [{ ...visitorRule(1, 1, 1, 1, 1), member: '' }]],
    ['requests[0].rules[0].member', [{ ...visitorRule(1, 1, 1, 1, 1), member: undefined }]],
    ['requests[0].rules[0].mode', [{ ...noting, mode: 'enforce' }]],
    ['requests[0].rules[0].mode', [{ ...onceRule(1, 'print', 1), mode: 'note' }]],
    ['requests[0].rules[0].mode', [{ ...visitorRule(1, 1, 1, 1, 1), mode: 'note' }]],
    ['requests[0].rules[0].activate', [{ ...noting, activate: 1 as never }]],
    ['requests[0].rules[0].windowMs', [{ ...noting, windowMs: 367 * 24 * HOUR_MS }]],
    ['requests[0].rules[0]', [rememberRule(1, 'owner', 1), activeBlockRule(1, 1)]],
  ])('%s is refused before anything is counted', async (path, rules) => {
    const { run } = session();
    const error = await run.take(...rules).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
  });

  it('metRules frees the rules that applied of their conditions', () => {
    const plain = [windowRule(1, 1, 1)];
    expect(metRules(plain, undefined)).toBe(plain);
    const other = { ...tied, id: 'other', when: { rule: 'known', found: false } };
    expect(metRules([noting, tied, other], undefined)).toEqual([noting, { ...other, when: undefined }]);
    const found = [{ rule: noting, reason: 'known', observed: 1 }] as const;
    expect(metRules([noting, tied, other], found)).toEqual([noting, { ...tied, when: undefined }]);
    expect(metRules([tied], undefined)).toEqual([]);
  });
});

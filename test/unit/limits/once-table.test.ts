import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../../src/limits/rule-table.ts';
import { leasedRule, onceRule, Session } from '../../../src/testing/limit-conformance/kit.ts';
import { memoryUnderTest } from './memory-under-test.ts';

const DAY_MS = 86_400_000;
const lease = (key: string, leaseMs = 1000) => leasedRule(key, DAY_MS, leaseMs);

function session(sizes: Parameters<typeof memoryUnderTest>[0] = {}) {
  const subject = memoryUnderTest(sizes);
  return { ...subject, run: new Session(subject) };
}

describe('once with a lease, in memory', () => {
  it('tells what is left of the lease', async () => {
    const { run, advance } = session();
    await run.granted('leased', lease('e'));
    await advance(400);
    expect(await run.refused('in progress', lease('e'))).toMatchObject({
      reason: 'in-progress',
      observed: 1,
      retryAfterMs: 600,
    });
    expect(await run.refused('another one', { ...lease('e'), fingerprint: 'other' })).toMatchObject({
      reason: 'conflict',
      retryAfterMs: 600,
    });
    expect(await run.store.inspect(run.scope, [lease('e')])).toMatchObject([{ count: 1, retryAfterMs: 600 }]);
    await run.granted('without one', onceRule('k', 'print', DAY_MS));
    const { retryAfterMs } = await run.refused('in progress', onceRule('k', 'print', DAY_MS));
    expect(retryAfterMs).toBeUndefined();
  });

  it('is not kept when too many takes are open, but freed by its lease', async () => {
    const { run, advance } = session({ maxEntries: 1 });
    await run.granted('leased', lease('e'));
    await run.granted('the only place for an open take', onceRule('k', 'print', DAY_MS));
    expect(await run.refused('still leased', lease('e'))).toMatchObject({ reason: 'in-progress' });
    await advance(1000);
    await run.granted('after the lease', lease('e'));
  });

  it('keeps a settled record that it took the place of, and loses it to nobody by lapsing', async () => {
    const { run, advance } = session();
    const long = { ...lease('e'), windowMs: 5000 };
    const short = { ...lease('e', 100), windowMs: 1000 };
    await run.sent('kept for 5 s', long);
    await advance(1000);
    await run.granted('a shorter window lets it lapse', short);
    await advance(100);
    expect(await run.refused('the longer window', long)).toMatchObject({
      reason: 'done',
      retryAfterMs: 3900,
    });
    await run.settle(await run.granted('the shorter window again', short), 'return');
    expect(await run.refused('the longer window', long)).toMatchObject({ reason: 'done' });
  });

  it('makes no room of a lapsed take that stands before a living record', async () => {
    const { run, advance } = session({ maxEntries: 1 });
    const long = { ...lease('e'), windowMs: 5000 };
    await run.sent('kept for 5 s', long);
    await advance(1000);
    await run.granted('lapses', { ...lease('e', 100), windowMs: 1000 });
    await advance(100);
    expect(await run.refused('another key', lease('f'))).toMatchObject({ reason: 'capacity' });
    await advance(4000);
    await run.sent('when the record is over too', lease('f'));
  });

  it('changes nothing when it is settled after it was swept', async () => {
    const { run, advance } = session({ maxEntries: 1 });
    const late = await run.granted('lapses', lease('e'));
    await advance(1000);
    await run.settle(await run.granted('takes its place', lease('f')), 'return');
    await run.settle(late, 'keep');
    await run.granted('nothing is remembered', lease('e'));
  });

  it.each([0, -1, 1.5, Number.NaN, LEASE_MS + 1])('refuses a lease of %s ms', async (leaseMs) => {
    const { run } = session();
    await expect(run.take(lease('e', leaseMs))).rejects.toThrow(
      'requests[0].rules[0].leaseMs must be an integer from 1 to 900000.',
    );
  });
});

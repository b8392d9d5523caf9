import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCalls } from '../../../src/call.ts';
import { StoreError } from '../../../src/errors.ts';
import type { LimitStore } from '../../../src/limits/limit-store.ts';
import { createLimiter } from '../../../src/limits/limiter.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import {
  type Claim,
  createInboundPort,
  INBOUND_PORT,
  type InboundPort,
} from '../../../src/webhooks/inbound-port.ts';
import { testClient } from '../../support/client.ts';
import { useFakeTimeouts } from '../../support/drive.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const LEASE_MS = 30_000;
const DAY_MS = 86_400_000;

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function start(
  storeOf: (clock: ReturnType<typeof createFakeClock>) => LimitStore = (clock) => memoryLimits({ clock }),
) {
  const clock = createFakeClock();
  const emit = vi.fn();
  const limiter = createLimiter({ limits: storeOf(clock), scope: 'team', clock, emit });
  const inboundPort = createInboundPort({
    calls: createCalls(undefined),
    limiter,
    clock,
    emit,
    applyReceipt: async () => {},
    applyInbound: async () => ({ intent: 'none' }),
    cancelScheduled: async () => {},
  });
  const claim = (eventId = 'umid-1 delivered', leaseMs = LEASE_MS) =>
    inboundPort.run(undefined, (call) => inboundPort.claim(eventId, leaseMs, call));
  return { clock, emit, claim };
}

/** The claim of the first caller. */
function claimed(claim: Claim): Extract<Claim, { readonly kind: 'claimed' }> {
  if (claim.kind !== 'claimed') throw new Error(`was ${claim.kind}`);
  return claim;
}

describe('claiming an event', () => {
  it('grants it to one of many, and tells the others that it is in progress', async () => {
    const { claim } = start();
    const kinds = (await Promise.all(Array.from({ length: 10 }, () => claim()))).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'claimed')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'in-progress')).toHaveLength(9);
    expect((await claim('another event')).kind).toBe('claimed');
  });

  it('stays done for a day after it was handled', async () => {
    const { claim, clock } = start();
    await claimed(await claim()).settle('done');
    expect((await claim()).kind).toBe('done');
    clock.advance(DAY_MS - 1);
    expect((await claim()).kind).toBe('done');
    clock.advance(1);
    expect((await claim()).kind).toBe('claimed');
  });

  it('is available again immediately after a failure', async () => {
    const { claim } = start();
    await claimed(await claim()).settle('failed');
    expect((await claim()).kind).toBe('claimed');
  });

  it('is available again when the process that claimed it died', async () => {
    const { claim, clock } = start();
    await claim();
    clock.advance(LEASE_MS - 1);
    expect((await claim()).kind).toBe('in-progress');
    clock.advance(1);
    expect((await claim()).kind).toBe('claimed');
  });

  it('counts a late settlement, unless another call has claimed it in between', async () => {
    const { claim, clock } = start();
    const slow = claimed(await claim('slow'));
    const overtaken = claimed(await claim('overtaken'));
    clock.advance(LEASE_MS);
    await slow.settle('done');
    expect((await claim('slow')).kind).toBe('done');
    const second = claimed(await claim('overtaken'));
    await overtaken.settle('failed');
    await overtaken.settle('done');
    expect((await claim('overtaken')).kind).toBe('in-progress');
    await second.settle('failed');
    expect((await claim('overtaken')).kind).toBe('claimed');
  });

  it('is untracked when the store has no room to remember it', async () => {
    const { claim } = start((clock) => memoryLimits({ clock, maxEntries: 1 }));
    await claimed(await claim('the only one')).settle('done');
    expect((await claim('one more')).kind).toBe('untracked');
    expect((await claim('the only one')).kind).toBe('done');
  });

  it('throws a StoreError when the store fails, and reports a failure to settle', async () => {
    const failing = start((clock) => {
      const store = memoryLimits({ clock });
      return { ...bound(store), take: async () => Promise.reject(new Error('down')) };
    });
    await expect(failing.claim()).rejects.toBeInstanceOf(StoreError);
    expect(failing.emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' }, undefined);
    const forgetful = start((clock) => {
      const store = memoryLimits({ clock });
      return { ...bound(store), settle: async () => Promise.reject(new Error('down')) };
    });
    await claimed(await forgetful.claim()).settle('done');
    expect(forgetful.emit).toHaveBeenCalledWith({ type: 'store-failed', store: 'limits' });
  });
});

function bound(store: LimitStore): LimitStore {
  return {
    take: store.take.bind(store),
    settle: store.settle.bind(store),
    inspect: store.inspect.bind(store),
    release: store.release.bind(store),
  };
}

describe('the inbound port of a client', () => {
  it('is not enumerable, and closes with the client', async () => {
    const { sms, clock } = testClient();
    const inboundPort = (sms as unknown as Record<symbol, InboundPort>)[INBOUND_PORT] as InboundPort;
    expect(Object.keys(sms)).not.toContain(String(INBOUND_PORT));
    expect(Object.getOwnPropertyDescriptor(sms, INBOUND_PORT)?.enumerable).toBe(false);
    expect(inboundPort.clock).toBe(clock);
    const claim = await inboundPort.run({ context: 'c' }, (call) =>
      inboundPort.claim('event', LEASE_MS, call),
    );
    expect(claim.kind).toBe('claimed');
    await sms.close({ drainMs: 0 });
    await expect(inboundPort.run(undefined, async () => 'ran')).rejects.toThrow('This client was closed');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageStatus } from '../../../src/api/message-details.ts';
import { latestStatus } from '../../../src/webhooks/latest-status.ts';

const at = (minute: number) => `2026-11-22T09:${String(minute).padStart(2, '0')}:00Z`;

const status: fc.Arbitrary<MessageStatus> = fc.record(
  {
    state: fc.constantFrom(
      'queued',
      'sent',
      'delivered',
      'undelivered',
      'rejected',
      'failed',
      'read',
      'unknown',
      'new',
      'constructor',
    ),
    detail: fc.constantFrom('delivered_to_operator', 'delivered_to_carrier', 'delivered_to_recipient', 'odd'),
    errorCode: fc.constantFrom(0, 15),
    errorMessage: fc.constantFrom('a', 'b'),
    timestamp: fc.constantFrom(at(1), at(2), '2026-11-22T17:02:00+08:00', 'yesterday'),
  },
  { requiredKeys: ['state'] },
);

const reduce = (all: readonly MessageStatus[]) =>
  all.reduce(latestStatus, undefined as MessageStatus | undefined);

describe('latestStatus', () => {
  it('returns the first status unchanged', () => {
    expect(latestStatus(undefined, { state: 'queued' })).toEqual({ state: 'queued' });
  });

  it('moves up this ladder and never down', () => {
    const ladder: MessageStatus[] = [
      { state: 'queued', timestamp: at(9) },
      { state: 'sent', timestamp: at(8) },
      { state: 'sent', detail: 'delivered_to_operator', timestamp: at(7) },
      { state: 'brand-new', timestamp: at(6) },
      { state: 'undelivered', timestamp: at(5) },
      { state: 'delivered', detail: 'delivered_to_recipient', timestamp: at(4) },
      { state: 'read', timestamp: at(3) },
    ];
    for (const [rung, lower] of ladder.entries()) {
      for (const higher of ladder.slice(rung + 1)) {
        expect(latestStatus(lower, higher)).toBe(higher);
        expect(latestStatus(higher, lower)).toBe(higher);
      }
    }
  });

  it('treats delivery to a carrier or operator as not final, whatever the state', () => {
    const atCarrier = { state: 'delivered', detail: 'delivered_to_carrier', timestamp: at(9) };
    const failed = { state: 'undelivered', timestamp: at(1) };
    expect(latestStatus(atCarrier, failed)).toBe(failed);
    expect(latestStatus(failed, atCarrier)).toBe(failed);
    const rejected = { state: 'rejected', detail: 'delivered_to_operator' };
    expect(latestStatus(rejected, atCarrier)).toBe(rejected);
  });

  it('keeps the later of two that are equally far, by the instant and not by the text', () => {
    const early = { state: 'failed', timestamp: '2026-11-22T17:01:00+08:00' };
    const late = { state: 'rejected', timestamp: at(2) };
    expect(latestStatus(early, late)).toBe(late);
    expect(latestStatus(late, early)).toBe(late);
    expect(latestStatus(late, { state: 'failed' })).toBe(late);
    expect(latestStatus({ state: 'failed', timestamp: 'soon' }, late)).toBe(late);
  });

  it('gives the same result in any order, with any repetitions', () => {
    const receipts = fc.array(status, { minLength: 1, maxLength: 6 });
    const reordered = receipts.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
      ),
    );
    fc.assert(
      fc.property(reordered, ([all, again]) => {
        expect(reduce(again)).toEqual(reduce(all));
      }),
    );
  });

  it('can be reduced in parts', () => {
    fc.assert(
      fc.property(fc.array(status, { minLength: 1 }), fc.array(status, { minLength: 1 }), (left, right) => {
        const parts = latestStatus(reduce(left), reduce(right) as MessageStatus);
        expect(parts).toEqual(reduce([...left, ...right]));
      }),
    );
  });
});

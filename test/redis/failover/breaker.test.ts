import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Breaker,
  CLOSED,
  enter,
  FAILURES_TO_OPEN,
  FAILURES_WITHIN_MS,
  leave,
  OPEN_MS,
  type Outcome,
  PROBE_LOST_MS,
} from '../../../src/redis/failover/breaker.ts';

function failAt(breaker: Breaker, ...timesMs: readonly number[]): Breaker {
  return timesMs.reduce((current, nowMs) => leave(current, 'call', 'failed', nowMs), breaker);
}

const OPEN = failAt(CLOSED, 0, 1, 2);
const PROBING: Breaker = { state: 'half-open', untilMs: 5000 };

describe('the breaker', () => {
  it('opens after three failures in a row', () => {
    expect(failAt(CLOSED, 0, 1).state).toBe('closed');
    expect(OPEN).toEqual({ state: 'open', untilMs: 2 + OPEN_MS });
  });

  it('starts to count again after an answer', () => {
    const replied = leave(failAt(CLOSED, 0, 1), 'call', 'replied', 2);
    expect(failAt(replied, 3, 4).state).toBe('closed');
  });

  it('does not count failures that lie far apart', () => {
    expect(failAt(CLOSED, 0, 1, FAILURES_WITHIN_MS).state).toBe('open');
    expect(failAt(CLOSED, 0, 1, FAILURES_WITHIN_MS + 1).state).toBe('closed');
  });

  it('lets nobody in before the pause is over, and then one', () => {
    expect(enter(OPEN, 1 + OPEN_MS).pass).toBeUndefined();
    const first = enter(OPEN, 2 + OPEN_MS);
    expect(first.pass).toBe('probe');
    expect(enter(first.breaker, 1 + OPEN_MS + PROBE_LOST_MS).pass).toBeUndefined();
    // The probe vanished without an outcome.
    expect(enter(first.breaker, 2 + OPEN_MS + PROBE_LOST_MS).pass).toBe('probe');
  });

  it('closes when the probe is answered, and stays open when it fails', () => {
    expect(leave(PROBING, 'probe', 'replied', 5)).toEqual(CLOSED);
    expect(leave(PROBING, 'probe', 'failed', 5)).toEqual({ state: 'open', untilMs: 5 + OPEN_MS });
  });

  it('lets another one try at once when a probe is abandoned', () => {
    const after = leave(PROBING, 'probe', 'no-news', 5);
    expect(enter(after, 5).pass).toBe('probe');
  });

  it('learns nothing from calls that went in before it opened', () => {
    for (const outcome of ['replied', 'failed', 'no-news'] as const) {
      expect(leave(OPEN, 'call', outcome, 50)).toBe(OPEN);
      expect(leave(PROBING, 'call', outcome, 50)).toBe(PROBING);
    }
    expect(leave(CLOSED, 'call', 'no-news', 50)).toBe(CLOSED);
  });

  it('lets in at most three calls and one per second while everything fails, on any schedule', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (pauses) => {
        let breaker: Breaker = CLOSED;
        let nowMs = 0;
        let probes = 0;
        let calls = 0;
        for (const pause of pauses) {
          nowMs += pause;
          const entered = enter(breaker, nowMs);
          breaker = entered.breaker;
          if (entered.pass === undefined) continue;
          if (entered.pass === 'probe') probes += 1;
          else calls += 1;
          breaker = leave(breaker, entered.pass, 'failed' satisfies Outcome, nowMs);
        }
        expect(probes).toBeLessThanOrEqual(Math.floor(nowMs / OPEN_MS));
        // Pauses of at most 700 ms: three in a row always fall within ten seconds.
        expect(calls).toBeLessThanOrEqual(FAILURES_TO_OPEN);
      }),
    );
  });
});

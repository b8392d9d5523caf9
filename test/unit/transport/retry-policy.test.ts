import { describe, expect, it } from 'vitest';
import type { AttemptOutcome } from '../../../src/transport/outcome.ts';
import { assessOutcome, backoffMs } from '../../../src/transport/retry-policy.ts';
import { READ, SEND } from '../../support/transport.ts';

const answer = (status: number): AttemptOutcome => ({
  kind: 'response',
  status,
  text: '',
  retryAfterMs: undefined,
});
const failure = (neverLeft: boolean): AttemptOutcome => ({
  kind: 'failure',
  reason: 'reset',
  neverLeft,
  timedOut: false,
});

describe('assessOutcome of operations that must not be sent twice', () => {
  it.each([200, 202, 204, 301, 302, 307, 308, 408, 409, 500, 502, 503, 504, Number.NaN, undefined as never])(
    '%s: unknown',
    (status) => {
      expect(assessOutcome(SEND, answer(status))).toEqual({ submission: 'unknown', repeatable: false });
    },
  );
  it.each([400, 401, 403, 404, 410, 413, 421, 422, 426])('%i: rejected', (status) => {
    expect(assessOutcome(SEND, answer(status))).toEqual({ submission: 'rejected', repeatable: false });
  });
  it('409 is a refusal where 8x8 documents it as one, and nothing else is', () => {
    const operation = { ...SEND, ifConflict: 'There is one already.' };
    expect(assessOutcome(operation, answer(409))).toEqual({ submission: 'rejected', repeatable: false });
    expect(assessOutcome(operation, answer(408))).toEqual({ submission: 'unknown', repeatable: false });
  });
  it('429: rejected, and may be repeated', () => {
    expect(assessOutcome(SEND, answer(429))).toEqual({ submission: 'rejected', repeatable: true });
  });
  it('no answer: unknown, unless it provably never left', () => {
    expect(assessOutcome(SEND, failure(false))).toEqual({ submission: 'unknown', repeatable: false });
    expect(assessOutcome(SEND, failure(true))).toEqual({ submission: 'not-submitted', repeatable: true });
  });
});

describe('assessOutcome of safe operations', () => {
  it.each([408, 429, 500, 502, 503])('%i may be repeated', (status) => {
    expect(assessOutcome(READ, answer(status))).toEqual({ submission: 'not-submitted', repeatable: true });
  });
  it.each([200, 302, 400, 401, 403, 404, 409, 426])('%i may not', (status) => {
    expect(assessOutcome(READ, answer(status))).toEqual({ submission: 'not-submitted', repeatable: false });
  });
  it('no answer may be repeated', () => {
    expect(assessOutcome(READ, failure(false))).toEqual({ submission: 'not-submitted', repeatable: true });
  });
});

describe('backoffMs', () => {
  it('is anything from 0 to a ceiling that doubles up to maxMs', () => {
    const retry = { maxAttempts: 9, baseMs: 500, maxMs: 3000 };
    const ceilings = [1, 2, 3, 4, 5].map((attempt) => backoffMs(retry, attempt, () => 1));
    expect(ceilings).toEqual([500, 1000, 2000, 3000, 3000]);
    expect(backoffMs(retry, 3, () => 0)).toBe(0);
    expect(backoffMs(retry, 3, () => 0.25)).toBe(500);
  });
});

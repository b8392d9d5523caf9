import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AbortedError,
  ApiError,
  ConnectionError,
  MessageRejectedError,
  ServerError,
  type SmsError,
  StoreError,
  TimeoutError,
} from '../../../src/errors.ts';
import {
  clientMessageIdOf,
  decodeOutcome,
  encodeOutcome,
  unsettledError,
} from '../../../src/sending/idempotency.ts';
import type { AcceptedResult, FailedResult } from '../../../src/sending/results.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text).length;
const accepted: Omit<AcceptedResult, 'destination'> = {
  status: 'accepted',
  index: 3,
  clientMessageId: 'id-1',
  umid: 'u-1',
  parts: 2,
  encoding: 'UCS2',
  attempts: 1,
};
const failed = (error: SmsError): FailedResult => ({
  status: 'failed',
  index: 3,
  clientMessageId: 'id-1',
  error,
});
const fields = { message: 'x', submission: 'unknown', clientMessageId: 'id-1', attempts: 2 } as const;

describe('an idempotency record', () => {
  it('gives an accepted result again, at the place of the second message', () => {
    expect(decodeOutcome(encodeOutcome(accepted), 9, 'id-2')).toEqual({
      ...accepted,
      index: 9,
      repeated: true,
    });
  });

  it.each([
    [new AbortedError(fields), { code: 'aborted', name: 'AbortError' }],
    [new TimeoutError({ ...fields, reason: 'timeout' }), { code: 'timeout', reason: 'timeout', attempts: 2 }],
    [
      new ConnectionError({ ...fields, reason: 'reset' }),
      { code: 'connection', reason: 'reset', attempts: 2 },
    ],
    [new ConnectionError({ ...fields, reason: 'other' }), { code: 'connection', reason: 'other' }],
    [new ServerError({ ...fields, status: 503 }), { code: 'server', status: 503, attempts: 2 }],
    [new ApiError({ ...fields, status: 200 }), { code: 'api', status: 200 }],
    [new MessageRejectedError({ description: 'x' }), { code: 'api', status: 0, attempts: 0 }],
  ])('gives the error of an unknown outcome again: %o', (error, expected) => {
    const again = decodeOutcome(encodeOutcome(failed(error)), 0, 'id-2');
    expect(again).toMatchObject({
      status: 'failed',
      clientMessageId: 'id-1',
      error: { ...expected, submission: 'unknown', clientMessageId: 'id-1' },
    });
  });

  it('leaves out a long id: the second caller has the same', () => {
    const clientMessageId = 'x'.repeat(65);
    for (const result of [
      { ...accepted, clientMessageId },
      { ...failed(new AbortedError(fields)), clientMessageId },
    ]) {
      const stored = encodeOutcome(result);
      expect(stored).not.toContain(clientMessageId);
      expect(decodeOutcome(stored, 0, clientMessageId).clientMessageId).toBe(clientMessageId);
    }
  });

  it.each([
    undefined,
    '',
    '{',
    'null',
    '5',
    '"accepted"',
    '[]',
    '["accepted"]',
    '["accepted","id-1",""]',
    '["accepted","id",5]',
  ])('that reads %j is an unknown outcome, never a reason to send', (stored) => {
    expect(decodeOutcome(stored, 1, 'id-2')).toMatchObject({
      status: 'failed',
      index: 1,
      error: { submission: 'unknown' },
    });
  });

  it('has at most 512 bytes, whatever the ids', () => {
    // What `readSent` lets through as umid, and the schema as clientMessageId.
    const umid = fc.string({
      minLength: 1,
      maxLength: 100,
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    });
    const clientMessageId = fc
      .string({ minLength: 1, maxLength: 350, unit: 'binary' })
      .filter((id) => /^[^\p{Cc}\p{Cs}]{1,350}$/u.test(id));
    fc.assert(
      fc.property(umid, clientMessageId, fc.integer({ min: 1, max: 10 }), (someUmid, id, attempts) => {
        const result = { ...accepted, umid: someUmid, clientMessageId: id, attempts };
        expect(bytesOf(encodeOutcome(result))).toBeLessThanOrEqual(512);
        const again = decodeOutcome(encodeOutcome(result), 3, id);
        expect(again).toEqual({ ...result, repeated: true });
        const lost = { ...failed(new ServerError({ ...fields, status: 599 })), clientMessageId: id };
        expect(bytesOf(encodeOutcome(lost))).toBeLessThanOrEqual(512);
      }),
      { numRuns: 500 },
    );
    const worst = { ...accepted, umid: '"'.repeat(100), clientMessageId: '你'.repeat(64) };
    expect(bytesOf(encodeOutcome(worst))).toBeLessThanOrEqual(512);
  });
});

describe('the error of a call that ended while the first message was on its way', () => {
  it.each([
    new AbortedError({ message: 'x', submission: 'not-submitted' }),
    new TimeoutError({ message: 'x', submission: 'not-submitted', reason: 'timeout', attempts: 0 }),
    new StoreError('x'),
    new ConnectionError({ message: 'x', submission: 'not-submitted', reason: 'dns', attempts: 0 }),
  ])('is of the same class, and does not deny that message: $name', (error) => {
    const own = unsettledError(error, 'id-1');
    expect(own).toBeInstanceOf(error.constructor);
    expect(own).toMatchObject({ code: error.code, submission: 'unknown', clientMessageId: 'id-1' });
    expect(own.message).toContain('still in progress');
  });
});

describe('the id of a message with a key', () => {
  it('is a UUID of version 8, another one for another key or message', async () => {
    const pairs = [
      ['order-7', 'print'],
      ['order-8', 'print'],
      ['order-7', 'other'],
      ['order-7print', ''],
    ] as const;
    const ids = await Promise.all(pairs.map(([key, print]) => clientMessageIdOf(key, print)));
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(new Set(ids).size).toBe(pairs.length);
    expect(await clientMessageIdOf('order-7', 'print')).toBe(ids[0]);
  });
});

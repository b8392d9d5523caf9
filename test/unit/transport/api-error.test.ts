import { describe, expect, it } from 'vitest';
import { apiError } from '../../../src/transport/api-error.ts';

const context = {
  operation: 'verifications.check',
  submission: 'rejected',
  attempts: 1,
  clientMessageId: undefined,
  keySource: 'the option apiKey',
  secrets: [],
  sent: () => ['4711'],
} as unknown as Parameters<typeof apiError>[1];
const errorOf = (code: number) =>
  apiError({ status: 400, text: JSON.stringify({ code, message: 'no' }) }, context);

describe('the error of a response', () => {
  it('has no code of 8x8 that repeats a code of the request', () => {
    const error = errorOf(4711);
    expect(error.apiCode).toBeUndefined();
    expect(error.message).not.toContain('4711');
  });

  it('has every other code', () => {
    expect(errorOf(4712).apiCode).toBe(4712);
    expect(errorOf(1001).apiCode).toBe(1001);
  });
});

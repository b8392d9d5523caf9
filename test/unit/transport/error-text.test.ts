import { expect, it } from 'vitest';
import { advice, statusHint, timeoutText } from '../../../src/transport/error-text.ts';

const context = { operation: 'exports.run', submission: 'not-submitted' } as Parameters<
  typeof timeoutText
>[0];

it.each([
  [250, 'exports.run: no complete response within deadlineMs = 250 ms.'],
  [undefined, 'exports.run: no complete response within deadlineMs.'],
])('the text of a deadline of %s names it', (ms, text) => {
  expect(timeoutText(context, 'deadlineMs', ms)).toContain(text);
});

it('the advice after an unknown send names the method that finds out', () => {
  expect(advice({ operation: 'messages.send', repeat: 'never', submission: 'unknown' })).toBe(
    '8x8 may have accepted it. Do not send it again: call messages.reconcile with its clientMessageId to find out whether it was sent.',
  );
});

it.each([
  [400, 1001, /^Check subAccountId and the key/],
  [400, 2006, /pricing plan/],
  [400, 2007, /top it up in 8x8 Connect/],
  [403, 2007, /top it up in 8x8 Connect/],
  [403, 1201, /IP allow-list/],
  [400, 1002, undefined],
  [500, 2007, undefined],
])('the hint of HTTP %d with code %d matches %s', (status, apiCode, expected) => {
  const hint = statusHint(status, apiCode, 'option apiKey');
  if (expected === undefined) expect(hint).toBeUndefined();
  else expect(hint).toMatch(expected);
});

import { expect, it } from 'vitest';
import { timeoutText } from '../../../src/transport/error-text.ts';

const context = { operation: 'exports.run', submission: 'not-submitted' } as Parameters<
  typeof timeoutText
>[0];

it.each([
  [250, 'exports.run: no complete response within deadlineMs = 250 ms.'],
  [undefined, 'exports.run: no complete response within deadlineMs.'],
])('the text of a deadline of %s names it', (ms, text) => {
  expect(timeoutText(context, 'deadlineMs', ms)).toContain(text);
});

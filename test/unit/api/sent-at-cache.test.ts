import { expect, it } from 'vitest';
import { createSentAtCache } from '../../../src/api/sent-at-cache.ts';
import type { PreparedMessage } from '../../../src/sending/prepare.ts';
import type { WireResult } from '../../../src/sending/send-operation.ts';

const OTP = { purpose: 'otp', wire: {} } as unknown as PreparedMessage;
const sent = (umid: string) => ({ status: 'accepted', umid }) as WireResult;

it('the last 90,000 messages are remembered', () => {
  let now = 0;
  const cache = createSentAtCache({ now: () => now });
  for (now = 0; now < 270_000; now += 1) cache.record(OTP, sent(`u-${now}`));
  expect(cache.find('u-269999')).toBe(269_999);
  expect(cache.find('u-180000')).toBe(180_000);
  expect(cache.find('u-179999')).toBeUndefined();
});

it('a message that is sent again under its id has the later time', () => {
  let now = 1;
  const cache = createSentAtCache({ now: () => now });
  cache.record(OTP, sent('u-1'));
  now = 2;
  cache.record(OTP, sent('u-1'));
  expect(cache.find('u-1')).toBe(2);
});

it('only one-time passwords and messages whose outcome is tracked are remembered, when they are due', () => {
  const cache = createSentAtCache({ now: () => 7 });
  const other = { purpose: 'transactional', wire: {} } as unknown as PreparedMessage;
  const tracked = { ...other, wire: { track: 'Outcome' }, content: { scheduledAt: 9 } } as never;
  const failed = { status: 'failed' } as WireResult;
  cache.record(other, sent('other'));
  cache.record(tracked, sent('tracked'));
  cache.record(OTP, failed);
  expect([cache.find('other'), cache.find('tracked')]).toEqual([undefined, 9]);
});

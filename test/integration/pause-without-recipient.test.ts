import { describe, expect, it } from 'vitest';
import type { SmsEvent } from '../../src/events.ts';
import { testClient } from '../support/client.ts';
import { respondWith } from '../support/respond-with.ts';
import { failureOf } from '../support/transport.ts';

describe('a pause of 8x8', () => {
  it('for a method without a recipient pauses the sub-account', async () => {
    const slow = new Response('{"code":1,"message":"slow"}', {
      status: 429,
      headers: { 'retry-after': '2' },
    });
    const { fetch } = respondWith([slow]);
    const events: SmsEvent[] = [];
    const { sms } = testClient({
      fetch,
      accountId: 'account',
      retry: false,
      onEvent: (event) => void events.push(event),
    });
    expect(await failureOf(sms.account.balance())).toMatchObject({ name: 'RateLimitError' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'pace-paused', pauseMs: 2_000, affects: 'sub-account' }),
    );
  });
});

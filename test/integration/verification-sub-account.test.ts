import { describe, expect, it } from 'vitest';
import { numberOf, testClient } from '../support/client.ts';
import { failureOf } from '../support/transport.ts';

describe('a sub-account of the Verification product', () => {
  it('sends no SMS: refused before anything is written, and nothing stays counted', async () => {
    const { sms, emulator } = testClient({
      subAccountId: 'team_verif8',
      guards: { recipient: { limit: 1, windowMs: 3_600_000 } },
    });
    const message = { destination: numberOf(1), text: 'Hello' };
    for (const call of [
      () => sms.messages.send(message),
      () => sms.messages.send(message),
      () => sms.messages.get('00000000-0000-4000-8000-000000000000'),
      () => sms.lookup.get(numberOf(1)),
    ]) {
      expect(await failureOf(call())).toMatchObject({
        code: 'configuration',
        option: 'subAccountId',
        message: expect.stringContaining('ends in _verif8'),
      });
    }
    const { results } = await sms.messages.sendBatch({ messages: [message] });
    expect(results).toMatchObject([{ status: 'failed', error: { code: 'configuration' } }]);
    expect(emulator.requests).toEqual([]);
  });

  it('starts verifications', async () => {
    const { sms } = testClient({ subAccountId: 'team_verif8' });
    expect(await sms.verifications.start({ destination: numberOf(1) })).toMatchObject({ status: 'WAITING' });
  });
});

import { createTestClient } from '8x8-sms-guard/testing';
import { expect, test } from 'vitest';
import { createNewsletter } from './newsletter.ts';

const SECRET = 'Basic a-secret-of-the-tests';
const ANN = '+6591234567';
const BEN = '+6598765432';

function startNewsletter() {
  const { sms, emulator, outbox } = createTestClient();
  const newsletter = createNewsletter(sms, SECRET);
  emulator.connect(newsletter.handleWebhook, { authorization: SECRET });
  return { newsletter, sms, emulator, outbox };
}

test('goes to those who agreed', async () => {
  const { newsletter, sms, outbox } = startNewsletter();
  await sms.consent.grant(ANN, { source: 'web-form' });

  expect(await newsletter.publish([ANN, BEN], 'New in the shop')).toBe(1);
  expect(outbox.lastTo(ANN)).toMatchObject({ text: 'New in the shop', purpose: 'marketing' });
  expect(outbox.to(BEN)).toEqual([]);
});

test('ends with STOP', async () => {
  const { newsletter, sms, emulator, outbox } = startNewsletter();
  await sms.consent.grant(ANN, { source: 'web-form' });
  await newsletter.publish([ANN], 'New in the shop');

  const { status } = await emulator.reply(ANN, 'STOP');

  expect(status).toBe(200);
  expect(await newsletter.publish([ANN], 'Again new in the shop')).toBe(0);
  expect(outbox.to(ANN)).toHaveLength(1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestClient } from '8x8-sms-guard/testing';
import { createOrderUpdates } from './order-updates.js';

const SECRET = 'Basic a-secret-of-the-tests';
const ANN = '+6591234567';

function start() {
  const kit = createTestClient({ now: '2026-11-22T08:00:00Z' });
  const orders = createOrderUpdates(kit.sms, SECRET);
  kit.emulator.connect(orders.handleWebhook, { authorization: SECRET });
  return { ...kit, orders };
}

test('knows what became of a message, in whatever order receipts come', async () => {
  const { emulator, orders } = start();
  await orders.announce('A-17', ANN);
  assert.equal(orders.stateOf('A-17'), undefined);

  await emulator.report(ANN, 'delivered');
  const late = await emulator.report(ANN, 'sent');

  assert.equal(late.status, 200);
  assert.equal(orders.stateOf('A-17'), 'delivered');
});

test('texts in the morning, not at night', async () => {
  const { emulator, outbox, clock, orders } = start();
  await orders.announce('A-18', ANN, '2026-11-22T09:00:00Z');
  assert.equal(outbox.lastTo(ANN).state, 'scheduled');

  clock.set('2026-11-22T09:00:00Z');
  assert.equal(outbox.lastTo(ANN).state, 'sent');
  await emulator.report(ANN, { state: 'undelivered', errorCode: 1 });
  assert.equal(orders.stateOf('A-18'), 'undelivered');
});

test('does not listen to strangers', async () => {
  const { emulator, orders } = start();
  await orders.announce('A-19', ANN);
  emulator.connect(orders.handleWebhook, { authorization: 'Basic a-guess-of-a-stranger' });

  const { status } = await emulator.report(ANN, 'delivered');

  assert.equal(status, 401);
  assert.equal(orders.stateOf('A-19'), undefined);
});

/**
 * An Express server that hears back: delivery receipts, and people who write STOP. Run it, it plays 8x8 itself:
 * `npm start` (no account, no network).
 */
import assert from 'node:assert/strict';
import { ConsentError, memoryConsentLedger, SmsClient } from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';
import { createWebhookReceiver, latestStatus, toExpressHandler } from '8x8-sms-guard/webhooks';
import express from 'express';

// From your secret store. 8x8 sends the same value: webhookSettings.set([{ …, httpAuthorization }]).
const AUTHORIZATION = 'Bearer a-long-random-value-of-yours';

const sms = new SmsClient({
  apiKey: 'any',
  subAccountId: 'shop',
  defaultCountry: 'SG',
  fetch: createEmulator().fetch,
  guards: {
    // Forgets on restart; in production give it a ledger that lasts.
    consent: { ledger: memoryConsentLedger() },
  },
});

/** What networks reported last, by umid. */
const statuses = new Map();

const receiver = createWebhookReceiver({
  client: sms,
  authentication: { authorization: AUTHORIZATION },
  handlers: {
    onDeliveryReceipt({ umid, status }) {
      // Receipts come late, twice and in any order: the reducer keeps the one that counts.
      statuses.set(umid, latestStatus(statuses.get(umid), status));
    },
    onInbound({ umid }, { consent }) {
      // A STOP is recorded already. Here you tell your own systems.
      console.log('inbound', umid, consent.intent);
    },
  },
});

const app = express();
// Before or after body parsers, as you like.
app.all('/webhooks/8x8', toExpressHandler(receiver));
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

// From here on it plays 8x8.

const { port } = server.address();
const post = async (event, authorization = AUTHORIZATION) => {
  const response = await fetch(`http://127.0.0.1:${port}/webhooks/8x8`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ namespace: 'SMS', ...event }),
  });
  return response.status;
};

const { umid } = await sms.messages.send({ destination: '9123 4567', text: 'Your parcel is here.' });
const receipt = (state, timestamp) => ({
  eventType: 'outbound_message_status_changed',
  payload: {
    umid,
    subAccountId: 'shop',
    source: 'SHOP',
    destination: '+6591234567',
    status: { state, timestamp },
  },
});
assert.equal(await post(receipt('delivered', '2026-11-22T09:00:02Z')), 200);
assert.equal(await post(receipt('sent', '2026-11-22T09:00:01Z')), 200);
assert.equal(statuses.get(umid)?.state, 'delivered');

const stop = {
  eventType: 'inbound_message_received',
  payload: {
    umid: 'in-1',
    subAccountId: 'shop',
    timestamp: '2026-11-22T09:05:00Z',
    source: '+6591234567',
    destination: '+6580000000',
    body: 'Stop.',
  },
};
assert.equal(await post(stop, 'Bearer somebody-else-entirely'), 401);
assert.equal(await post(stop), 200);
await assert.rejects(
  sms.messages.send({ destination: '9123 4567', text: 'Sale!', purpose: 'marketing' }),
  (error) => ConsentError.isInstance(error) && error.reason === 'opted-out',
);
console.log(`${umid} was delivered; the person who wrote STOP receives nothing more.`);

server.close();
await sms.close();

// The service: two routes for the form, one for 8x8. Everything that it needs comes in from outside, so that it can be tried.

import { clientIpFrom, GuardError, InvalidPhoneNumberError } from '8x8-sms-guard';
import { createWebhookReceiver, toExpressHandler } from '8x8-sms-guard/webhooks';
import express from 'express';

/** The ID of a signed, http-only cookie in a real service; never anything that the visitor typed. */
const visitorOf = (request) => request.get('x-device') ?? 'nobody';

/** The answer to a refused request: status, and what the form needs to go on. */
function refusal(error) {
  if (InvalidPhoneNumberError.isInstance(error)) return [422, { message: 'Please check the number.' }];
  if (!GuardError.isInstance(error)) throw error;
  const { reason, retryAfterMs } = error;
  const retryAt = retryAfterMs === undefined ? undefined : Date.now() + retryAfterMs;
  return [retryAt === undefined ? 403 : 429, { message: 'Not now.', reason, retryAt }];
}

export function createApp({ sms, webhookAuthorization }) {
  const receiver = createWebhookReceiver({
    client: sms,
    authentication: { authorization: webhookAuthorization },
    handlers: {
      // A STOP is recorded before this runs.
      onInbound: (reply, { consent }) => console.log('reply', reply.umid, consent.intent),
    },
  });

  const app = express();
  app.all('/webhooks/8x8', toExpressHandler(receiver));
  app.use(express.json());

  app.post('/codes', async (request, response) => {
    const { destination, country } = request.body;
    try {
      const { retryAt } = await sms.oneTimePasswords.issue({
        destination,
        country,
        subject: visitorOf(request),
        clientIp: clientIpFrom(request),
        text: ({ code }) => `${code} is your code for the shop. It expires in 10 minutes.`,
      });
      response.status(202).json({ retryAt });
    } catch (error) {
      const [status, body] = refusal(error);
      response.status(status).json(body);
    }
  });

  app.post('/codes/check', async (request, response) => {
    const { destination, country, code } = request.body;
    try {
      const check = {
        destination,
        country,
        code,
        subject: visitorOf(request),
        clientIp: clientIpFrom(request),
      };
      const result = await sms.oneTimePasswords.check(check);
      if (result.verified) response.status(201).json({ account: 'created' });
      else response.status(400).json({ reason: result.reason, triesLeft: result.triesLeft });
    } catch (error) {
      const [status, body] = refusal(error);
      response.status(status).json(body);
    }
  });

  return app;
}

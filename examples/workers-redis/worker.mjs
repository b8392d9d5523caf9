/**
 * A Cloudflare Worker that sends, with limits on Redis over TCP. A Worker may not use a connection of another request, so each
 * request opens one and closes it. Needs the compatibility flag `nodejs_compat`.
 */
import { GuardError, SmsClient } from '8x8-sms-guard';
import { redisLimits } from '8x8-sms-guard/redis';
import { Redis } from 'ioredis';

async function send(env, { destination, text }) {
  const client = new Redis(env.REDIS_URL, { lazyConnect: true, maxRetriesPerRequest: 1 });
  const limits = redisLimits({ client, secret: env.LIMITS_SECRET, onStoreError: 'refuse' });
  const sms = new SmsClient({
    apiKey: env.EIGHTBYEIGHT_API_KEY,
    subAccountId: env.EIGHTBYEIGHT_SUB_ACCOUNT_ID,
    baseUrl: env.EIGHTBYEIGHT_BASE_URL, // absent in production
    limits,
    // The pace of all requests together is asked for on Redis, once per message.
  });
  try {
    const { umid } = await sms.messages.send({ destination, text });
    return Response.json({ umid }, { status: 202 });
  } catch (error) {
    if (!GuardError.isInstance(error)) throw error;
    return Response.json({ reason: error.reason, retryAfterMs: error.retryAfterMs }, { status: 429 });
  } finally {
    await sms.close();
    await limits.close();
    client.disconnect();
  }
}

export default {
  async fetch(request, env) {
    return send(env, await request.json());
  },
};

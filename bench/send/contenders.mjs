/** Each makes a function that sends one message to this origin. Only the one that is asked for is loaded. */

const text = 'Your code is 4711';
const from = '+6598765432';
const numberOf = (index) => `+6591${String(index % 1_000_000).padStart(6, '0')}`;
const headers = { authorization: 'Bearer bench-key', 'content-type': 'application/json' };
const path = '/api/v1/subaccounts/bench/messages';
const bodyOf = (index) => JSON.stringify({ destination: numberOf(index), text });

/** @type {Record<string, (origin: string) => Promise<(index: number) => Promise<unknown>>>} */
export const contenders = {
  /** The built package with its default guards; the window is short, because a run has more messages than numbers. */
  async ours(origin) {
    const { SmsClient } = await import('../../dist/index.js');
    const sms = new SmsClient({
      apiKey: 'bench-key-0123456789',
      subAccountId: 'bench',
      baseUrl: origin,
      pace: false,
      guards: { recipient: { limit: 1_000, windowMs: 1_000 } },
    });
    return (index) => sms.messages.send({ destination: numberOf(index), text });
  },
  async twilio(origin) {
    const { default: twilio } = await import('twilio');
    const client = twilio('AC00000000000000000000000000000000', 'bench-token', { maxRetries: 0 });
    // Its SDK has no option for the address.
    client.api.baseUrl = origin;
    return (index) => client.messages.create({ to: numberOf(index), from, body: text });
  },
  async telnyx(origin) {
    const { default: Telnyx } = await import('telnyx');
    const client = new Telnyx({ apiKey: 'bench-key', baseURL: `${origin}/v2`, maxRetries: 0 });
    return (index) => client.messages.send({ to: numberOf(index), from, text });
  },
  /** E-mail, not SMS: a thin SDK over `fetch`. */
  async resend(origin) {
    const { Resend } = await import('resend');
    const client = new Resend('re_bench', { baseUrl: origin });
    return async (index) => {
      const { error } = await client.emails.send({
        from: 'a@example.com',
        to: `${index}@example.com`,
        subject: 's',
        text,
      });
      if (error) throw new Error(error.message);
    };
  },
  async ky(origin) {
    const { default: ky } = await import('ky');
    return (index) => ky.post(origin + path, { headers, body: bodyOf(index), retry: 0 }).json();
  },
  async fetch(origin) {
    return async (index) =>
      (
        await fetch(origin + path, { method: 'POST', headers, body: bodyOf(index), redirect: 'manual' })
      ).json();
  },
  /** The bare HTTP client below `fetch`. */
  async 'undici.Pool'(origin) {
    const { Pool } = await import('undici');
    const pool = new Pool(origin, { connections: 64 });
    return async (index) =>
      (await pool.request({ method: 'POST', path, headers, body: bodyOf(index) })).body.json();
  },
};

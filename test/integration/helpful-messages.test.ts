import { describe, expect, it } from 'vitest';
import { SmsClient } from '../../src/index.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, testClient } from '../support/client.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Hello' };

async function refusalOf(input: unknown, ...rest: readonly unknown[]): Promise<string> {
  const { sms, emulator } = testClient();
  const send = sms.messages.send as (...inputs: readonly unknown[]) => Promise<unknown>;
  const error = await failureOf(send(input, ...rest));
  expect(emulator.requests).toEqual([]);
  expect(error).toMatchObject({ submission: 'not-submitted' });
  return (error as Error).message;
}

describe('a message for another API', () => {
  it.each([
    ['to', 'destination'],
    ['phone_number', 'destination'],
    ['recipient', 'destination'],
    ['from', 'source'],
    ['originator', 'source'],
    ['src', 'source'],
    ['body', 'text'],
    ['message', 'text'],
    ['content', 'text'],
    ['client_ref', 'clientMessageId'],
    ['statusCallback', 'dlrCallbackUrl'],
    ['sendAt', 'scheduled'],
    ['schedule_time', 'scheduled'],
    ['deliverAt', 'scheduled'],
    ['validUntil', 'expiry'],
    ['tag', 'clientMessageId'],
    ['validity_period', 'expiry'],
    ['data-coding', 'encoding'],
    ['numbers', 'destination'],
    ['fromNumber', 'source'],
    ['userIp', 'clientIp'],
    ['ref', 'clientMessageId'],
    ['destinaton', 'destination'],
  ])('%s: did you mean %s?', async (name, meant) => {
    const text = await refusalOf({ ...message, [name]: '+6591726354' });
    expect(text).toContain(`${name} is unknown. Did you mean "${meant}"? Allowed: text, source, `);
    expect(text).not.toContain('91726354');
  });

  it('names the first field of { to, from, body }', async () => {
    expect(await refusalOf({ to: '+6591234567', from: 'Team', body: 'Hello' })).toContain(
      'to is unknown. Did you mean "destination"?',
    );
  });

  it('suggests nothing that is not allowed at the place', async () => {
    const { sms } = testClient();
    const error = await failureOf(sms.lookup.get(numberOf(1), { to: 'x' } as never));
    expect((error as Error).message).toMatch(/to is unknown\. Allowed: .*country/);
  });
});

describe('options of another package', () => {
  it.each([
    ['maxRetries', 'retry.maxAttempts'],
    ['authToken', 'apiKey'],
    ['timeout', 'timeoutMs'],
    ['subAccount', 'subAccountId'],
    ['httpAgent', 'fetch'],
    ['proxy', 'fetch'],
    ['url', 'baseUrl'],
    ['store', 'limits'],
    ['rateLimit', 'pace'],
    ['country', 'defaultCountry'],
    ['retry_count', 'retry.maxAttempts'],
    ['throttle', 'pace'],
    ['hooks', 'onEvent'],
    ['consent', 'guards.consent'],
    ['quietHours', 'guards.quietHours'],
    ['budget', 'guards.budget'],
    ['phone', 'guards.phone'],
  ])('%s: did you mean %s?', (name, meant) => {
    const options = { apiKey: API_KEY, subAccountId: SUB_ACCOUNT_ID, [name]: 'x' };
    expect(() => new SmsClient(options as never)).toThrow(`${name} is unknown. Did you mean "${meant}"?`);
  });

  it.each([
    [{ rateLimit: {} }, 'guards.rateLimit', 'recipient'],
    [{ recipient: { max: 10 } }, 'guards.recipient.max', 'limit'],
    [{ duplicate: { window: 1 } }, 'guards.duplicate.window', 'windowMs'],
    [{ countries: { block: ['SG'] } }, 'guards.countries.block', 'deny'],
    [{ links: { whitelist: [] } }, 'guards.links.whitelist', 'allow'],
    [{ budget: { daily: 50 } }, 'guards.budget.daily', 'perDay'],
    [{ content: { maxSegments: 3 } }, 'guards.content.maxSegments', 'maxParts'],
    [{ quietHours: { timeZone: 'Asia/Singapore' } }, 'guards.quietHours.timeZone', 'hours'],
  ])('guards %j: did you mean the option?', (guards, path, meant) => {
    const options = { apiKey: API_KEY, subAccountId: SUB_ACCOUNT_ID, guards };
    expect(() => new SmsClient(options as never)).toThrow(`${path} is unknown. Did you mean "${meant}"?`);
  });

  it.each([
    [{ guards: { budget: { perDay: 5, prices: { sg: 0.01, SG: 0.5 } } } }, 'guards.budget.prices'],
    [
      { guards: { budget: { countries: { SG: { perDay: 1 }, sg: { perDay: 9 } } } } },
      'guards.budget.countries',
    ],
    [{ source: { byCountry: { sg: 'A', SG: 'B' } } }, 'source.byCountry'],
  ])('%j names a country twice', (given, path) => {
    const options = { apiKey: API_KEY, subAccountId: SUB_ACCOUNT_ID, ...given };
    expect(() => new SmsClient(options)).toThrow(`${path} must name each country once`);
  });

  it('maxRetries of a call is maxAttempts', async () => {
    expect(await refusalOf(message, { maxRetries: 2 })).toContain(
      'options.maxRetries is unknown. Did you mean "maxAttempts"?',
    );
  });
});

describe('a field in the wrong argument', () => {
  it.each(['signal', 'timeoutMs', 'deadlineMs', 'maxAttempts', 'context', 'onResponse'])(
    '%s of a message belongs into the last argument',
    async (name) => {
      const text = await refusalOf({ ...message, [name]: 1 });
      expect(text).toContain(
        `${name} is unknown here: it is an option of the call. Pass { ${name} } as the last argument. Allowed: text`,
      );
      expect(text).toMatch(/Nothing was sent\.$/);
    },
  );

  it('a call option of a batch belongs into the last argument', async () => {
    const { sms } = testClient();
    const batch = { destinations: [numberOf(1)], template: { text: 'Hello' }, timeoutMs: 1 };
    const error = await failureOf(sms.messages.sendBatch(batch as never));
    expect((error as Error).message).toContain('Pass { timeoutMs } as the last argument.');
  });

  it('idempotencyKey of a call belongs to the message', async () => {
    expect(await refusalOf(message, { idempotencyKey: 'order-4711' })).toMatch(
      /^options\.idempotencyKey is unknown here: it is a field of the message\. Pass it in the first argument\..*Nothing was sent\.$/,
    );
  });

  it('an unknown option of a call says that nothing was sent', async () => {
    expect(await refusalOf(message, { timeout: 5 })).toMatch(
      /Did you mean "timeoutMs"\?.*Nothing was sent\.$/,
    );
  });

  it('the key as the only argument of the constructor', () => {
    expect(() => new SmsClient(API_KEY as never)).toThrow(
      'Pass the key in an object, such as new SmsClient({ apiKey, subAccountId }), not as a string.',
    );
  });

  it('a client that was closed says that nothing was sent', async () => {
    const { sms } = testClient();
    await sms.close();
    const error = await failureOf(sms.messages.send(message));
    expect((error as Error).message).toBe('This client was closed. Create a new one. Nothing was sent.');
  });
});

describe('a value of the wrong kind', () => {
  it.each([
    ['Singapore', 'country must be an ISO 3166-1 alpha-2 code such as "SG", not a name.'],
    ['germany', 'country must be an ISO 3166-1 alpha-2 code such as "DE", not a name.'],
    ['SGP', 'country must be an ISO 3166-1 alpha-2 code such as "SG", not a string of 3 characters.'],
    [65, 'country must be an ISO 3166-1 alpha-2 code such as "SG", not a number.'],
    [['SG'], 'country must be an ISO 3166-1 alpha-2 code such as "SG", not an array.'],
  ])('country %j', async (country, expected) => {
    expect(await refusalOf({ ...message, country })).toContain(expected);
  });

  it('an array of numbers, with the method for several', async () => {
    const text = await refusalOf({ ...message, destination: [numberOf(1), numberOf(2)] });
    expect(text).toContain(
      'Pass one number as a string, not an array. For several people use messages.sendBatch',
    );
  });

  it('a number as a number', async () => {
    expect(await refusalOf({ ...message, destination: 6_591_234_567 })).toContain(
      'Pass the number as a string',
    );
  });

  it.each([
    [undefined, 'The number is missing: pass it as a string.'],
    [null, 'The number is missing: pass it as a string.'],
    [{ number: '+6591726354' }, 'Pass the number as a string, not another object.'],
    [true, 'Pass the number as a string, not a boolean.'],
  ])('a number as %j', async (destination, expected) => {
    const { sms } = testClient();
    const error = await failureOf(sms.lookup.get(destination as never));
    expect((error as Error).message).toContain(expected);
  });

  it('a reply that nobody can see', () => {
    const guards = { consent: { inbound: { optOutReply: ' ' } } };
    const options = { apiKey: API_KEY, subAccountId: SUB_ACCOUNT_ID, guards };
    expect(() => new SmsClient(options)).toThrow('optOutReply must have a character that people can see.');
  });

  it.each([' ', '\n\t', '\u200b', '\u00a0\u2060', '\u2800'])('text that nobody can see: %j', async (text) => {
    expect(await refusalOf({ ...message, text })).toBe(
      'text must have a character that people can see. Nothing was sent.',
    );
  });

  it('number and text one after the other', async () => {
    const text = await refusalOf('+6591726354', 'Hello');
    expect(text).toContain('Pass all fields in one object, such as messages.send({ destination, text }).');
    expect(text).not.toContain('91726354');
  });

  it.each([
    ['+6591726354', 'a string'],
    [[message], 'an array'],
    [null, 'null'],
    [7, 'a number'],
    [undefined, 'nothing'],
  ])('%j in the place of a message', async (input, kind) => {
    expect(await refusalOf(input)).toContain(`must be a message, not ${kind}.`);
  });
});

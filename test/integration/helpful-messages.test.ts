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
    ['validity_period', 'expiry'],
    ['data-coding', 'encoding'],
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
  ])('%s: did you mean %s?', (name, meant) => {
    const options = { apiKey: API_KEY, subAccountId: SUB_ACCOUNT_ID, [name]: 'x' };
    expect(() => new SmsClient(options as never)).toThrow(`${name} is unknown. Did you mean "${meant}"?`);
  });

  it('maxRetries of a call is maxAttempts', async () => {
    expect(await refusalOf(message, { maxRetries: 2 })).toContain(
      'options.maxRetries is unknown. Did you mean "maxAttempts"?',
    );
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

  it('number and text one after the other', async () => {
    const text = await refusalOf('+6591726354', 'Hello');
    expect(text).toContain('Pass one object: messages.send({ destination, text }).');
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

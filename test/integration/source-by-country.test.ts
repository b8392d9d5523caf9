import { describe, expect, it } from 'vitest';
import { NUMERIC_SENDER_COUNTRIES } from '../../src/guards/numeric-senders.ts';
import { ConfigurationError, memoryConsentLedger, type SmsClientOptions, SmsError } from '../../src/index.ts';
import { numberOf, testClient } from '../support/client.ts';
import { readAll } from '../support/read-all.ts';

const SINGAPORE = numberOf(1);
const AMERICA = '+12125550143';
const GERMANY = '+4915112345678';
const NUMBER = '+12025550143';
const byCountry = { US: NUMBER, sg: 'TEAM SG' };
const source = { default: 'TEAM', byCountry };

type Body = {
  readonly source?: string;
  readonly template?: { readonly source?: string };
  readonly messages: readonly { readonly source?: string }[];
};

function start(options: SmsClientOptions = {}) {
  const client = testClient(options);
  const lastBody = () => client.emulator.requests.at(-1)?.body as Body;
  return { ...client, lastBody };
}

describe('a source by country', () => {
  it.each([
    [SINGAPORE, 'TEAM SG'],
    [AMERICA, NUMBER],
    [GERMANY, 'TEAM'],
  ])('in the options of the client gives %s the sender %s', async (destination, expected) => {
    const { sms, lastBody } = start({ source });
    await sms.messages.send({ destination, text: 'a' });
    expect(lastBody().source).toBe(expected);
    await sms.messages.send({ destination, text: 'a', source: '+4930123456' });
    expect(lastBody().source).toBe('+4930123456');
  });

  it('in a message falls back to that of the client, else of the sub-account', async () => {
    const own = { byCountry: { SG: 'OWN' } };
    const withDefault = start({ source: 'TEAM' });
    const without = start();
    for (const [destination, first, second] of [
      [SINGAPORE, 'OWN', 'OWN'],
      [GERMANY, 'TEAM', undefined],
    ] as const) {
      await withDefault.sms.messages.send({ destination, text: 'a', source: own });
      await without.sms.messages.send({ destination, text: 'a', source: own });
      expect([withDefault.lastBody().source, without.lastBody().source]).toEqual([first, second]);
    }
  });

  it('in a template needs one request, and each message has its own sender', async () => {
    const { sms, emulator, lastBody } = start({ source: 'CLIENT' });
    const destinations = [SINGAPORE, AMERICA, GERMANY];
    await sms.messages.sendBatch({ destinations, template: { text: 'a', source } });
    expect(emulator.requests).toHaveLength(1);
    expect(lastBody().template).toEqual({ text: 'a' });
    expect(lastBody().messages.map((each) => each.source)).toEqual(['TEAM SG', NUMBER, 'TEAM']);

    await sms.messages.sendBatch({ destinations, template: { text: 'a', source: { byCountry } } });
    expect(lastBody().messages.map((each) => each.source)).toEqual(['TEAM SG', NUMBER, 'CLIENT']);
  });

  it('in a message of a batch falls back to that of the template', async () => {
    const { sms, lastBody } = start({ source: 'CLIENT' });
    const messages = [SINGAPORE, GERMANY].map((destination) => ({
      destination,
      source: { byCountry: { SG: 'OWN' } },
    }));
    await sms.messages.sendBatch({ messages, template: { text: 'a', source: 'TEAM' } });
    expect(lastBody().template?.source).toBe('TEAM');
    expect(lastBody().messages.map((each) => each.source)).toEqual(['OWN', undefined]);
  });

  it('works in sendMany, surveys and verifications by SMS', async () => {
    const { sms, lastBody } = start({ source: { byCountry: { SG: 'TEAM SG' } } });
    const rows = [{ destination: SINGAPORE }, { destination: GERMANY }];
    await readAll(
      sms.messages.sendMany(rows, { template: { text: 'a', source: { byCountry: { DE: 'TEAM DE' } } } }),
    );
    expect(lastBody().messages.map((each) => each.source)).toEqual(['TEAM SG', 'TEAM DE']);

    await sms.surveys.send({ surveyId: 'nps', destination: SINGAPORE, templateBody: 'a {{url}}' });
    expect(lastBody().source).toBe('TEAM SG');
    await sms.surveys.sendBatch({
      surveyId: 'nps',
      messages: rows,
      template: { templateBody: 'a {{url}}', source: { byCountry: { DE: 'TEAM DE' } } },
    });
    expect(lastBody().template?.source).toBeUndefined();
    expect(lastBody().messages.map((each) => each.source)).toEqual(['TEAM SG', 'TEAM DE']);

    const codes = start({ source, guards: { backoff: false } });
    const smsSource = () => (codes.lastBody() as { readonly sms?: { readonly source?: string } }).sms?.source;
    await codes.sms.verifications.start({ destination: SINGAPORE });
    expect(smsSource()).toBe('TEAM SG');
    await codes.sms.verifications.start({
      destination: AMERICA,
      sms: { source: { byCountry: { US: '+1646' } } },
    });
    expect(smsSource()).toBe('+1646');
    await codes.sms.verifications.start({ destination: GERMANY, channel: 'call' });
    expect(smsSource()).toBeUndefined();
  });

  it('is the sender that a double opt-in remembers', async () => {
    const ledger = memoryConsentLedger();
    const { sms, lastBody } = start({
      source: { byCountry: { SG: '+6580001234' } },
      guards: { consent: { ledger } },
    });
    await sms.consent.requestOptIn(SINGAPORE, { text: 'Reply YES.' });
    expect(lastBody().source).toBe('+6580001234');
    expect(await ledger.history(SINGAPORE)).toMatchObject([{ state: 'requested', sender: '+6580001234' }]);
  });

  it('is read once: what a caller changes afterwards is not sent', async () => {
    const changing = { default: 'TEAM', byCountry: { SG: 'TEAM SG' } };
    const { sms, lastBody } = start({ source: changing });
    changing.byCountry.SG = 'Other!';
    await sms.messages.send({ destination: SINGAPORE, text: 'a' });
    expect(lastBody().source).toBe('TEAM SG');

    const own = { byCountry: { SG: 'OWN' } };
    const sending = sms.messages.send({ destination: SINGAPORE, text: 'b', source: own });
    own.byCountry.SG = 'Other!';
    await sending;
    expect(lastBody().source).toBe('OWN');
  });

  it.each([
    [{ byCountry: { UK: 'TEAM' } }, 'source.byCountry.UK'],
    [{ byCountry: { Singapore: 'TEAM' } }, 'source.byCountry.Singapore'],
    [{ byCountry: { SG: '' } }, 'source.byCountry.SG'],
    [{ byCountry: { SG: 'x'.repeat(17) } }, 'source.byCountry.SG'],
    [{ byCountry: { SG: { SG: 'TEAM' } } }, 'source.byCountry.SG'],
    [{ byCountry: [] }, 'source.byCountry'],
    [{ byCountry: new Map([['SG', 'TEAM']]) }, 'source.byCountry'],
    [{ default: 'TEAM' }, 'source.byCountry'],
    [{ SG: 'TEAM' }, 'source.SG'],
    [{ default: 1, byCountry: {} }, 'source.default'],
    [7, 'source'],
    [null, 'source'],
  ])('refuses %j, and names %s', async (wrong, path) => {
    const options = { source: wrong } as unknown as SmsClientOptions;
    expect(() => testClient(options)).toThrow(ConfigurationError);
    expect(() => testClient(options)).toThrow(expect.objectContaining({ option: path }));
    const { sms, emulator } = start();
    const message = { destination: SINGAPORE, text: 'a', source: wrong } as never;
    await expect(sms.messages.send(message)).rejects.toMatchObject({ code: 'validation', path });
    expect(emulator.requests).toEqual([]);
  });

  it('says what is wrong with a country code', () => {
    const options = { source: { byCountry: { UK: 'TEAM' } } };
    expect(() => testClient(options)).toThrow(/ISO 3166-1 alpha-2/);
  });
});

describe('a name as sender ID where it is not allowed', () => {
  it('is refused before anything is sent, and the error says what to do', async () => {
    const { sms, emulator } = start({ source: 'TEAM' });
    const error = await sms.messages
      .send({ destination: AMERICA, text: 'a' })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      guard: 'content',
      reason: 'sender-not-allowed',
      submission: 'not-submitted',
      message: expect.stringContaining('byCountry: { US: … }'),
    });
    expect(SmsError.isInstance(error)).toBe(true);
    expect(emulator.requests).toEqual([]);
    await sms.messages.send({ destination: AMERICA, text: 'a', source: NUMBER });
    await sms.messages.send({ destination: SINGAPORE, text: 'a' });
    expect(emulator.requests).toHaveLength(2);
  });

  it('fails its own message of a batch only', async () => {
    const { sms } = start();
    const destinations = [SINGAPORE, AMERICA, GERMANY];
    const { results } = await sms.messages.sendBatch({
      destinations,
      template: { text: 'a', source: 'TEAM' },
    });
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'blocked', 'accepted']);
  });

  it('is let through in monitor mode, and where the option says that it is allowed', async () => {
    const monitor = start({ source: 'TEAM', guards: { content: { mode: 'monitor' } } });
    await monitor.sms.messages.send({ destination: AMERICA, text: 'a' });
    expect(monitor.of('guard-observed')).toMatchObject([{ decision: { reason: 'sender-not-allowed' } }]);

    const allowed = start({ source: 'TEAM', guards: { content: { alphanumericSenders: ['us'] } } });
    await allowed.sms.messages.send({ destination: AMERICA, text: 'a' });
    const canada = allowed.sms.messages.send({ destination: '+14165550143', text: 'a' });
    await expect(canada).rejects.toMatchObject({ reason: 'sender-not-allowed' });
    expect(() => testClient({ guards: { content: { alphanumericSenders: ['UK'] } } })).toThrow(
      ConfigurationError,
    );
  });

  it.each([
    ['US', AMERICA],
    ['CA', '+14165550143'],
    ['PR', '+17875550143'],
    ['CN', '+8613123456789'],
    ['CL', '+56961234567'],
    ['CO', '+573211234567'],
  ])('%s has a source in the data, and its numbers are refused', async (country, destination) => {
    const known = NUMERIC_SENDER_COUNTRIES.find((each) => each.country === country);
    expect(known?.source).toMatch(/^https:\/\//);
    const { sms } = start();
    await expect(sms.messages.send({ destination, text: 'a', source: 'TEAM' })).rejects.toMatchObject({
      reason: 'sender-not-allowed',
    });
  });

  it('is nowhere refused without a source: six countries are known', () => {
    expect(NUMERIC_SENDER_COUNTRIES.map(({ country }) => country)).toEqual([
      'CA',
      'CL',
      'CN',
      'CO',
      'PR',
      'US',
    ]);
  });
});

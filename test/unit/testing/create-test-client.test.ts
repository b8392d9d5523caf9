import '../../support/load-ky.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ConfigurationError,
  ConsentError,
  LimitError,
  SmsClient,
  type SmsEvent,
} from '../../../src/index.ts';
import { createTestClient, type TestClientOptions } from '../../../src/testing/index.ts';

const PERSON = '+6591234567';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe('createTestClient', () => {
  it('sends to nobody, needs no option, and shows sent messages', async () => {
    const { sms, outbox, events, clock } = createTestClient();
    const sent = await sms.messages.send({ destination: PERSON, text: 'Your code is 4711', purpose: 'otp' });
    expect(outbox.all).toEqual([
      {
        to: PERSON,
        text: 'Your code is 4711',
        from: 'EMULATOR',
        parts: 1,
        purpose: 'otp',
        clientMessageId: sent.clientMessageId,
        umid: sent.umid,
        state: 'sent',
        sentAt: clock.now(),
      },
    ]);
    expect(events.map(({ type }) => type)).toContain('message-sent');
  });

  it('ignores environment variables', async () => {
    for (const [name, value] of Object.entries({
      API_KEY: 'a-real-key',
      API_KEY_FILE: '/nowhere',
      SUB_ACCOUNT_ID: 'production',
      ACCOUNT_ID: 'production',
      REGION: 'eu',
      BASE_URL: 'https://sms.example.com',
    })) {
      vi.stubEnv(`EIGHTBYEIGHT_${name}`, value);
    }
    const warn = vi.spyOn(console, 'warn');
    const { sms, emulator } = createTestClient({ emulator: { apiKey: 'test-key' } });
    await sms.messages.send({ destination: PERSON, text: 'Hello' });
    await sms.account.prices();
    expect(emulator.requests.map(({ path, status }) => [path, status])).toEqual([
      ['/api/v1/subaccounts/test/messages', 200],
      ['/api/v1/accounts/test-account/prices', 200],
    ]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('uses key, accounts and region of the test', async () => {
    const { sms, emulator, events } = createTestClient({
      apiKey: 'k',
      subAccountId: 'shop',
      accountId: 'mine',
      region: 'id',
      emulator: { apiKey: 'k', subAccountIds: ['shop'], accountId: 'mine', seed: 7 },
    });
    await sms.messages.send({ destination: PERSON, text: 'Hello' });
    await sms.account.prices();
    expect(emulator.requests.map(({ status }) => status)).toEqual([200, 200]);
    expect(events).toContainEqual(expect.objectContaining({ host: 'sms.8x8.id' }));
  });

  it('has its own counters and clock', async () => {
    const first = createTestClient();
    const second = createTestClient();
    const ask = ({ sms }: { sms: SmsClient }) =>
      sms.messages.send({ destination: PERSON, text: 'Your code is 4711', purpose: 'otp' });
    await ask(first);
    await ask(second);
    await expect(ask(first)).rejects.toBeInstanceOf(LimitError);
    first.clock.advance(30_000);
    await ask(first);
    expect(first.outbox.all).toHaveLength(2);
  });

  it('is not stopped by a rate limit on a clock that stands still', async () => {
    // The pace of a client uses the system clock.
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
    const { sms, outbox } = createTestClient({ guards: { recipient: false } });
    for (let index = 0; index < 2_000; index += 1) {
      await sms.messages.send({ destination: PERSON, text: `Message ${index}` });
    }
    expect(outbox.to(PERSON)).toHaveLength(2_000);
  });

  it('sends a scheduled message when it is due', async () => {
    const { sms, emulator, outbox, clock } = createTestClient({ now: '2026-11-22T09:00:00Z' });
    await sms.messages.send({ destination: PERSON, text: 'Soon', scheduled: '2026-11-22T10:00:00Z' });
    expect(outbox.lastTo(PERSON)).toMatchObject({
      state: 'scheduled',
      scheduledAt: clock.now() + 3_600_000,
    });
    await expect(emulator.report(PERSON, 'delivered')).rejects.toThrow('move the clock');
    clock.advance(3_600_000);
    expect(outbox.lastTo(PERSON).state).toBe('sent');
    await emulator.report(PERSON, 'delivered');
    expect(outbox.lastTo(PERSON).state).toBe('delivered');
  });

  it('has its own consent ledger, unless the test provides one', async () => {
    const advert = { destination: PERSON, text: 'Sale', purpose: 'marketing' } as const;
    const { sms } = createTestClient({ guards: { consent: { mode: 'enforce' } } });
    await expect(sms.messages.send(advert)).rejects.toBeInstanceOf(ConsentError);
    await sms.consent.grant(PERSON, { source: 'web-form', purposes: ['marketing'] });
    await sms.messages.send(advert);

    const off = createTestClient({ guards: { consent: false } });
    await off.sms.messages.send(advert);
    const asked = createTestClient({ guards: { consent: { check: () => true } } });
    await asked.sms.messages.send(advert);
    const askedMany = createTestClient({ guards: { consent: { checkMany: () => [true] } } });
    await askedMany.sms.messages.send(advert);
    expect([off, asked, askedMany].map(({ outbox }) => outbox.all.length)).toEqual([1, 1, 1]);
  });

  it('repeats as in production, without pauses', async () => {
    const { sms, emulator } = createTestClient();
    emulator.failNext('refused', { times: 2 });
    expect(await sms.messages.send({ destination: PERSON, text: 'Hello' })).toMatchObject({ attempts: 3 });
    const once = createTestClient({ retry: false });
    once.emulator.failNext('refused');
    await expect(once.sms.messages.send({ destination: PERSON, text: 'Hello' })).rejects.toThrow();
  });

  it("calls the test's own listener too", async () => {
    const told: SmsEvent['type'][] = [];
    const { sms, events } = createTestClient({ onEvent: ({ type }) => void told.push(type) });
    await sms.messages.send({ destination: PERSON, text: 'Hello' });
    expect(told).toEqual(events.map(({ type }) => type));
  });

  it('works in a test runner that emulates a browser', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 (linux) AppleWebKit/537.36 jsdom/26' });
    expect(() => new SmsClient({ apiKey: 'k', subAccountId: 'test' })).toThrow('browser');
    const { sms } = createTestClient();
    await sms.messages.send({ destination: PERSON, text: 'Hello' });
  });

  it.each(['fetch', 'clock', 'baseUrl', 'dangerouslyAllowBrowser'])('sets %s itself', (name) => {
    const value = {
      fetch,
      clock: { now: () => 0 },
      baseUrl: 'https://x.test',
      dangerouslyAllowBrowser: true,
    };
    const options = { [name]: value[name as keyof typeof value] } as TestClientOptions;
    expect(() => createTestClient(options)).toThrow(`createTestClient sets ${name} itself`);
  });

  it('refuses an unknown option', () => {
    expect(() => createTestClient({ subAccount: 'x' } as TestClientOptions)).toThrow(ConfigurationError);
  });

  it('closes the client, by hand or by `await using`', async () => {
    const byHand = createTestClient();
    await byHand.close();
    await expect(byHand.sms.messages.send({ destination: PERSON, text: 'Hello' })).rejects.toThrow('closed');
    let kept: SmsClient;
    {
      await using test = createTestClient();
      kept = test.sms;
    }
    await expect(kept.messages.send({ destination: PERSON, text: 'Hello' })).rejects.toThrow('closed');
  });
});

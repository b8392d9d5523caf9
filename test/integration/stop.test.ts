import { describe, expect, it } from 'vitest';
import { ConsentError } from '../../src/index.ts';
import { createTestClient, type TestClientOptions } from '../../src/testing/index.ts';
import { createWebhookReceiver, type WebhookHandlers } from '../../src/webhooks/index.ts';
import { appMessageBody } from '../support/webhooks.ts';

/** The whole round trip: message, reply, receiver, next message. Only 8x8 is emulated. */

const PERSON = '+6591234567';
const SECRET = 'Basic a-secret-of-enough-characters';
const CONFIRMATION = 'You will get no more messages from Example.';
const WELCOME = 'Welcome back to Example.';
const advert = {
  destination: PERSON,
  source: '+6580000001',
  text: 'Two for one, this week only',
  purpose: 'marketing',
} as const;

async function startShop(handlers: WebhookHandlers = {}, options: TestClientOptions = {}) {
  const test = createTestClient({
    guards: { consent: { inbound: { optOutReply: CONFIRMATION, optInReply: WELCOME } } },
    ...options,
  });
  const receiver = createWebhookReceiver({
    client: test.sms,
    authentication: { authorization: SECRET },
    handlers,
  });
  test.emulator.connect(receiver.handle, { authorization: SECRET });
  await test.sms.consent.grant(PERSON, { source: 'web-form', evidence: 'form 4711' });
  test.clock.advance(60_000);
  await test.sms.messages.send(advert);
  test.clock.advance(60_000);
  const texts = () => test.outbox.to(PERSON).map(({ text }) => text);
  return { ...test, receiver, texts };
}

describe('a person who answers STOP to an advert', () => {
  it('gets one confirmation and no more adverts', async () => {
    const { sms, emulator, texts, outbox, clock } = await startShop();
    expect(await emulator.reply(PERSON, 'Stop. Thank you')).toMatchObject({ status: 200 });

    const refused = await sms.messages.send(advert).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConsentError);
    expect(refused).toMatchObject({ code: 'consent', reason: 'opted-out', submission: 'not-submitted' });
    expect(texts()).toEqual([advert.text, CONFIRMATION]);
    expect(outbox.lastTo(PERSON).from).toBe(advert.source);

    // A second STOP changes nothing, and the confirmation stays the only one.
    clock.advance(60_000);
    expect(await emulator.reply(PERSON, 'STOP')).toMatchObject({ status: 200 });
    expect(texts()).toEqual([advert.text, CONFIRMATION]);
    await expect(sms.messages.send({ ...advert, purpose: 'transactional' })).rejects.toBeInstanceOf(
      ConsentError,
    );
  });

  it('is opted out when the answer comes through the Messaging Apps channel sms', async () => {
    const { sms, emulator, texts, outbox } = await startShop();
    expect(await emulator.reply(PERSON, 'STOP', { channel: 'sms' })).toMatchObject({ status: 200 });
    await expect(sms.messages.send(advert)).rejects.toMatchObject({ code: 'consent', reason: 'opted-out' });
    expect(texts()).toEqual([advert.text, CONFIRMATION]);
    // The ID of the channel is not a sender ID.
    expect(outbox.lastTo(PERSON).from).toBe('EMULATOR');
  });

  it('is opted out by a tap on "Stop", and by a message without an ID', async () => {
    for (const payload of [
      { type: 'Interactive', content: { interactive: { button_reply: { id: 'b1', title: 'Stop' } } } },
      { umid: null },
    ]) {
      const { sms, receiver, clock } = await startShop();
      const timestamp = new Date(clock.now()).toISOString();
      const request = new Request('https://shop.example', {
        method: 'POST',
        headers: { authorization: SECRET },
        body: JSON.stringify(appMessageBody({ timestamp, ...payload })),
      });
      expect((await receiver.handle(request)).status).toBe(200);
      await expect(sms.messages.send(advert)).rejects.toMatchObject({ code: 'consent', reason: 'opted-out' });
    }
  });

  it('is opted out through another channel only when the receiver names it', async () => {
    const { sms, emulator } = await startShop();
    expect(await emulator.reply(PERSON, 'STOP', { channel: 'whatsapp' })).toMatchObject({ status: 200 });
    await sms.messages.send(advert);
    const receiver = createWebhookReceiver({
      client: sms,
      authentication: 'none',
      handlers: {},
      channels: ['sms', 'whatsapp'],
    });
    emulator.connect(receiver.handle);
    expect(await emulator.reply(PERSON, 'STOP', { channel: 'whatsapp' })).toMatchObject({ status: 200 });
    await expect(sms.messages.send(advert)).rejects.toMatchObject({ code: 'consent', reason: 'opted-out' });
  });

  it('leaves a history with the time and the text', async () => {
    const { sms, emulator, clock } = await startShop();
    const { event } = await emulator.reply(PERSON, 'STOP');
    const [granted, revoked] = await sms.consent.history(PERSON);
    expect(granted).toMatchObject({ state: 'opted-in', source: 'web-form', evidence: 'form 4711' });
    expect(revoked).toMatchObject({
      state: 'opted-out',
      source: 'inbound-sms',
      text: 'STOP',
      at: clock.now(),
      messageId: (event.payload as { umid: string }).umid,
    });
  });

  it('is processed once when the webhook arrives three times', async () => {
    const heard: string[] = [];
    const { sms, emulator, texts } = await startShop({
      onInbound: ({ body }, { consent }) => void heard.push(`${body} ${consent.intent} ${consent.reply}`),
    });
    await emulator.reply(PERSON, 'STOP');
    expect(await emulator.redeliver()).toMatchObject({ status: 200 });
    expect(await emulator.redeliver()).toMatchObject({ status: 200 });
    expect(heard).toEqual(['STOP opt-out sent']);
    expect(texts()).toEqual([advert.text, CONFIRMATION]);
    expect(await sms.consent.history(PERSON)).toHaveLength(2);
  });

  it('is processed although the handler throws, and the handler gets it again', async () => {
    let calls = 0;
    const { sms, emulator, texts, clock } = await startShop({
      onInbound() {
        calls += 1;
        if (calls === 1) throw new Error('the database of the shop is down');
      },
    });
    expect(await emulator.reply(PERSON, 'STOP')).toMatchObject({ status: 500 });
    await expect(sms.messages.send(advert)).rejects.toBeInstanceOf(ConsentError);
    clock.advance(1_000);
    expect(await emulator.retryDue()).toMatchObject([{ status: 200, attempt: 2 }]);
    expect(calls).toBe(2);
    expect(texts()).toEqual([advert.text, CONFIRMATION]);
    expect(await sms.consent.history(PERSON)).toHaveLength(2);
  });

  it('is not opted out by a sender who only claims to be 8x8', async () => {
    const { sms, emulator, receiver, texts } = await startShop();
    emulator.connect(receiver.handle, { authorization: 'Basic a-guess-of-enough-characters' });
    expect(await emulator.reply(PERSON, 'STOP')).toMatchObject({ status: 401 });
    await sms.messages.send(advert);
    expect(texts()).toEqual([advert.text, advert.text]);
  });

  it('comes back with START', async () => {
    const { sms, emulator, texts, clock } = await startShop();
    await emulator.reply(PERSON, 'STOP');
    clock.advance(60_000);
    expect(await emulator.reply(PERSON, 'start')).toMatchObject({ status: 200 });
    await sms.messages.send(advert);
    expect(texts()).toEqual([advert.text, CONFIRMATION, WELCOME, advert.text]);
    const states = (await sms.consent.history(PERSON)).map(({ state }) => state);
    expect(states).toEqual(['opted-in', 'opted-out', 'opted-in']);
  });
});

describe('a network report', () => {
  it('reaches the handler as an event, and the message as its state', async () => {
    const seen: string[] = [];
    const { emulator, outbox } = await startShop({
      onDeliveryReceipt: ({ status, destination }) => void seen.push(`${destination} ${status.state}`),
    });
    expect(await emulator.report(PERSON, 'sent')).toMatchObject({ status: 200 });
    expect(await emulator.report(PERSON, 'delivered')).toMatchObject({ status: 200 });
    expect(await emulator.redeliver()).toMatchObject({ status: 200 });
    expect(seen).toEqual([`${PERSON} sent`, `${PERSON} delivered`]);
    expect(outbox.lastTo(PERSON).state).toBe('delivered');
  });

  it('reaches the guards: a number that does not exist gets no more messages', async () => {
    const { sms, emulator } = await startShop();
    await emulator.report(PERSON, { state: 'undelivered', errorCode: 59 });
    await expect(sms.messages.send(advert)).rejects.toMatchObject({ submission: 'not-submitted' });
  });

  it('has its own events for clicks and answers', async () => {
    const seen: string[] = [];
    const { sms, emulator } = await startShop({
      onShortUrlClick: ({ shortUrl }) => void seen.push(shortUrl),
      onSurveyAnswer: ({ answers }) => void seen.push(answers.map(({ answer }) => answer).join()),
      onUnknown: ({ namespace }) => void seen.push(String(namespace)),
    });
    await sms.surveys.send({
      surveyId: '8f5b0e2e-0000-4000-8000-000000000001',
      destination: PERSON,
      templateBody: 'Were we good? {{url}}',
    });
    expect(await emulator.click(PERSON)).toMatchObject({ status: 200 });
    expect(await emulator.answerSurvey(PERSON, [{ question: 'Good?', answer: 'Yes' }])).toMatchObject({
      status: 200,
    });
    expect(seen).toEqual([expect.stringMatching(/^http:\/\/s\.test\//), 'Yes']);
  });
});

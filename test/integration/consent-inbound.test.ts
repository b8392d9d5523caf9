import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { INBOUND_PORT, type InboundPort } from '../../src/webhooks/inbound-port.ts';
import { numberOf, testClient } from '../support/client.ts';
import { createFakeClock, NOON } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { failureOf } from '../support/transport.ts';

const person = numberOf(1);
const sale = { destination: person, text: 'Sale', purpose: 'marketing' } as const;
const inbound = { optOutReply: 'You will get no more messages.', helpReply: 'Example: +65 6123 4567' };

function start(clock = createFakeClock()) {
  const ledger = memoryConsentLedger();
  const client = testClient({ clock, guards: { consent: { ledger, inbound } } }, { clock });
  const inboundPort = (client.sms as unknown as { readonly [INBOUND_PORT]: InboundPort })[INBOUND_PORT];
  const apply = (...words: Parameters<typeof textOf>) =>
    inboundPort.run(undefined, (call) => inboundPort.applyInbound(textOf(...words), call));
  return { ...client, ledger, clock, inboundPort, apply };
}

describe('inbound texts from the receiver', () => {
  it('request, YES, advertising, STOP, silence, START, advertising', async () => {
    const { sms, clock, apply, emulator } = start();
    await sms.consent.requestOptIn(person, { text: 'Reply YES to get offers.' });
    const write = (body: string) => {
      clock.advance(60_000);
      return apply(body, { at: clock.now() });
    };
    expect(await write('Yes!')).toMatchObject({ intent: 'confirm' });
    await sms.messages.send(sale);
    expect(await write('STOP')).toMatchObject({ intent: 'opt-out', reply: 'sent' });
    expect(await failureOf(sms.messages.send(sale))).toMatchObject({ code: 'consent', reason: 'opted-out' });
    expect(await write('START')).toMatchObject({ intent: 'opt-in', recorded: { scope: 'marketing' } });
    await sms.messages.send(sale);
    expect((await sms.consent.history(person)).map(({ state }) => state)).toEqual([
      'requested',
      'opted-in',
      'opted-out',
      'opted-in',
    ]);
    expect(emulator.requests.map(({ body }) => (body as { text: string }).text)).toEqual([
      'Reply YES to get offers.',
      'Sale',
      inbound.optOutReply,
      'Sale',
    ]);
  });

  it("are handled within the receiver's call, so that closing waits for them", async () => {
    const { sms, inboundPort } = start();
    const taken = inboundPort.run(undefined, async (call) => {
      const closed = sms.close();
      const result = await inboundPort.applyInbound(textOf('STOP'), call);
      return { result, closed };
    });
    const { result, closed } = await taken;
    expect(result).toMatchObject({ intent: 'opt-out', reply: 'sent' });
    await closed;
    expect(await failureOf(sms.consent.handleInbound(textOf('STOP')))).toMatchObject({
      code: 'configuration',
    });
  });

  it('record nothing after the call has ended, and fail', async () => {
    const { sms, inboundPort, ledger } = start();
    const controller = new AbortController();
    const taken = inboundPort.run({ signal: controller.signal }, (call) => {
      controller.abort();
      return inboundPort.applyInbound(textOf('STOP'), call);
    });
    expect(await failureOf(taken)).toMatchObject({ code: 'aborted' });
    expect(await ledger.history(person)).toEqual([]);
    expect(await sms.consent.status(person)).toBeUndefined();
  });

  it('get replies that count against the limits', async () => {
    const clock = createFakeClock();
    const guards = { recipient: { limit: 1, windowMs: 60_000 }, consent: { inbound } };
    const { sms, of } = testClient({ clock, guards }, { clock });
    await sms.messages.send({ destination: person, text: 'Your order left' });
    expect(await sms.consent.handleInbound(textOf('HELP'))).toEqual({ intent: 'help', reply: 'failed' });
    expect(of('message-blocked')).toMatchObject([{ decision: { guard: 'recipient', reason: 'over-limit' } }]);
  });

  it('are confirmed once by two clients of one process and ledger', async () => {
    const one = start();
    const other = one.sms.withOptions({ subAccountId: 'marketing' });
    const results = await Promise.all([
      one.sms.consent.handleInbound(textOf('STOP', { at: NOON - 2 })),
      other.consent.handleInbound(textOf('STOP', { at: NOON - 1 })),
    ]);
    expect(results.map(({ reply }) => reply).toSorted()).toEqual(['sent', 'skipped']);
  });
});

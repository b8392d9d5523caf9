import { describe, expect, it } from 'vitest';
import type { VerificationStart } from '../../../src/index.ts';
import { numberOf, testClient } from '../../support/client.ts';

async function failureOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => expect.fail('it was let through'),
    (error: unknown) => error,
  );
}

/** A client in whose block of numbers strangers get no SMS any more, not even those who pass a captcha. */
async function heldClient() {
  const pumping = { mode: 'enforce', action: 'ask' } as const;
  const client = testClient({
    guards: { recipient: false, backoff: false, pumping, human: { verify: async () => ({ passed: true }) } },
  });
  const { sms, emulator } = client;
  const text = { text: 'Your code is 4711', purpose: 'otp' } as const;
  for (let index = 0; index < 8; index += 1)
    await sms.messages.send({ destination: numberOf(index), ...text });
  for (let index = 8; index < 16; index += 1) {
    await sms.messages.send({ destination: numberOf(index), ...text, human: { passed: true } });
  }
  const before = emulator.requests.length;
  const start = (more: Partial<VerificationStart> = {}) =>
    sms.verifications.start({ destination: numberOf(20), human: { passed: true }, ...more });
  const bodies = () => emulator.requests.slice(before).map(({ body }) => body);
  return { ...client, start, bodies };
}

describe('fallbackChannels', () => {
  it('moves a code to a channel that pays no fraudster, and says which', async () => {
    const { start, bodies, of } = await heldClient();
    expect(await failureOf(start())).toMatchObject({ reason: 'other-channel-needed' });
    const started = await start({
      fallbackChannels: ['call', 'whatsapp', 'viber'],
      whatsapp: { templateName: 'otp' },
      template: '{code} is your code',
      brand: 'Team',
    });
    expect(started).toMatchObject({ status: 'WAITING', channel: 'whatsapp' });
    expect(bodies()).toEqual([
      { destination: numberOf(20), channel: 'whatsapp', whatsapp: { templateName: 'otp' }, brand: 'Team' },
    ]);
    expect(of('verification-started').at(-1)).toMatchObject({ channel: 'whatsapp' });
  });

  it('verifies the token of a captcha once for all channels', async () => {
    const { start } = await heldClient();
    expect(await start({ human: { token: 'token-1' }, fallbackChannels: ['viber'] })).toMatchObject({
      channel: 'viber',
    });
    const again = start({
      destination: numberOf(21),
      human: { token: 'token-1' },
      fallbackChannels: ['viber'],
    });
    expect(await failureOf(again)).toMatchObject({ reason: 'token-used' });
  });

  it('asks for a captcha first, and throws the last refusal when no channel is left', async () => {
    const { start, bodies } = await heldClient();
    const asked = start({ human: undefined, fallbackChannels: ['viber'] });
    expect(await failureOf(asked)).toMatchObject({ reason: 'captcha-needed', action: 'ask' });
    const called = start({ fallbackChannels: ['sms', 'call'], template: '{code}', language: 'en-US' });
    expect(await failureOf(called)).toMatchObject({ reason: 'other-channel-needed' });
    expect(bodies()).toEqual([]);
  });

  it('stops at an error of 8x8', async () => {
    const { start, emulator } = await heldClient();
    emulator.failNext({ status: 500 });
    expect(
      await failureOf(start({ fallbackChannels: ['viber', 'whatsapp'], whatsapp: { templateName: 'otp' } })),
    ).toMatchObject({
      code: 'server',
      submission: 'unknown',
    });
  });

  it('is not sent to 8x8, and names no channel where the first one is free', async () => {
    const { sms, emulator } = testClient();
    const started = await sms.verifications.start({ destination: numberOf(1), fallbackChannels: ['viber'] });
    expect(started).not.toHaveProperty('channel');
    expect(emulator.requests[0]?.body).toEqual({ destination: numberOf(1) });
  });

  it.each<[object, string]>([
    [{ fallbackChannels: [] }, 'fallbackChannels'],
    [{ fallbackChannels: ['fax'] }, 'fallbackChannels[0]'],
    [{ fallbackChannels: 'viber' }, 'fallbackChannels'],
    [{ fallbackChannels: ['whatsapp'] }, ''],
  ])('refuses %j', async (fields, path) => {
    const { sms } = testClient();
    const error = await failureOf(sms.verifications.start({ destination: numberOf(1), ...fields } as never));
    expect(error).toMatchObject({ code: 'validation', path });
    expect(await failureOf(sms.verifications.start(null as never))).toMatchObject({ code: 'validation' });
  });
});

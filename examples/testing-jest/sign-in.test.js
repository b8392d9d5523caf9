const { describe, expect, test } = require('@jest/globals');
const { LimitError } = require('8x8-sms-guard');
const { createTestClient } = require('8x8-sms-guard/testing');
const { createSignIn } = require('./sign-in.js');

const ANN = '+6591234567';

describe('signing in', () => {
  test('takes the code that was sent, once', async () => {
    const { sms, outbox } = createTestClient();
    const signIn = createSignIn(sms);
    await signIn.sendCode(ANN);

    const code = outbox.codeTo(ANN);

    expect(await signIn.check(ANN, 'wrong')).toBe(false);
    expect(await signIn.check(ANN, code)).toBe(true);
    expect(await signIn.check(ANN, code)).toBe(false);
  });

  test('asks to wait longer and longer, until the person succeeds', async () => {
    const { sms, outbox, clock } = createTestClient();
    const signIn = createSignIn(sms);
    await signIn.sendCode(ANN);
    for (const waitMs of [30_000, 60_000, 120_000]) {
      clock.advance(waitMs - 1);
      await expect(signIn.sendCode(ANN)).rejects.toMatchObject({ code: 'limit', retryAfterMs: 1 });
      clock.advance(1);
      await signIn.sendCode(ANN);
    }

    const error = await signIn.sendCode(ANN).catch((reason) => reason);
    expect(LimitError.isInstance(error)).toBe(true);
    expect(outbox.to(ANN)).toHaveLength(4);

    expect(await signIn.check(ANN, outbox.codeTo(ANN))).toBe(true);
    await signIn.sendCode(ANN);
    expect(outbox.to(ANN)).toHaveLength(5);
  });

  test('says so when 8x8 is down', async () => {
    const { sms, emulator, outbox } = createTestClient();
    emulator.failNext('503');
    await expect(createSignIn(sms).sendCode(ANN)).rejects.toMatchObject({ submission: 'unknown' });
    expect(outbox.all).toEqual([]);
  });
});

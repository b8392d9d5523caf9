import { describe, expect, it } from 'vitest';
import type { VerificationAttemptsGuardOptions } from '../../../src/index.ts';
import { LimitError, memoryLimits, SmsClient, StoreError } from '../../../src/index.ts';
import { CANARY_NUMBER, expectNoCanary } from '../../support/canary.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { failureOf } from '../../support/transport.ts';

const minute = 60_000;
const unlimited = { recipient: false, backoff: false, prefix: false } as const;

/** Sessions that wait, one a number, and a way to try a wrong code. */
async function guessing(
  verificationAttempts: false | VerificationAttemptsGuardOptions | undefined,
  numbers = 1,
) {
  const client = testClient({ guards: { ...unlimited, verificationAttempts } });
  const sessions: string[] = [];
  for (let index = 0; index < numbers; index += 1) {
    sessions.push((await client.sms.verifications.start({ destination: numberOf(index) })).sessionId);
  }
  const attempt = (index = 0, clientIp?: string, code = 'XXXX') =>
    client.sms.verifications.check(sessions[index] ?? '', { code, destination: numberOf(index), clientIp });
  const codeOf = (index: number) => client.emulator.verifications[index]?.code ?? '';
  return { ...client, attempt, codeOf };
}

async function triesUntilRefused(attempt: (turn: number) => Promise<unknown>): Promise<number> {
  for (let turn = 0; ; turn += 1) {
    const error = await attempt(turn).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) continue;
    expect(error).toBeInstanceOf(LimitError);
    return turn;
  }
}

describe('verificationAttempts', () => {
  it('allows 20 codes an hour and number, as it comes', async () => {
    const { attempt, of, clock } = await guessing(undefined);
    expect(await triesUntilRefused(() => attempt())).toBe(20);
    const error = await failureOf(attempt());
    expect(error).toMatchObject({
      guard: 'verificationAttempts',
      reason: 'over-limit',
      retryAfterMs: 3_600_000,
      decision: {
        rule: 'verification-attempts:number',
        observed: 20,
        limit: 20,
        destination: '+65******00',
      },
    });
    expect((error as Error).message).toContain('20 of 20 codes allowed in 1 h were tried for this number');
    expect(of('message-blocked').at(-1)).toMatchObject({
      decision: { guard: 'verificationAttempts' },
      purpose: 'otp',
    });
    clock.advance(3_600_000);
    expect(await attempt()).toMatchObject({ verified: false });
  });

  it('allows 100 codes an hour and client address, whatever the numbers', async () => {
    const { attempt } = await guessing(undefined, 11);
    const tries = await triesUntilRefused((turn) => attempt(turn % 11, '203.0.113.7'));
    expect(tries).toBe(100);
    const error = await failureOf(attempt(0, '203.0.113.7'));
    expect((error as Error).message).toContain('were tried from this address');
    expect(error).toMatchObject({ decision: { rule: 'verification-attempts:ip' } });
    expect(await attempt(0, '203.0.113.8')).toMatchObject({ verified: false });
    expect(await attempt(0)).toMatchObject({ verified: false });
  });

  it('takes from both limits or from none', async () => {
    const options = {
      perNumber: { limit: 2, windowMs: minute },
      perClientIp: { limit: 1, windowMs: minute },
    };
    const { attempt } = await guessing(options);
    await attempt(0, '203.0.113.7');
    await failureOf(attempt(0, '203.0.113.7'));
    await failureOf(attempt(0, '203.0.113.7'));
    expect(await attempt(0, '203.0.113.8')).toMatchObject({ verified: false });
    expect(await failureOf(attempt(0))).toMatchObject({
      decision: { rule: 'verification-attempts:number' },
    });
  });

  it('gives a right code back', async () => {
    const client = await guessing({ perNumber: { limit: 1, windowMs: minute } });
    expect(await client.attempt(0, undefined, client.codeOf(0))).toMatchObject({ verified: true });
    const { counters } = await client.sms.guards.inspect(numberOf(0), { guard: 'verificationAttempts' });
    expect(counters).toMatchObject([{ count: 0 }]);
  });

  it('counts tries that race as they are', async () => {
    const { attempt } = await guessing({ perNumber: { limit: 3, windowMs: minute } });
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => attempt()));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('monitor mode tells and lets pass', async () => {
    const { attempt, of } = await guessing({ mode: 'monitor', perNumber: { limit: 1, windowMs: minute } });
    await attempt();
    expect(of('guard-observed')).toEqual([]);
    await attempt();
    expect(of('guard-observed')).toMatchObject([
      {
        destination: '+65******00',
        decision: { guard: 'verificationAttempts', mode: 'monitor', observed: 1, limit: 1 },
      },
    ]);
  });

  it.each<[string, false | VerificationAttemptsGuardOptions]>([
    ['false', false],
    ['both limits false', { perNumber: false, perClientIp: false }],
  ])('%s switches it off', async (_, options) => {
    const { attempt, sms } = await guessing(options);
    for (let turn = 0; turn < 25; turn += 1) await attempt(0, '203.0.113.7');
    const { counters } = await sms.guards.inspect(numberOf(0));
    expect(counters.filter(({ guard }) => guard === 'verificationAttempts')).toEqual([]);
  });

  it('perNumber false leaves the limit per address', async () => {
    const { attempt } = await guessing({ perNumber: false, perClientIp: { limit: 1, windowMs: minute } });
    expect(await triesUntilRefused(() => attempt(0, '203.0.113.7'))).toBe(1);
  });

  it('is seen and lifted at the support desk', async () => {
    const { attempt, sms } = await guessing({ perNumber: { limit: 1, windowMs: minute } });
    await attempt();
    const { counters, refusals } = await sms.guards.inspect(numberOf(0), { guard: 'verificationAttempts' });
    expect(counters).toEqual([
      {
        guard: 'verificationAttempts',
        rule: 'verification-attempts:number',
        count: 1,
        limit: 1,
        windowMs: minute,
      },
    ]);
    expect(refusals).toMatchObject([{ guard: 'verificationAttempts', purpose: 'otp', reason: 'over-limit' }]);
    await sms.guards.release(numberOf(0), { guard: 'verificationAttempts' });
    expect(await attempt()).toMatchObject({ verified: false });
  });

  it('does not count messages', async () => {
    const { sms } = testClient({
      guards: { verificationAttempts: { perNumber: { limit: 1, windowMs: minute } } },
    });
    for (const text of ['a', 'b']) await sms.messages.send({ destination: numberOf(0), text });
  });

  it('refuses when the store fails, and asks nothing', async () => {
    const limits = memoryLimits();
    const client = testClient({ limits });
    const { sessionId } = await client.sms.verifications.start({ destination: CANARY_NUMBER });
    limits.take = async () => Promise.reject(new Error(CANARY_NUMBER));
    const check = { code: '4711', destination: CANARY_NUMBER };
    const error = await failureOf(client.sms.verifications.check(sessionId, check));
    expect(error).toBeInstanceOf(StoreError);
    expectNoCanary(error);
    expect(client.emulator.requests).toHaveLength(1);
  });

  it.each([
    [{ perNumber: { limit: 0, windowMs: minute } }, 'guards.verificationAttempts.perNumber.limit'],
    [{ perNumber: { limit: 1 } }, 'guards.verificationAttempts.perNumber.windowMs'],
    [{ perIp: false }, 'guards.verificationAttempts.perIp'],
    [{ mode: 'watch' }, 'guards.verificationAttempts.mode'],
    [true, 'guards.verificationAttempts'],
  ])('refuses the options %j', (verificationAttempts, option) => {
    const make = () =>
      new SmsClient({
        apiKey: 'a',
        subAccountId: 'team',
        guards: { verificationAttempts: verificationAttempts as never },
      });
    expect(make).toThrow(expect.objectContaining({ code: 'configuration', option }));
  });
});

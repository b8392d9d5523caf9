import { describe, expect, it } from 'vitest';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { GuardError } from '../../src/errors.ts';
import type { CustomGuard } from '../../src/guards/custom.ts';
import type { GuardedMessage } from '../../src/guards/guarded-message.ts';
import type { PolicyAnswer, PolicyGuardOptions } from '../../src/guards/policy.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { SmsMessage } from '../../src/sending/sms-message.ts';
import { numberOf, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { failureOf } from '../support/transport.ts';

const message = { destination: numberOf(1), text: 'Your code is 4711', purpose: 'otp' } as const;

function withPolicy(policy: PolicyGuardOptions, more: SmsClientOptions['guards'] = {}) {
  return testClient({ onError: () => {}, guards: { policy, backoff: false, ...more } });
}

const withCustom = (guard: Omit<CustomGuard, 'name'>, options: SmsClientOptions = {}) =>
  testClient({
    onError: () => {},
    ...options,
    guards: { backoff: false, custom: { guards: [{ name: 'own', ...guard }], timeoutMs: 20 } },
  });

async function refusalOf(sending: Promise<unknown>): Promise<GuardError> {
  const error = await failureOf(sending);
  expect(error).toBeInstanceOf(GuardError);
  return error as GuardError;
}

describe('policy', () => {
  it('sees the visitor, the place, the text and the decisions of guards that watch', async () => {
    const seen: GuardedMessage[] = [];
    const decide = (guarded: GuardedMessage): PolicyAnswer => {
      seen.push(guarded);
      return { action: 'allow' };
    };
    const { sms, emulator } = withPolicy({ decide }, { countries: { allow: ['ID'], mode: 'monitor' } });
    const visitor = {
      subject: 'cookie-1',
      device: 'device-1',
      origin: 'signup',
      clientIp: '203.0.113.7',
      returning: true,
      human: { passed: true, score: 0.9 },
    };
    await sms.messages.send({ ...message, ...visitor, source: 'TEAM', clientMessageId: 'id-1' });
    expect(seen).toEqual([
      {
        clientMessageId: 'id-1',
        country: 'SG',
        source: 'TEAM',
        ...message,
        ...visitor,
        decisions: [
          expect.objectContaining({ guard: 'countries', reason: 'country-not-allowed', mode: 'monitor' }),
        ],
        isDryRun: false,
      },
    ]);
    expect(JSON.stringify(emulator.requests ?? [])).not.toContain('device-1');
    await sms.guards.explain(message);
    expect(seen.at(-1)).toMatchObject({ isDryRun: true, decisions: [{ guard: 'countries' }] });
  });

  it('sends no device and no origin to 8x8, in any method that takes them', async () => {
    const bodies: string[] = [];
    const fetch = async (_: unknown, init?: RequestInit) => {
      bodies.push(String(init?.body));
      return Response.json({});
    };
    const { sms } = testClient({ fetch, oneTimePasswords: { secret: 's'.repeat(32) } });
    const visitor = { destination: numberOf(1), device: 'device-1', origin: 'signup' };
    await failureOf(sms.messages.send({ ...visitor, text: 'Hello' }));
    await failureOf(sms.verifications.start({ ...visitor, destination: numberOf(2), brand: 'Team' }));
    const text = ({ code }: { code: string }) => `Your code is ${code}`;
    await failureOf(sms.oneTimePasswords.issue({ ...visitor, destination: numberOf(3), subject: 'x', text }));
    expect(bodies).toHaveLength(3);
    for (const body of bodies) expect(body).not.toMatch(/device|signup/);
  });

  it('refuses with the reason of the team, in which numbers are masked', async () => {
    const decide = async (): Promise<PolicyAnswer> => ({
      action: 'refuse',
      reason: `risk 0.97 of ${numberOf(1)}`,
    });
    const { sms, emulator, of } = withPolicy({ decide });
    const error = await refusalOf(sms.messages.send(message));
    expect(error).toMatchObject({ guard: 'policy', reason: 'refused', action: 'refuse' });
    expect(error.decision.detail).toBe('risk 0.97 of +65******01');
    expect(of('message-blocked')).toMatchObject([{ decision: { detail: 'risk 0.97 of +65******01' } }]);
    expect(emulator.messages).toEqual([]);
  });

  it('asks for a person, and lets the message through when the policy is content', async () => {
    const decide = ({ human }: GuardedMessage): PolicyAnswer => ({ action: human?.passed ? 'allow' : 'ask' });
    const { sms } = withPolicy({ decide });
    expect(await refusalOf(sms.messages.send(message))).toMatchObject({
      reason: 'captcha-needed',
      action: 'ask',
      decision: { action: 'ask' },
    });
    await sms.messages.send({ ...message, human: { passed: true } });
  });

  it('only watches in monitor mode, and is asked about its purposes only', async () => {
    let asked = 0;
    const decide = (): PolicyAnswer => {
      asked += 1;
      return { action: 'refuse' };
    };
    const watching = withPolicy({ decide, mode: 'monitor' });
    await watching.sms.messages.send(message);
    expect(watching.of('guard-observed')).toMatchObject([
      { decision: { guard: 'policy', reason: 'refused' } },
    ]);
    const { sms } = withPolicy({ decide, purposes: ['otp'] });
    await sms.messages.send({ ...message, purpose: 'transactional' });
    expect(asked).toBe(1);
  });

  it.each<[string, PolicyGuardOptions['decide']]>([
    ['threw', () => Promise.reject(new Error('down'))],
    ['timed-out', () => new Promise(() => {})],
    ['unreadable', () => true as never],
    ['unreadable', () => ({ action: 'maybe' }) as never],
    ['unreadable', () => undefined as never],
  ])('%s: fails closed as an outage, or open by choice', async (reason, decide) => {
    const closed = withPolicy({ decide, timeoutMs: 5 });
    expect(await refusalOf(closed.sms.messages.send(message))).toMatchObject({ reason, outage: true });
    const open = withPolicy({ decide, timeoutMs: 5, onFailure: 'allow' });
    await open.sms.messages.send(message);
    expect(open.emulator.messages).toHaveLength(1);
  });

  it('ends with its call, and has decided nothing then', async () => {
    const controller = new AbortController();
    const decide = (_: unknown, { signal }: { readonly signal?: AbortSignal | undefined }) => {
      controller.abort();
      return new Promise<PolicyAnswer>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    };
    const { sms, emulator } = withPolicy({ decide, onFailure: 'allow' });
    const error = await failureOf(sms.messages.send(message, { signal: controller.signal }));
    expect(error).toMatchObject({ code: 'aborted', submission: 'not-submitted' });
    expect(emulator.messages).toEqual([]);
  });
});

describe('custom', () => {
  it('counts a key once that a message names twice, and fails no message beside it', async () => {
    const rulesOf =
      (limits: readonly [number, number]) =>
      ({ device, subject }: GuardedMessage) =>
        [device, subject].map((key, index) => {
          return { id: 'day', key: `${key}`, limit: limits[index] as number, windowMs: 86_400_000 };
        });
    const twice = { ...message, device: 'same', subject: 'same' };
    const both = [twice, { ...message, destination: numberOf(2), device: 'one', subject: 'two' }];
    const { sms } = withCustom({ rules: rulesOf([5, 5]) });
    const { results } = await sms.messages.sendBatch({ messages: both });
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'accepted']);
    const { sms: other } = withCustom({ rules: rulesOf([5, 6]) });
    const unreadable = await other.messages.sendBatch({ messages: both });
    expect(unreadable.results).toMatchObject([
      { status: 'blocked', error: { guard: 'custom', reason: 'unreadable' } },
      { status: 'accepted' },
    ]);
  });

  it('and policy learn that guards.inspect sends nothing', async () => {
    const dry: boolean[] = [];
    const { sms } = withCustom({ check: ({ isDryRun }) => void dry.push(isDryRun) });
    await sms.guards.inspect(message.destination);
    expect(new Set(dry)).toEqual(new Set([true]));
  });

  it('looks, asks and counts with guards of the team', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const day = { id: 'day', limit: 2, windowMs: 86_400_000 };
    const guard: Omit<CustomGuard, 'name'> = {
      check: ({ origin }) => (origin === 'bot' ? { detail: 'a bot' } : undefined),
      ask: async (messages) =>
        messages.map(({ device }) => (device === 'rooted' ? { detail: 'rooted', action: 'ask' } : undefined)),
      rules: ({ device }) => (device === undefined ? [] : [{ ...day, key: device }]),
    };
    const clients = [1, 2].map(() => withCustom(guard, { clock, limits, scope: 'shop' }));
    const send = (turn: number, more: Partial<SmsMessage>) =>
      clients[turn % 2]?.sms.messages.send({ ...message, ...more }) as Promise<unknown>;
    expect(await refusalOf(send(0, { origin: 'bot' }))).toMatchObject({
      guard: 'custom',
      reason: 'refused',
      decision: { rule: 'custom:own', detail: 'a bot' },
    });
    expect(await refusalOf(send(0, { device: 'rooted' }))).toMatchObject({
      reason: 'captcha-needed',
      action: 'ask',
      decision: { detail: 'rooted' },
    });
    const sent = await Promise.allSettled([0, 1, 2, 3].map((turn) => send(turn, { device: 'phone' })));
    expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await refusalOf(send(0, { device: 'phone' }))).toMatchObject({
      reason: 'over-limit',
      decision: {
        rule: 'custom:own:day',
        observed: 2,
        limit: 2,
        explanation: 'Your guard own counted 2 of 2 messages allowed in 1 d (guards.custom).',
      },
      retryAfterMs: 86_400_000,
    });
    await send(0, { device: 'other' });
  });

  it('counts in monitor mode what its check would refuse', async () => {
    const day = { id: 'day', key: 'all', limit: 1, windowMs: 86_400_000 };
    const { sms, of } = testClient({
      guards: {
        backoff: false,
        custom: {
          mode: 'monitor',
          guards: [{ name: 'own', check: () => ({ detail: 'a bot' }), rules: () => [day] }],
        },
      },
    });
    await sms.messages.send(message);
    await sms.messages.send(message);
    expect(of('guard-observed').map(({ decision }) => decision.reason)).toEqual([
      'refused',
      'refused',
      'over-limit',
    ]);
  });

  it.each<[string, Omit<CustomGuard, 'name'>]>([
    [
      'threw',
      {
        check: () => {
          throw new Error('bug');
        },
      },
    ],
    [
      'threw',
      {
        rules: () => {
          throw new Error('bug');
        },
      },
    ],
    ['threw', { ask: () => Promise.reject(new Error('down')) }],
    ['timed-out', { ask: () => new Promise(() => {}) }],
    ['unreadable', { check: () => true as never }],
    ['unreadable', { ask: async () => [] }],
    ['unreadable', { ask: async () => 'yes' as never }],
    ['unreadable', { rules: () => [{ id: 'day', key: '', limit: 1, windowMs: 1_000 }] }],
    ['unreadable', { rules: () => [{ id: 'a:b', key: 'x', limit: 1, windowMs: 1_000 }] }],
  ])('%s: refuses as an outage, and takes nothing', async (reason, guard) => {
    const { sms, emulator } = withCustom(guard);
    expect(await refusalOf(sms.messages.send(message))).toMatchObject({
      guard: 'custom',
      reason,
      outage: true,
    });
    expect(emulator.messages).toEqual([]);
    const inspection = await sms.guards.inspect(message.destination, { guard: 'recipient' });
    for (const { count } of inspection.counters) expect(count).toBe(0);
  });

  it('asks once for all messages of a batch', async () => {
    const asked: number[] = [];
    const { sms } = withCustom({
      ask: async (messages) => {
        asked.push(messages.length);
        return messages.map((_, index) => (index === 1 ? { detail: 'no' } : undefined));
      },
    });
    const { counts } = await sms.messages.sendBatch({
      destinations: [1, 2, 3].map(numberOf),
      template: { text: 'Hello' },
    });
    expect(counts).toMatchObject({ accepted: 2, blocked: 1 });
    expect(asked).toEqual([3]);
  });

  it.each([
    [{ guards: [] }, 'guards.custom.guards must be'],
    [{ guards: [{ name: 'a b' }] }, 'guards.custom.guards[0].name'],
    [{ guards: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] }, 'must not hold the same name twice'],
    [{ guards: [{ name: 'own', chekc: 1 }] }, 'chekc'],
  ])('%j is refused', (custom, text) => {
    expect(() => testClient({ guards: { custom: custom as never } })).toThrow(text);
  });
});

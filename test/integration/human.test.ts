import { describe, expect, it, vi } from 'vitest';
import {
  GuardError,
  type HumanGuardOptions,
  type HumanVerifier,
  type LimitStore,
  memoryLimits,
} from '../../src/index.ts';
import { numberOf, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;
const passes: HumanVerifier = async () => ({ passed: true });
const fails: HumanVerifier = async () => ({ passed: false, reason: 'wrong-hostname' });

function clientWith(human: HumanGuardOptions, more: Parameters<typeof testClient>[0] = {}) {
  const guards = { recipient: false, backoff: false, human, ...more.guards } as const;
  const client = testClient({ onError: () => {}, ...more, guards });
  const send = (fields: object = {}, index = 1) =>
    client.sms.messages.send({
      destination: numberOf(index),
      text: 'Your code is 4711',
      purpose: 'otp',
      ...fields,
    });
  return { ...client, send };
}

async function failureOf(request: Promise<unknown>): Promise<GuardError> {
  return request.then(
    () => expect.fail('it was let through'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(GuardError);
      return error as GuardError;
    },
  );
}

const withToken = (token = 'token-1') => ({ human: { token } });

describe('a captcha that nobody requires', () => {
  it('asks for nothing', async () => {
    const verify = vi.fn(passes);
    const { send } = clientWith({ verify });
    await send();
    expect(verify).not.toHaveBeenCalled();
  });

  it('refuses a token that nobody verifies, in every mode', async () => {
    for (const mode of ['enforce', 'monitor'] as const) {
      const error = await failureOf(clientWith({ mode }).send(withToken()));
      expect(error).toMatchObject({ guard: 'human', reason: 'no-verifier', action: 'refuse' });
      expect(error.message).toContain('guards.human.verify is not set');
    }
    await testClient({ guards: { human: false } }).sms.messages.send({
      destination: numberOf(1),
      text: 'Hello',
      human: { token: 'token-1' },
    });
  });

  it('hands token, address, signal and context to the verifier', async () => {
    const verify = vi.fn(passes);
    const { sms } = clientWith({ verify });
    const message = { destination: numberOf(1), text: 'Hello', clientIp: '203.0.113.7', ...withToken() };
    await sms.messages.send(message, { context: 'request-7' });
    expect(verify).toHaveBeenCalledWith({
      token: 'token-1',
      clientIp: '203.0.113.7',
      context: 'request-7',
      signal: expect.any(AbortSignal),
    });
  });

  it('lets a person through where another guard asks, and nobody who failed', async () => {
    const prefix = {
      ranges: [{ removedDigits: 2, limit: 1, windowMs: 60_000 }],
      action: 'ask',
      day: false,
    } as const;
    const person = clientWith({ verify: passes }, { guards: { prefix } });
    await person.send();
    expect(await failureOf(person.send({}, 2))).toMatchObject({ guard: 'prefix', reason: 'captcha-needed' });
    await person.send(withToken(), 2);
    const program = clientWith({ verify: fails }, { guards: { prefix } });
    await program.send();
    expect(await failureOf(program.send(withToken(), 2))).toMatchObject({ guard: 'prefix', action: 'ask' });
    expect(program.of('human-checked')).toMatchObject([{ outcome: 'failed', reason: 'wrong-hostname' }]);
    // Nobody has asked here.
    await program.send(withToken('token-2'));
  });
});

describe('a token', () => {
  it('is good for one message', async () => {
    const { send, clock } = clientWith({ verify: passes });
    await send(withToken());
    const error = await failureOf(send(withToken(), 2));
    expect(error).toMatchObject({ guard: 'human', reason: 'token-used', action: 'ask' });
    expect(error.message).toContain('was used for another message');
    await send(withToken('token-2'), 2);
    clock.advance(DAY_MS - 1);
    expect(await failureOf(send(withToken(), 3))).toMatchObject({ reason: 'token-used' });
  });

  it('is good for one message of those that race, over all clients of a store', async () => {
    const limits = memoryLimits();
    const clients = [clientWith({ verify: passes }, { limits }), clientWith({ verify: passes }, { limits })];
    const sends = [0, 1, 2, 3].map((index) => clients[index % 2]?.send(withToken(), index));
    const settled = await Promise.allSettled(sends);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('counts by the puzzle that was solved, where the verifier names it', async () => {
    const { send } = clientWith({ verify: async () => ({ passed: true, id: 'puzzle-1' }) });
    await send(withToken('one spelling'));
    expect(await failureOf(send(withToken('another spelling'), 2))).toMatchObject({ reason: 'token-used' });
  });

  it('stays good for a message that was not sent, and is verified once', async () => {
    const verify = vi.fn(passes);
    const { send } = clientWith({ verify }, { guards: { recipient: { limit: 1, windowMs: DAY_MS } } });
    await send();
    expect(await failureOf(send(withToken()))).toMatchObject({ guard: 'recipient' });
    await send(withToken(), 2);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('is verified for another address again', async () => {
    const verify = vi.fn<HumanVerifier>(async ({ clientIp }) => ({ passed: clientIp === '203.0.113.7' }));
    const { send } = clientWith({ verify, required: 'always' });
    await send({ ...withToken(), clientIp: '203.0.113.7' });
    const stolen = await failureOf(send({ ...withToken(), clientIp: '203.0.113.8' }, 2));
    expect(stolen).toMatchObject({ reason: 'captcha-failed' });
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('is verified once for two calls at once', async () => {
    let finish: (verification: { passed: boolean }) => void = () => {};
    const verify = vi.fn<HumanVerifier>(() => new Promise((resolve) => (finish = resolve)));
    const { send } = clientWith({ verify, required: 'always' });
    const both = [failureOf(send(withToken())), failureOf(send(withToken(), 2))];
    // The digest of the token is worked out in another thread, which takes a while on a busy machine.
    await until(() => verify.mock.calls.length > 0);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    finish({ passed: false });
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ reason: 'captcha-failed' });
    expect(verify).toHaveBeenCalledOnce();
  });

  it('is verified on when the call that began it ends', async () => {
    const controller = new AbortController();
    const verify = vi.fn<HumanVerifier>(async ({ signal }) => {
      controller.abort();
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      signal?.throwIfAborted();
      return { passed: false };
    });
    const { sms, send } = clientWith({ verify, required: 'always', onUnavailable: 'allow' });
    const message = { destination: numberOf(1), text: 'Hello', purpose: 'otp', ...withToken() } as const;
    const first = sms.messages.send(message, { signal: controller.signal }).catch((error: unknown) => error);
    const second = failureOf(send(withToken(), 2));
    expect(await first).toMatchObject({ name: 'AbortError' });
    expect(await second).toMatchObject({ reason: 'captcha-failed' });
    expect(verify).toHaveBeenCalledOnce();
  });

  it('is verified again after two minutes', async () => {
    const verify = vi.fn(fails);
    const { send, clock } = clientWith({ verify });
    await send(withToken());
    await send(withToken());
    clock.advance(120_000);
    await send(withToken());
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('is verified for each message of a batch', async () => {
    const verify = vi.fn(async ({ token }: { token: string }) => ({ passed: token !== 'bad' }));
    const { sms } = clientWith({ verify, required: 'always', purposes: ['transactional'] });
    const messages = ['good-1', 'bad', 'good-2'].map((token, index) => ({
      destination: numberOf(index),
      human: { token },
    }));
    const { results } = await sms.messages.sendBatch({
      messages: [...messages, { destination: numberOf(9) }],
      template: { text: 'Hello' },
    });
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'blocked', 'accepted', 'blocked']);
  });
});

describe('required', () => {
  it('always: everybody proves that they are a person', async () => {
    const { send } = clientWith({ verify: passes, required: 'always' });
    const error = await failureOf(send());
    expect(error).toMatchObject({
      guard: 'human',
      reason: 'captcha-needed',
      action: 'ask',
      decision: { action: 'ask' },
    });
    expect(await failureOf(send({ subject: 'device', returning: true }))).toMatchObject({
      reason: 'captcha-needed',
    });
    await send(withToken());
    await send({ human: { passed: true } });
    expect(await failureOf(send({ human: { passed: false } }))).toMatchObject({ reason: 'captcha-needed' });
    await send({ purpose: 'transactional' });
  });

  it('strangers: a known subject and a returning person pass', async () => {
    const { sms, send } = clientWith({ verify: passes, required: 'strangers' });
    expect(await failureOf(send())).toMatchObject({ reason: 'captcha-needed' });
    const stranger = await failureOf(send({ subject: 'device' }));
    expect(stranger).toMatchObject({ guard: 'human', reason: 'captcha-needed', action: 'ask' });
    expect(stranger.message).toContain('The visitor must prove that they are a person');
    await send({ returning: true });
    await send({ returning: true, subject: 'device' });
    const { umid } = await send({ ...withToken(), subject: 'device' });
    await sms.messages.feedback(umid, { outcome: 'success', destination: numberOf(1), subject: 'device' });
    await send({ subject: 'device' });
    expect(await failureOf(send({ subject: 'other' }))).toMatchObject({ reason: 'captcha-needed' });
    await send({ subject: 'other', purpose: 'transactional' });
  });

  it('strangers: a known subject passes on a store that takes a second', async () => {
    const clock = createFakeClock();
    const memory = memoryLimits({ clock });
    const limits: LimitStore = {
      settle: (...given) => memory.settle(...given),
      inspect: (...given) => memory.inspect(...given),
      release: (...given) => memory.release(...given),
      async take(...given) {
        const verdicts = await memory.take(...given);
        clock.advance(1_000);
        return verdicts;
      },
    };
    const { sms, send } = clientWith({ required: 'strangers' }, { clock, limits });
    const { umid } = await send({ ...withToken(), human: { passed: true }, subject: 'device-7' });
    await sms.messages.feedback(umid, { outcome: 'success', destination: numberOf(1), subject: 'device-7' });
    expect(await send({ subject: 'device-7' })).toMatchObject({ status: 'accepted' });
  });

  it('names a captcha that failed', async () => {
    const { send, of } = clientWith({ verify: fails, required: 'always' });
    expect(await failureOf(send(withToken()))).toMatchObject({ reason: 'captcha-failed', action: 'ask' });
    expect(of('message-blocked')).toMatchObject([{ decision: { guard: 'human', reason: 'captcha-failed' } }]);
  });

  it('only reports in monitor mode', async () => {
    const { send, of } = clientWith({ verify: passes, required: 'strangers', mode: 'monitor' });
    await send();
    await send({ subject: 'device' });
    await send(withToken());
    await send(withToken());
    expect(of('guard-observed').map(({ decision }) => decision.rule ?? decision.reason)).toEqual([
      'captcha-needed',
      'human:required',
      'human:token',
    ]);
  });
});

describe('a score', () => {
  it.each([
    [{ passed: true, score: 0.5 }, 'passed', undefined],
    [{ passed: true, score: 0.49 }, 'failed', 'low-score'],
    [{ passed: false, score: 0.9, reason: 'wrong-action' }, 'failed', 'wrong-action'],
    [{ passed: true, reason: 'ignored' }, 'passed', 'ignored'],
    [{ passed: false, reason: 'a <script>' }, 'failed', undefined],
  ])('%j', async (verification, outcome, reason) => {
    const { send, of } = clientWith({ verify: async () => verification });
    await send(withToken());
    const [event] = of('human-checked');
    expect(event).toMatchObject({ outcome, destination: '+65******01', purpose: 'otp' });
    expect([event?.reason, event?.score]).toEqual([reason, (verification as { score?: number }).score]);
  });

  it('counts for a verdict of the service too, against a threshold of its own', async () => {
    const { send } = clientWith({ required: 'always', minScore: 0.7 });
    expect(await failureOf(send({ human: { passed: true, score: 0.6 } }))).toMatchObject({
      reason: 'captcha-needed',
    });
    await send({ human: { passed: true, score: 0.7 } });
  });
});

describe('a verifier that cannot tell', () => {
  const broken: readonly (readonly [string, HumanVerifier])[] = [
    ['throws', async () => Promise.reject(new Error('down'))],
    ['gives nothing', (async () => undefined) as never],
    ['gives a word', (async () => 'yes') as never],
    ['gives a score out of range', async () => ({ passed: true, score: 2 })],
    ['gives an id that is none', (async () => ({ passed: true, id: 5 })) as never],
  ];
  it.each(broken)('%s: the message is refused, as an outage', async (_name, verify) => {
    const { send, of } = clientWith({ verify });
    const error = await failureOf(send(withToken()));
    expect(error).toMatchObject({
      guard: 'human',
      reason: 'captcha-unavailable',
      action: 'ask',
      outage: true,
    });
    expect(of('human-checked')).toMatchObject([{ outcome: 'unavailable' }]);
    // It was not used up.
    expect(await failureOf(send(withToken()))).toMatchObject({ reason: 'captcha-unavailable' });
  });

  it.each(broken)('%s: the message passes with onUnavailable: allow', async (_name, verify) => {
    await clientWith({ verify, onUnavailable: 'allow', required: 'always' }).send(withToken());
  });

  it('hangs: timeoutMs ends it, with its signal', async () => {
    vi.useFakeTimers();
    try {
      let resolve: (signal: AbortSignal | undefined) => void = () => {};
      const asked = new Promise<AbortSignal | undefined>((settle) => {
        resolve = settle;
      });
      const verify: HumanVerifier = ({ signal }) => {
        resolve(signal);
        return new Promise(() => {});
      };
      const { send } = clientWith({ verify, timeoutMs: 500 });
      const error = failureOf(send(withToken()));
      const signal = await asked;
      await vi.advanceTimersByTimeAsync(500);
      expect(await error).toMatchObject({ reason: 'captcha-unavailable' });
      expect(signal?.aborted).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('hangs: the call ends before', async () => {
    const { sms } = clientWith({ verify: () => new Promise(() => {}) });
    const controller = new AbortController();
    const sending = sms.messages.send(
      { destination: numberOf(1), text: 'Hello', ...withToken() },
      { signal: controller.signal },
    );
    controller.abort();
    await expect(sending).rejects.toMatchObject({ code: 'aborted', submission: 'not-submitted' });
  });
});

it('shows no token in errors and events', async () => {
  const secret = 'canary-token-51d0a9';
  const { send, events } = clientWith({ verify: fails, required: 'always' });
  const error = await failureOf(send(withToken(secret)));
  expect(JSON.stringify([error, events, String(error), error.stack])).not.toContain(secret);
});

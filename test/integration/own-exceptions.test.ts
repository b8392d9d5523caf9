import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { importConsent } from '../../src/consent/import-consent.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { StoreError } from '../../src/errors.ts';
import type { CustomGuard } from '../../src/guards/custom.ts';
import type { ConsentGuardOptions } from '../../src/guards/registry.ts';
import { createReportError, type ErrorListener, type UserCode } from '../../src/internal/user-code.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createEmitLimits } from '../../src/redis/failover/limits-event.ts';
import { createEmit } from '../../src/telemetry/create-emit.ts';
import { createTestClient } from '../../src/testing/index.ts';
import { expectNoCanary } from '../support/canary.ts';
import { numberOf, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { ledgerWith } from '../support/ledger.ts';
import { collect } from '../support/send-many.ts';
import { clickBody, inboundBody, post, receiptBody, surveyBody, testReceiver } from '../support/webhooks.ts';

const destination = numberOf(1);
const message = { destination, text: 'Your code is 4711' };
const OWN_ERROR = new TypeError('cannot read row of +6591726354: canary text for one person only');
const throws = (): never => {
  throw OWN_ERROR;
};
const rejects = async () => throws();

type Run = (onError: ErrorListener, fails: () => never | Promise<never>) => Promise<unknown>;
const quietly = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

function send(options: SmsClientOptions): Run {
  return (onError) => quietly(testClient({ ...options, onError }).sms.messages.send(message));
}

function sendAsking(consentOf: (fails: () => never | Promise<never>) => ConsentGuardOptions): Run {
  return (onError, fails) => {
    const { sms } = testClient({ onError, guards: { consent: consentOf(fails) } });
    return quietly(sms.messages.send({ ...message, purpose: 'marketing' }));
  };
}

function sendPast(guardOf: (fails: () => never | Promise<never>) => Omit<CustomGuard, 'name'>): Run {
  return (onError, fails) => {
    const { sms } = testClient({
      onError,
      guards: { custom: { guards: [{ name: 'own', ...guardOf(fails) }] } },
    });
    return quietly(sms.messages.send(message));
  };
}

function withStore(method: 'take' | 'settle' | 'inspect' | 'release'): Run {
  return async (onError, fails) => {
    const limits = Object.assign(memoryLimits(), { [method]: fails });
    const { sms } = testClient({ onError, limits });
    await quietly(sms.messages.send(message));
    await quietly(sms.guards.inspect(destination));
    await quietly(sms.guards.release(destination));
  };
}

function withAudit(method: 'record' | 'ready' | 'forget'): Run {
  return async (onError, fails) => {
    const working = { record: () => true, ready: () => undefined, forget: async () => {} };
    const audit = { ...working, [method]: fails };
    const consent = { ledger: memoryConsentLedger(), forgetSecret: 'forget-secret-of-the-tests-012345' };
    const { sms } = testClient({ onError, audit, guards: { consent } });
    await quietly(sms.messages.send(message));
    await quietly(sms.consent.forget(destination));
  };
}

function withChoice(
  consentOf: (fails: () => never | Promise<never>) => ConsentGuardOptions,
  text: string,
): Run {
  return (onError, fails) => {
    const { sms } = testClient({ onError, guards: { consent: consentOf(fails) } });
    return quietly(sms.consent.handleInbound(textOf(text)));
  };
}

function withHandler(name: string, body: unknown): Run {
  return (onError, fails) => {
    const { receiver } = testReceiver({ handlers: { [name]: fails } }, { onError });
    return quietly(receiver.receive(post(body)));
  };
}

function withRecords(method: 'read' | 'write' | 'remove'): Run {
  return async (onError, fails) => {
    const records = { read: fails, write: fails, remove: fails };
    const emit = createEmit(undefined, () => 0, undefined, createReportError(onError));
    const clock = createFakeClock();
    const limiter = createLimiter({
      limits: Object.assign(memoryLimits(), { records }),
      scope: 'team',
      clock,
      emit,
    });
    const call = { signal: new AbortController().signal, context: undefined, throwIfEnded() {} };
    if (method === 'read') await quietly(limiter.readRecord('key', call, 'nothing was read.'));
    else if (method === 'remove') await quietly(limiter.removeRecord({ key: 'key' }, call, 'it stays.'));
    else
      await quietly(
        limiter.writeRecord({ key: 'key', value: 'x', expected: undefined, ttlMs: 1 }, call, 'x.'),
      );
  };
}

/** A listener may be asynchronous although its type returns nothing. */
const returningNothing = (fails: (...args: never[]) => unknown) => fails as () => void;

/** Code of every kind that throws; the compiler asks for a new one. Files of this package are imported elsewhere: `lazy-part.test.ts`. */
const CALLS: Readonly<Record<Exclude<UserCode, 'import'>, Run>> = {
  apiKey: (onError, fails) => send({ apiKey: fails })(onError, fails),
  fetch: (onError, fails) => send({ fetch: fails })(onError, fails),
  onResponse: (onError, fails) => {
    const onResponse = returningNothing(fails);
    return quietly(testClient({ onError }).sms.messages.send(message, { onResponse }));
  },
  onEvent: (onError, fails) => send({ onEvent: returningNothing(fails) })(onError, fails),
  logger: (onError, fails) => {
    const write = returningNothing(fails);
    const logger = { debug: write, info: write, warn: write, error: write };
    return send({ logger, logLevel: 'debug' })(onError, fails);
  },
  'audit.record': withAudit('record'),
  'audit.ready': withAudit('ready'),
  'audit.forget': withAudit('forget'),
  telemetry: (onError, fails) => {
    const event = returningNothing(fails);
    return send({ telemetry: { trace: (_, work) => work(), event } })(onError, fails);
  },
  'limits.take': withStore('take'),
  'limits.settle': withStore('settle'),
  'limits.inspect': withStore('inspect'),
  'limits.release': withStore('release'),
  'limits.records.read': withRecords('read'),
  'limits.records.write': withRecords('write'),
  'limits.records.remove': withRecords('remove'),
  'limits.doubts': async (onError, fails) => {
    const doubts = { enter: fails, alerts: fails, lift: fails, trust: fails, forget: fails };
    const { sms } = testClient({ onError, limits: Object.assign(memoryLimits(), { doubts }) });
    await quietly(sms.guards.suspensions());
  },
  'limits.pace': async (onError) => {
    const lease = async () => {
      throw new StoreError('The pace failed.');
    };
    const limits = Object.assign(memoryLimits(), { pace: { lane: () => ({ lease, pause() {} }) } });
    const { sms } = testClient({ onError, limits });
    await quietly(sms.messages.send(message));
  },
  'oneTimePasswords.onOtherChannel': async (onError, onOtherChannel) => {
    const guards = { recipient: false, backoff: false, pumping: { mode: 'enforce', action: 'ask' } } as const;
    const { sms } = testClient({ onError, guards });
    const human = { passed: true };
    const text = ({ code }: { code: string }) => `Your code is ${code}`;
    for (let index = 0; index < 17; index += 1) {
      const visitor = { destination: numberOf(index), subject: `visitor-${index}`, human, text };
      await quietly(sms.oneTimePasswords.issue({ ...visitor, onOtherChannel }));
    }
  },
  'guards.human.verify': (onError, verify) => {
    const { sms } = testClient({ onError, guards: { human: { verify } } });
    return quietly(sms.messages.send({ ...message, human: { token: 'token' } }));
  },
  'guards.policy.decide': (onError, decide) =>
    quietly(testClient({ onError, guards: { policy: { decide } } }).sms.messages.send(message)),
  'guards.custom.check': sendPast((check) => ({ check: check as never })),
  'guards.custom.ask': sendPast((ask) => ({ ask })),
  'guards.custom.rules': sendPast((rules) => ({ rules: rules as never })),
  'guards.consent.check': sendAsking((check) => ({ check })),
  'guards.consent.checkMany': sendAsking((checkMany) => ({ checkMany })),
  'guards.consent.onMissing': sendAsking((onMissing) => ({ ledger: memoryConsentLedger(), onMissing })),
  'guards.consent.onOptIn': withChoice((onOptIn) => ({ ledger: memoryConsentLedger(), onOptIn }), 'START'),
  'guards.consent.onOptOut': withChoice((onOptOut) => ({ ledger: memoryConsentLedger(), onOptOut }), 'STOP'),
  'guards.consent.onPossibleOptOut': withChoice(
    (onPossibleOptOut) => ({ ledger: memoryConsentLedger(), onPossibleOptOut }),
    'lose my number',
  ),
  'guards.consent.ledger.get': sendAsking((get) => ({ ledger: ledgerWith({ get }) })),
  'guards.consent.ledger.history': withChoice((history) => ({ ledger: ledgerWith({ history }) }), 'STOP'),
  'guards.consent.ledger.append': withChoice((append) => ({ ledger: ledgerWith({ append }) }), 'STOP'),
  'guards.consent.ledger.forget': (onError, forget) => {
    const consent = { ledger: ledgerWith({ forget }), forgetSecret: 'x'.repeat(32) };
    return quietly(testClient({ onError, guards: { consent } }).sms.consent.forget(destination));
  },
  'sendMany.input': (onError, fails) => {
    const rows = { [Symbol.asyncIterator]: () => ({ next: fails }) };
    return quietly(collect(testClient({ onError }).sms.messages.sendMany(rows as never)));
  },
  'sendMany.checkpoint': (onError, checkpoint) =>
    quietly(collect(testClient({ onError }).sms.messages.sendMany([message], { checkpoint }))),
  'importConsent.source': (onError, next) => {
    const source = { [Symbol.asyncIterator]: () => ({ next }) };
    return quietly(importConsent(memoryConsentLedger(), source as never, { format: 'csv', onError }));
  },
  'importConsent.ledger': (onError, append) => {
    const file = `{"destination":"${destination}","state":"opted-out","at":"2026-01-01T00:00:00Z","source":"web","scope":"all"}`;
    return quietly(importConsent({ append }, file, { format: 'jsonl', onError }));
  },
  'redisLimits.onEvent': async (onError, fails) => {
    vi.mocked(console.error).mockImplementation((_, error) => {
      const pending = onError(error, { where: 'redisLimits.onEvent' });
      Promise.resolve(pending).catch(() => {});
    });
    createEmitLimits(fails, () => 0)({ type: 'grants-not-written-back' });
  },
  'authentication.accessToken.fetch': (onError, fetch) => {
    const jwksUrl = 'https://team.example/keys';
    const accessToken = { issuer: 'https://team.example', audience: 'sms', jwksUrl, fetch };
    const { receiver } = testReceiver({ authentication: { accessToken } }, { onError });
    const header = btoa('{"alg":"RS256"}').replace(/=/g, '');
    return quietly(receiver.receive(post(inboundBody(), { authorization: `Bearer ${header}.e30.AAAA` })));
  },
  'handlers.onInbound': withHandler('onInbound', inboundBody()),
  'handlers.onDeliveryReceipt': withHandler('onDeliveryReceipt', receiptBody()),
  'handlers.onShortUrlClick': withHandler('onShortUrlClick', clickBody()),
  'handlers.onSurveyAnswer': withHandler('onSurveyAnswer', surveyBody()),
  'handlers.onUnknown': withHandler('onUnknown', { namespace: 'SMS', eventType: 'new_kind', payload: {} }),
};

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe.each(Object.entries(CALLS) as [UserCode, Run][])('an exception of %s', (where, run) => {
  it.each([
    ['thrown', throws],
    ['rejected', rejects],
  ])('that is %s reaches onError as it is', async (_, fails) => {
    const onError = vi.fn();
    const outcome = await run(onError, fails);
    await settled();
    expect(onError).toHaveBeenCalled();
    for (const [error, details] of onError.mock.calls) {
      if (where !== 'limits.pace') expect(error).toBe(OWN_ERROR);
      expect(details).toEqual({ where });
    }
    expectNoCanary(outcome);
  });

  it('changes nothing when onError throws too', async () => {
    const withoutIt = await run(() => {}, throws);
    for (const broken of [throws, rejects]) {
      const outcome = await run(broken, throws);
      expect((outcome as Error | undefined)?.message).toBe((withoutIt as Error | undefined)?.message);
    }
    await settled();
  });
});

describe('without onError', () => {
  const lines = () => vi.mocked(console.error).mock.calls.map((call) => call.join(' '));

  it('the console shows name, place and stack in production, and no message', async () => {
    for (const mode of ['production', '']) {
      vi.mocked(console.error).mockClear();
      vi.stubEnv('NODE_ENV', mode);
      await sendAsking((check) => ({ check }))(undefined as never, throws);
      const [line, ...more] = lines();
      expect(more).toEqual([]);
      expect(line).toMatch(/^8x8-sms-guard: guards\.consent\.check threw TypeError\. Set onError/);
      expect(line).toContain('own-exceptions.test.ts:');
      expectNoCanary(line);
    }
  });

  it.each([
    ['a message of several lines', new Error('one\n    at +6591726354 (two)\nthree')],
    ['a message that was changed later', Object.assign(new Error('+6591726354\nx'), { message: 'other' })],
    ['no error', '+6591726354'],
    ['a hostile name', Object.assign(new Error('x'), { name: '+6591726354' })],
    [
      'a getter that throws',
      {
        get stack() {
          return throws();
        },
      },
    ],
    ['nothing', undefined],
  ])('%s shows no number in production', async (_, thrown) => {
    vi.stubEnv('NODE_ENV', 'production');
    const check = () => {
      throw thrown;
    };
    await quietly(testClient({ guards: { consent: { check } } }).sms.messages.send(message));
    expectNoCanary(lines());
  });

  it.each(['development', 'test'])('the console shows all of it with NODE_ENV %s', async (mode) => {
    vi.stubEnv('NODE_ENV', mode);
    await sendAsking((check) => ({ check }))(undefined as never, throws);
    expect(vi.mocked(console.error).mock.calls).toEqual([
      ['8x8-sms-guard: guards.consent.check threw:', OWN_ERROR],
    ]);
  });

  it('the test kit shows all of it, whatever NODE_ENV is', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { sms } = createTestClient({ guards: { consent: { check: throws } } });
    await quietly(sms.messages.send(message));
    expect(vi.mocked(console.error).mock.calls[0]?.[1]).toBe(OWN_ERROR);
  });
});

describe('code that only obeys its signal', () => {
  it('is not reported, but a late exception is', async () => {
    const onError = vi.fn();
    const controller = new AbortController();
    const obeys = (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
      new Promise<boolean>((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError'))),
      );
    const { sms } = testClient({ onError, guards: { consent: { check: obeys } } });
    const sending = quietly(sms.messages.send(message, { signal: controller.signal }));
    await settled();
    controller.abort();
    await sending;
    await settled();
    expect(onError).not.toHaveBeenCalled();

    let fail: (error: Error) => void = () => {};
    const late = () => new Promise<boolean>((_resolve, reject) => (fail = reject));
    const slow = testClient({ onError, guards: { consent: { check: late, timeoutMs: 1 } } });
    await quietly(slow.sms.messages.send(message));
    fail(OWN_ERROR);
    await settled();
    expect(onError.mock.calls).toEqual([[OWN_ERROR, { where: 'guards.consent.check' }]]);
  });
});

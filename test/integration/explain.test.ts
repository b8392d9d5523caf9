import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { GuardError, StoreError, ValidationError } from '../../src/errors.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { MessageExplanation } from '../../src/sending/explain.ts';
import type { SmsMessage } from '../../src/sending/sms-message.ts';
import { numberOf, testClient } from '../support/client.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

const message = { destination: numberOf(1), text: 'Hello' };
const otp = { ...message, purpose: 'otp' } as const;

function verdictOf({ guards }: MessageExplanation, name: string) {
  return guards.find(({ guard }) => guard === name);
}

/** A memory store with some methods replaced. */
function storeWith(clock: FakeClock, methods: Partial<LimitStore>): LimitStore {
  const store = memoryLimits({ clock });
  return {
    take: (...call) => store.take(...call),
    settle: (...call) => store.settle(...call),
    inspect: (...call) => store.inspect(...call),
    release: (...call) => store.release(...call),
    ...methods,
  };
}

describe('guards.explain', () => {
  it('shows every guard that is on, in order, with its counts, and sends nothing', async () => {
    const { sms, emulator, events } = testClient({ guards: { budget: { perDay: 1, prices: { SG: 0.04 } } } });
    await sms.messages.send(otp);
    const [sent, raised] = [emulator.messages.length, events.length];
    const explained = await sms.guards.explain(message);
    expect(explained).toMatchObject({
      verdict: 'admit',
      purpose: 'transactional',
      destination: '+65******01',
      country: 'SG',
    });
    expect(explained.guards.map(({ guard }) => guard)).toEqual([
      'phone',
      'content',
      'consent',
      'human',
      'recipient',
      'backoff',
      'pumping',
      'budget',
      'undeliverable',
    ]);
    for (const { verdict } of explained.guards) expect(verdict).toBe('pass');
    expect(verdictOf(explained, 'recipient')?.counted).toContainEqual({
      rule: 'recipient:all',
      observed: 1,
      limit: 7,
      windowMs: 1_800_000,
    });
    expect(verdictOf(explained, 'budget')?.counted).toContainEqual({
      rule: 'budget:all:day',
      observed: 40_000,
      limit: 800_000,
      windowMs: 86_400_000,
    });
    expect(emulator.messages).toHaveLength(sent);
    expect(events).toHaveLength(raised);
  });

  it('gives the decision that the error will carry, and says what would change it', async () => {
    const { sms } = testClient();
    await sms.messages.send(otp);
    const explained = await sms.guards.explain(otp);
    const error = (await sms.messages.send(otp).catch((thrown: unknown) => thrown)) as GuardError;
    expect(explained.verdict).toBe('refuse');
    expect(verdictOf(explained, 'backoff')).toEqual({
      guard: 'backoff',
      mode: 'enforce',
      verdict: 'refuse',
      decision: error.decision,
      counted: [{ rule: 'backoff:otp', observed: 1 }],
      change: 'Wait 30 s, change guards.backoff, or lift the limit of this number with guards.release.',
    });
  });

  it('runs every guard, also after one that refuses', async () => {
    const { sms } = testClient({ guards: { countries: { allow: ['ID'] } } });
    const explained = await sms.guards.explain({ ...message, text: 'Hi {{name}}', purpose: 'marketing' });
    const refusing = explained.guards.filter(({ verdict }) => verdict === 'refuse');
    expect(refusing.map(({ guard, decision }) => [guard, decision?.reason])).toEqual([
      ['content', 'unresolved-placeholder'],
      ['countries', 'country-not-allowed'],
      ['consent', 'no-store'],
    ]);
    for (const { change } of refusing) expect(change).toMatch(/^Change the message, or guards\.\w+: ./);
  });

  it('tells what a guard in monitor mode would have done', async () => {
    const { sms } = testClient({
      guards: { recipient: { mode: 'monitor', limit: 1, windowMs: 60_000 }, content: { mode: 'monitor' } },
    });
    await sms.messages.send(message);
    const explained = await sms.guards.explain({ ...message, text: 'Hi {{name}}' });
    expect(explained.verdict).toBe('admit');
    expect(verdictOf(explained, 'content')).toMatchObject({ mode: 'monitor', verdict: 'observe' });
    expect(verdictOf(explained, 'recipient')).toMatchObject({
      verdict: 'observe',
      decision: { reason: 'over-limit', observed: 1, limit: 1 },
    });
  });

  it('asks for a person where a send would', async () => {
    const { sms } = testClient({
      guards: {
        human: { required: 'always' },
        prefix: { ranges: [{ removedDigits: 2, limit: 1, windowMs: 600_000 }], day: false, action: 'ask' },
      },
    });
    await sms.withOptions({ guards: { human: false } }).messages.send({ ...otp, destination: numberOf(2) });
    const explained = await sms.guards.explain(otp);
    expect(explained.verdict).toBe('ask');
    for (const name of ['human', 'prefix']) {
      expect(verdictOf(explained, name), name).toMatchObject({
        verdict: 'ask',
        decision: { reason: 'captcha-needed', action: 'ask' },
        change: expect.stringContaining('prove that they are a person'),
      });
    }
    expect((await sms.guards.explain({ ...otp, human: { passed: true } })).verdict).toBe('admit');
  });

  it('does not use up the token of a captcha', async () => {
    let verified = 0;
    const verify = async () => {
      verified += 1;
      return { passed: true };
    };
    const { sms, of } = testClient({ guards: { human: { verify, required: 'always' } } });
    const guarded = { ...otp, human: { token: 'token-1' } };
    const explained = await sms.guards.explain(guarded);
    expect(explained.verdict).toBe('admit');
    expect(verdictOf(explained, 'human')).toMatchObject({ verdict: 'not-asked' });
    expect(verified).toBe(0);
    expect(of('human-checked')).toEqual([]);
    await sms.messages.send(guarded);
    expect(verified).toBe(1);
  });

  it('explains a number that cannot be read, and throws for a message that is malformed', async () => {
    const { sms } = testClient();
    expect(await sms.guards.explain({ ...otp, destination: 'nobody' })).toEqual({
      verdict: 'refuse',
      purpose: 'otp',
      guards: [
        expect.objectContaining({
          guard: 'phone',
          verdict: 'refuse',
          counted: [],
          decision: expect.anything(),
        }),
      ],
    });
    await expect(sms.guards.explain({ ...message, txt: 'x' } as SmsMessage)).rejects.toBeInstanceOf(
      ValidationError,
    );
  });

  it('tells a failed hook from a person who said no, and a failed store by an error', async () => {
    const { sms } = testClient({
      onError: () => {},
      guards: { consent: { check: () => Promise.reject(new Error('down')) } },
    });
    expect(verdictOf(await sms.guards.explain(message), 'consent')).toMatchObject({
      decision: { outage: true },
      change: 'Repair the store or hook behind guards.consent; its exception is in onError.',
    });
    const clock = createFakeClock();
    const limits = storeWith(clock, { take: () => Promise.reject(new Error('down')) });
    const failing = testClient({ limits, clock, onError: () => {} });
    await expect(failing.sms.guards.explain(message)).rejects.toBeInstanceOf(StoreError);
  });

  it('gives back what a store takes that cannot refuse', async () => {
    const clock = createFakeClock();
    const settled: string[] = [];
    const { sms } = testClient({
      clock,
      limits: storeWith(clock, {
        take: async (_, requests) => requests.map(() => ({ granted: true, observed: [] })),
        settle: async (_, settlements) => void settled.push(...settlements.map(({ outcome }) => outcome)),
      }),
    });
    expect((await sms.guards.explain(message)).verdict).toBe('admit');
    expect(settled).toEqual(['return']);
  });
});

/** Traffic to few numbers, by known visitors and strangers, with opt-outs and time in between. */
const step = fc.record({
  explained: fc.boolean(),
  index: fc.integer({ min: 0, max: 2 }),
  purpose: fc.constantFrom('otp', 'transactional', 'marketing'),
  subject: fc.constantFrom(undefined, 'cookie-1', 'cookie-2'),
  human: fc.constantFrom(undefined, { passed: true }),
  text: fc.constantFrom('Hello', 'Hi {{name}}'),
  waitMs: fc.constantFrom(0, 5_000, 31_000, 600_000),
  succeeds: fc.boolean(),
});
const OPTIONS: SmsClientOptions['guards'] = {
  recipient: { windows: [{ limit: 3, windowMs: 600_000 }] },
  prefix: { ranges: [{ removedDigits: 2, limit: 2, windowMs: 600_000 }], action: 'ask' },
  budget: { perDay: 0.5, prices: { SG: 0.04 }, onExceeded: 'ask' },
  pumping: { mode: 'enforce', action: 'ask' },
};

describe('explain beside send', () => {
  it('says what the send does, and changes nothing about it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const watched = testClient({ guards: { ...OPTIONS, consent: { ledger: memoryConsentLedger() } } });
        const alone = testClient({ guards: { ...OPTIONS, consent: { ledger: memoryConsentLedger() } } });
        for (const { explained, index, waitMs, succeeds, ...rest } of steps) {
          const sent: SmsMessage = { destination: numberOf(index), ...rest };
          for (const { clock } of [watched, alone]) clock.advance(waitMs);
          const explanation = explained ? await watched.sms.guards.explain(sent) : undefined;
          const outcome = async ({ sms }: typeof alone) => {
            const error: unknown = await sms.messages.send(sent).catch((thrown: unknown) => thrown);
            return GuardError.isInstance(error) ? error.decision : undefined;
          };
          const decision = await outcome(watched);
          expect(await outcome(alone)).toEqual(decision);
          if (explanation !== undefined) {
            expect(explanation.verdict === 'admit').toBe(decision === undefined);
            const said = explanation.guards.flatMap((each) => each.decision ?? []);
            if (decision !== undefined) {
              expect(said.map(({ guard, reason }) => [guard, reason])).toContainEqual([
                decision.guard,
                decision.reason,
              ]);
            }
          }
          if (succeeds && decision === undefined && rest.purpose === 'otp') {
            for (const { sms } of [watched, alone]) {
              await sms.guards.reportOutcome({
                destination: sent.destination,
                outcome: 'success',
                ...(rest.subject !== undefined && { subject: rest.subject }),
              });
            }
          }
        }
        const shapes = (client: typeof alone) => client.events.map(({ type }) => type);
        expect(shapes(watched)).toEqual(shapes(alone));
      }),
      { numRuns: 30 },
    );
  });
});

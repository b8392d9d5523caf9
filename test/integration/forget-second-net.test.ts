import { expect, it } from 'vitest';
import type { LimitRule } from '../../src/index.ts';
import { memoryConsentLedger, memoryLimits, presets } from '../../src/index.ts';
import { numberOf, testClient } from '../support/client.ts';

const PERSON = numberOf(1);
const KEY = Number(PERSON.slice(1));
const DAY_MS = 86_400_000;

/** A store that remembers every rule it was asked to count, and which of them it was told to forget. */
function watchedLimits() {
  const limits = memoryLimits();
  const taken: LimitRule[] = [];
  const released: LimitRule[] = [];
  const store: typeof limits = {
    take(scope, requests, options) {
      taken.push(...requests.flatMap(({ rules }) => rules));
      return limits.take(scope, requests, options);
    },
    settle: (...args) => limits.settle(...args),
    inspect: (...args) => limits.inspect(...args),
    release(scope, rules) {
      released.push(...rules);
      return limits.release(scope, rules);
    },
    records: limits.records,
    doubts: limits.doubts,
  };
  return { store, taken, released };
}

it('consent.forget leaves nothing of a person in what the guards of the otp preset count', async () => {
  const { store, taken, released } = watchedLimits();
  const consent = { ledger: memoryConsentLedger(), forgetSecret: 'f0'.repeat(16) };
  const verify = async () => ({ passed: true });
  const { sms, clock } = testClient({
    limits: store,
    guards: presets.otp({
      countries: ['SG'],
      budgetPerDay: 50,
      canAsk: true,
      consent,
      human: { verify },
      budget: { prices: { SG: 0.04 }, countries: { SG: { perDay: 10 } }, purposes: { otp: { perDay: 10 } } },
    }),
  });
  const visitor = { subject: 'device-7', clientIp: '203.0.113.7' };
  const message = { destination: PERSON, text: 'Your code is 4711', purpose: 'otp', ...visitor } as const;
  const { umid } = await sms.messages.send({ ...message, human: { token: 'token-1' } });
  await sms.messages.feedback(umid, { outcome: 'success', destination: PERSON, ...visitor });
  clock.advance(60_000);
  await sms.messages.send({ ...message, subject: 'another device' });
  await sms.consent.forget(PERSON);
  const holdsPerson = (rule: LimitRule) => rule.key === KEY || ('member' in rule && rule.member === KEY);
  const isReleased = (rule: LimitRule) => released.some(({ id, key }) => id === rule.id && key === rule.key);
  const left = taken.filter((rule) => holdsPerson(rule) && !isReleased(rule));
  // The windows of a range are over in ten minutes.
  const longer = left.filter((rule) => !('windowMs' in rule) || rule.windowMs > 600_000);
  expect(longer.map(({ id }) => id)).toEqual([]);
  expect(taken.map(({ guard }) => guard)).toEqual(
    expect.arrayContaining(['prefix', 'clientIp', 'budget', 'human']),
  );
  expect(taken.filter(({ guard }) => guard === 'clientIp' || guard === 'budget').some(holdsPerson)).toBe(
    false,
  );
  const { counters } = await sms.guards.inspect(PERSON, { guard: 'prefix' });
  expect(counters.find(({ rule }) => rule === 'prefix:day:4')).toMatchObject({ count: 0, windowMs: DAY_MS });
  expect(counters.filter(({ rule }) => rule !== 'prefix:day:4').every(({ count }) => count > 0)).toBe(true);
});

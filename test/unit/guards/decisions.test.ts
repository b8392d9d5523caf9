import { describe, expect, it } from 'vitest';
import { sessionError, waitError } from '../../../src/api/verifications/session-errors.ts';
import type { SmsClient } from '../../../src/client.ts';
import type { SmsClientOptions } from '../../../src/config/options.ts';
import type { ConsentRecord } from '../../../src/consent/consent-ledger.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { GuardError } from '../../../src/errors.ts';
import type { CustomGuard } from '../../../src/guards/custom.ts';
import { maskedNumber } from '../../../src/guards/event-fields.ts';
import { decisionOf, type Guard, type Refusal } from '../../../src/guards/guard.ts';
import { createPhoneGuard } from '../../../src/guards/phone.ts';
import { createQuietHoursGuard } from '../../../src/guards/quiet-hours/quiet-hours.ts';
import type { GuardName, GuardReasons } from '../../../src/guards/reasons.ts';
import { decisionOfViolation } from '../../../src/guards/violation.ts';
import type { LimitRule, RuleViolation } from '../../../src/limits/limit-store.ts';
import { type PhoneFailureReason, phoneFailure } from '../../../src/phone/phone-failure.ts';
import { createPhonePolicy, judgePhone } from '../../../src/phone/policy.ts';
import type { Restrictions } from '../../../src/restrict/restrictions.ts';
import type { SmsMessage } from '../../../src/sending/sms-message.ts';
import { CANARY_TEXT, expectNoCanary } from '../../support/canary.ts';
import { API_KEY, testClient } from '../../support/client.ts';
import { NOON } from '../../support/fake-clock.ts';
import { ledgerWith } from '../../support/ledger.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const CANARY = '+6591726354';
const CODE = '840917';
const HOUR_MS = 3_600_000;

type Decide = () => Promise<GuardError['decision']> | GuardError['decision'];

/** The decision about a message of the public API that a guard refuses. */
function sent(message: Partial<SmsMessage>, options: SmsClientOptions = {}): Decide {
  return async () => {
    const { sms } = testClient({ onError: () => {}, ...options });
    const base = { destination: CANARY, text: `${CANARY_TEXT} ${CODE}` };
    const error: unknown = await sms.messages
      .send({ ...base, ...message })
      .catch((thrown: unknown) => thrown);
    if (GuardError.isInstance(error)) return error.decision;
    throw error;
  };
}

const linked = (text: string) =>
  sent({ text: `${CANARY_TEXT} ${text}` }, { guards: { links: { allow: ['example.com'] } } });

const withConsent = (consent: object, message: Partial<SmsMessage> = {}) =>
  sent({ purpose: 'marketing', ...message }, { guards: { consent } });

const withLedger = (record: unknown) =>
  withConsent({ ledger: ledgerWith({ get: async () => [record as ConsentRecord] }) });

/** The decision of a client that is restricted. */
function refusedBy(
  act: (sms: SmsClient) => Promise<unknown>,
  restrictions: Restrictions = { purposes: ['otp'] },
): Decide {
  return async () => {
    const error: unknown = await act(testClient().sms.restrict(restrictions)).catch(
      (thrown: unknown) => thrown,
    );
    if (GuardError.isInstance(error)) return error.decision;
    throw error;
  };
}

const restricted = (restrictions: Restrictions, message: Partial<SmsMessage> = {}) =>
  refusedBy((sms) => sms.messages.send({ destination: CANARY, text: CANARY_TEXT, ...message }), restrictions);

const own = (guard: Omit<CustomGuard, 'name'>) =>
  sent({}, { guards: { custom: { timeoutMs: 1, guards: [{ name: 'own', ...guard }] } } });

const IN = { state: 'opted-in', scope: 'all', source: 'form', at: NOON - 400 * 24 * HOUR_MS } as const;

/** The decision about a double opt-in. */
function optIn(act: (sms: ReturnType<typeof testClient>) => Promise<unknown>): Decide {
  return async () => {
    const started = testClient({ guards: { consent: { ledger: memoryConsentLedger() } } });
    const error: unknown = await act(started).catch((thrown: unknown) => thrown);
    if (GuardError.isInstance(error)) return error.decision;
    throw error;
  };
}
const ask = { text: 'Reply YES' };
const reply = { source: 'sms' };

/** The decision about a rule that refused. */
function counted(rule: Partial<LimitRule>, reason: RuleViolation['reason'], more: object = {}): Decide {
  const full = { key: 6591726354, mode: 'enforce', limit: 10, windowMs: HOUR_MS, ...rule } as LimitRule;
  const violation = { rule: full, reason, observed: 10, retryAfterMs: 5, ...more } as RuleViolation;
  return () => decisionOfViolation(violation, messageOf({ destination: CANARY }), [violation]);
}

/** The decision about a rule that `human` lifts. */
function asked(rule: Partial<LimitRule>): Decide {
  const full = { key: 6591726354, mode: 'enforce', limit: 10, windowMs: HOUR_MS, ...rule } as LimitRule;
  const violation: RuleViolation = { rule: full, reason: 'over-limit', observed: 10 };
  return () => decisionOfViolation(violation, messageOf({ destination: CANARY }), [violation], 'ask');
}

const failed =
  (reason: PhoneFailureReason): Decide =>
  () => ({ guard: 'phone', reason, mode: 'enforce', explanation: phoneFailure(reason).hint });

/** The decision about a number that can be read and does not get SMS. */
function judged(destination: string, policy: Parameters<typeof createPhonePolicy>[0] = {}): Decide {
  return () => {
    const message = messageOf({ destination });
    const hint = judgePhone(message.phone, createPhonePolicy(policy));
    if (hint === undefined) throw new Error('the number is allowed');
    const refusal: Refusal = { reason: hint.reason, message: hint.hint };
    return decisionOf(createPhoneGuard(policy) as Guard, message, refusal);
  };
}

const { phone } = messageOf({ destination: CANARY });
const session =
  (reason: Parameters<typeof sessionError>[0]): Decide =>
  () =>
    sessionError(reason, phone).decision;

const window = (guard: GuardName, id: string) => ({ kind: 'window', guard, id }) as const;
const doubt = { place: 'range', limit: 8 } as const;
const pumping = { kind: 'doubt', guard: 'pumping', id: 'pumping', country: 'SG' } as const;
const otp = { purpose: 'otp' } as const;

/** A decision for every reason of every guard; the compiler asks for the one of a new reason. */
const DECISIONS: { readonly [Name in GuardName]: { readonly [Reason in GuardReasons[Name]]: Decide } } = {
  phone: {
    'not-a-string': failed('not-a-string'),
    empty: failed('empty'),
    'too-long': failed('too-long'),
    'control-character': failed('control-character'),
    'several-numbers': failed('several-numbers'),
    'separate-digits': failed('separate-digits'),
    extension: failed('extension'),
    'unsupported-uri': failed('unsupported-uri'),
    letters: failed('letters'),
    'unknown-country': failed('unknown-country'),
    'no-country': failed('no-country'),
    'ambiguous-prefix': failed('ambiguous-prefix'),
    ambiguous: failed('ambiguous'),
    'not-national': failed('not-national'),
    'not-international': failed('not-international'),
    'bare-digits': failed('bare-digits'),
    'trunk-zero': failed('trunk-zero'),
    'unknown-calling-code': failed('unknown-calling-code'),
    'wrong-length': failed('wrong-length'),
    'not-a-number': sent({ destination: `${CANARY}#` }),
    'calling-code-blocked': judged('+870773111632'),
    'calling-code-not-allowed': judged(CANARY, { callingCodes: { allow: ['62'] } }),
    'not-valid': judged('+6521726354'),
    'not-possible': judged('+65917263549'),
    'premium-rate': judged('+6519001234567'),
    'toll-free': judged('+448001234567'),
    'number-type': judged('+6561234567'),
  },
  content: {
    'already-expired': sent({ expiry: new Date(NOON - 1) }),
    'api-key-in-text': sent({ text: `${CANARY_TEXT} ${API_KEY}` }),
    'bad-sender-id': sent({ source: `_${CODE}_` }),
    'broken-text': sent({ text: `${CANARY_TEXT} \ud83d` }),
    'control-character': sent({ text: `${CANARY_TEXT} \u0007` }),
    'no-code': async () => {
      const { sms } = testClient();
      const template = `${CANARY_TEXT} {brand}`;
      const input = { destination: CANARY, brand: 'Team', channel: 'sms', template } as const;
      const error: unknown = await sms.verifications.start(input).catch((thrown: unknown) => thrown);
      return (error as GuardError).decision;
    },
    'not-encodable': sent({ text: `${CANARY_TEXT} 漢`, encoding: 'GSM7' }),
    'schedule-in-past': sent({ scheduled: new Date(NOON - 1) }),
    'schedule-too-far': sent({ scheduled: new Date(NOON + 8 * 24 * HOUR_MS) }),
    'sender-not-allowed': sent({ destination: '+12025550123', source: 'CANARY' }),
    'too-many-parts': sent({ text: CANARY_TEXT.repeat(100) }),
    'unresolved-placeholder': sent({ text: `${CANARY_TEXT} {{name}}` }),
  },
  links: {
    'address-link': linked('http://127.0.0.1/'),
    'hidden-character': linked('a\u200bb'),
    'link-not-allowed': linked('https://canary.example/'),
    'link-shortener': linked('https://bit.ly/canary'),
    'look-alike-character': linked('P\u0430ypal'),
    'look-alike-host': linked('https://\u0430pple.com/'),
    'malformed-link': linked('https://canary/'),
    'user-in-link': linked('https://canary@canary.example/'),
  },
  countries: {
    'country-denied': sent({}, { guards: { countries: { deny: ['SG'] } } }),
    'country-not-allowed': sent({}, { guards: { countries: { allow: ['ID'] } } }),
  },
  quietHours: {
    // 9 hours after midnight in UTC is 17:00 in Singapore.
    'quiet-hours': sent(
      { purpose: 'marketing' },
      { guards: { quietHours: { hours: { SG: { from: '10:00', to: '17:00' } } } } },
    ),
    'unknown-time-zone': () => {
      const guard = createQuietHoursGuard({});
      const nowhere = {
        ...messageOf({ purpose: 'marketing' }),
        phone: { ...phone, country: undefined, callingCode: '881' },
      };
      const refusal = guard.check?.(nowhere, NOON) as Refusal;
      return decisionOf(guard as Guard, messageOf({ destination: CANARY }), refusal);
    },
  },
  consent: {
    'already-opted-in': optIn(async ({ sms }) => {
      await sms.consent.grant(CANARY, { scope: 'all', source: 'form' });
      await sms.consent.requestOptIn(CANARY, ask);
    }),
    'answered-recently': counted({ kind: 'once', guard: 'consent', id: 'help-reply' }, 'done'),
    'requested-recently': optIn(async ({ sms }) => {
      await sms.consent.requestOptIn(CANARY, ask);
      await sms.consent.requestOptIn(CANARY, ask);
    }),
    capacity: counted({ kind: 'once', guard: 'consent', id: 'help-reply' }, 'capacity'),
    expired: optIn(async ({ sms, clock }) => {
      await sms.consent.requestOptIn(CANARY, ask);
      clock.advance(25 * HOUR_MS);
      await sms.consent.confirm(CANARY, reply);
    }),
    'no-record': withConsent({ ledger: memoryConsentLedger() }),
    'no-store': withConsent({}),
    'not-a-boolean': withConsent({ check: () => `${CANARY} ${CANARY_TEXT}` }),
    'not-requested': optIn(({ sms }) => sms.consent.confirm(CANARY, reply)),
    'not-covered': withLedger({ ...IN, at: NOON, purposes: ['otp'] }),
    'opted-out': withLedger({ ...IN, state: 'opted-out' }),
    'said-no': withConsent({ check: () => false }),
    stale: withConsent({ ledger: ledgerWith({ get: async () => [IN] }), reconfirmAfterMonths: 12 }),
    threw: withConsent({
      check: () => {
        throw new Error(`${CANARY} ${CANARY_TEXT}`);
      },
    }),
    'timed-out': withConsent({ check: () => new Promise<never>(() => {}), timeoutMs: 1 }),
    unreadable: withLedger({ state: CANARY_TEXT }),
  },
  recipient: {
    capacity: counted(window('recipient', 'recipient:all'), 'capacity'),
    'over-limit': counted(window('recipient', 'recipient:all'), 'over-limit'),
  },
  duplicate: {
    capacity: counted(window('duplicate', 'duplicate:text'), 'capacity'),
    'duplicate-text': counted(window('duplicate', 'duplicate:text'), 'over-limit'),
  },
  backoff: {
    capacity: counted({ kind: 'backoff', guard: 'backoff', id: 'backoff' }, 'capacity'),
    'too-soon': counted({ kind: 'backoff', guard: 'backoff', id: 'backoff' }, 'too-soon'),
  },
  prefix: {
    capacity: counted({ kind: 'distinct', guard: 'prefix', id: 'prefix:2:600000' }, 'capacity'),
    'captcha-needed': asked({ kind: 'distinct', guard: 'prefix', id: 'prefix:2:600000' }),
    'over-limit': counted({ kind: 'distinct', guard: 'prefix', id: 'prefix:2:600000' }, 'over-limit'),
  },
  clientIp: {
    capacity: counted(window('clientIp', 'client-ip:messages:3600000'), 'capacity'),
    'captcha-needed': asked(window('clientIp', 'client-ip:messages:3600000')),
    'over-limit': counted(window('clientIp', 'client-ip:messages:3600000'), 'over-limit'),
  },
  budget: {
    capacity: counted(window('budget', 'budget:all:day'), 'capacity'),
    'captcha-needed': asked(window('budget', 'budget:all:day')),
    'over-budget': counted(window('budget', 'budget:all:day'), 'over-limit'),
  },
  human: {
    capacity: counted(window('human', 'human:token'), 'capacity'),
    'captcha-failed': sent(
      { ...otp, human: { token: CANARY_TEXT } },
      { guards: { human: { required: 'always', verify: async () => ({ passed: false }) } } },
    ),
    'captcha-needed': sent(otp, { guards: { human: { required: 'always' } } }),
    'captcha-unavailable': sent(
      { ...otp, human: { token: CANARY_TEXT } },
      { guards: { human: { verify: () => Promise.reject(new Error(CANARY_TEXT)) } } },
    ),
    'no-verifier': sent({ ...otp, human: { token: CANARY_TEXT } }),
    'token-used': counted(window('human', 'human:token'), 'over-limit'),
  },
  pumping: {
    capacity: counted(pumping, 'capacity'),
    'captcha-needed': counted(pumping, 'captcha-needed', { doubt }),
    'other-channel-needed': counted(pumping, 'other-channel-needed', { doubt }),
    suspended: counted(pumping, 'suspended', { doubt }),
  },
  undeliverable: {
    'blocked-number': counted(
      { kind: 'block', guard: 'undeliverable', id: 'undeliverable' },
      'blocked-number',
    ),
  },
  verificationAttempts: {
    capacity: counted(window('verificationAttempts', 'verification-attempts:number'), 'capacity'),
    'over-limit': counted(window('verificationAttempts', 'verification-attempts:number'), 'over-limit'),
  },
  policy: {
    'captcha-needed': sent({}, { guards: { policy: { decide: () => ({ action: 'ask', reason: CANARY }) } } }),
    refused: sent({}, { guards: { policy: { decide: () => ({ action: 'refuse', reason: CANARY }) } } }),
    threw: sent({}, { guards: { policy: { decide: () => Promise.reject(new Error(CANARY_TEXT)) } } }),
    'timed-out': sent({}, { guards: { policy: { decide: () => new Promise(() => {}), timeoutMs: 1 } } }),
    unreadable: sent({}, { guards: { policy: { decide: () => CANARY_TEXT as never } } }),
  },
  custom: {
    capacity: counted(window('custom', 'custom:own:day'), 'capacity'),
    'captcha-needed': own({ check: () => ({ detail: CANARY, action: 'ask' }) }),
    'over-limit': counted(window('custom', 'custom:own:day'), 'over-limit'),
    refused: own({ check: () => ({ detail: CANARY }) }),
    threw: own({ ask: () => Promise.reject(new Error(CANARY_TEXT)) }),
    'timed-out': own({ ask: () => new Promise(() => {}) }),
    unreadable: own({ ask: async () => CANARY_TEXT as never }),
  },
  restriction: {
    capacity: counted(window('restriction', 'restriction:budget:day'), 'capacity'),
    'country-not-allowed': restricted({ countries: ['ID'] }),
    'field-not-allowed': restricted({ countries: ['SG'] }, { extra: { newField: CANARY_TEXT } }),
    'message-not-allowed': refusedBy((sms) => sms.messages.get(CANARY_TEXT)),
    'operation-not-allowed': refusedBy((sms) => sms.lookup.get(CANARY)),
    'option-not-allowed': refusedBy(async (sms) => sms.withOptions({ apiKey: API_KEY })),
    'over-budget': restricted({ name: 'agent', budget: { perDay: 0.01, prices: { SG: 0.04 } } }),
    'purpose-not-allowed': restricted({ purposes: ['otp'] }),
    'sender-not-allowed': restricted({ senders: ['TEAM'] }, { source: 'CANARY' }),
    'subject-not-allowed': restricted({ subject: 'cookie-1' }, { subject: 'cookie-2' }),
  },
  allowedRecipients: {
    'recipient-not-allowed': sent({}, { allowedRecipients: ['+6591234567'] }),
  },
  idempotency: { capacity: counted({ kind: 'once', guard: 'idempotency', id: 'idempotency' }, 'capacity') },
  verification: {
    capacity: () => waitError('capacity', phone).decision,
    'resending-interval': async () => {
      const { sms } = testClient({ guards: { backoff: false } });
      const input = { destination: CANARY, brand: 'Team', resendingInterval: 60 } as const;
      await sms.verifications.start(input);
      const error: unknown = await sms.verifications.start(input).catch((thrown: unknown) => thrown);
      return (error as GuardError).decision;
    },
    'session-busy': () => waitError('session-busy', phone, 5).decision,
    'session-shared': session('session-shared'),
    'session-in-doubt': session('session-in-doubt'),
    'session-mismatch': session('session-mismatch'),
    'session-unknown': session('session-unknown'),
    'session-used': session('session-used'),
  },
};

const EVERY = Object.entries(DECISIONS).flatMap(([guard, reasons]) =>
  Object.entries<Decide>(reasons).map(([reason, decide]) => [guard, reason, decide] as const),
);

/** Reasons that are given before a message is read. */
const ABOUT_NO_NUMBER = ['message-not-allowed', 'operation-not-allowed', 'option-not-allowed'];

describe('every reason of every guard', () => {
  it.each(EVERY)(
    '%s, %s: its decision explains itself, and shows nothing of the message',
    async (guard, reason, decide) => {
      const decision = await decide();
      expect(decision).toMatchObject({ guard, reason, mode: 'enforce' });
      // A sentence, short enough for the page of the sandbox, without what only an error can say.
      expect(decision.explanation).toMatch(/^[A-Z`\d][\s\S]{10,398}[.)]$/);
      expect(decision.explanation).not.toContain('Nothing was sent');
      expectNoCanary(decision);
      for (const hidden of [CODE, API_KEY]) expect(JSON.stringify(decision)).not.toContain(hidden);
      expect(decision.explanation).not.toMatch(/\d{8}/);
      expect(decision.destination ?? '').not.toMatch(/\d{5}/);
    },
  );

  it.each(
    EVERY.filter(
      ([guard, reason]) => !['phone', 'content'].includes(guard) && !ABOUT_NO_NUMBER.includes(reason),
    ),
  )('%s, %s: its decision has the masked number and its country', async (_guard, _reason, decide) => {
    expect(await decide()).toMatchObject(maskedNumber(phone));
  });
});

describe('the country of a decision', () => {
  it('is absent for a number that belongs to none', async () => {
    expect(await judged('+870773111632')()).not.toHaveProperty('country');
  });
});

import '../../support/load-ky.ts';
import { describe, expect, it } from 'vitest';
import { SmsClient } from '../../../src/client.ts';
import { createBackoffGuard } from '../../../src/guards/backoff.ts';
import { createPhoneGuard } from '../../../src/guards/phone.ts';
import { createRecipientGuard } from '../../../src/guards/recipient.ts';
import { createGuards, type GuardsOptions, resolveGuards } from '../../../src/guards/registry.ts';
import { describeViolation } from '../../../src/guards/violation.ts';
import { describeDuration } from '../../../src/internal/describe-duration.ts';
import type { LimitRule } from '../../../src/limits/limit-store.ts';
import { NOON } from '../../support/fake-clock.ts';
import { guardNeeds } from '../../support/guard-needs.ts';
import { messageOf } from '../../support/outgoing-message.ts';

describe('the guards that are on', () => {
  const guardsOf = (options: GuardsOptions) => createGuards(resolveGuards(options), guardNeeds());
  const names = (options: GuardsOptions) => guardsOf(options).atSend.map(({ name }) => name);

  it('phone, content, consent, human, recipient, backoff, pumping and undeliverable', () => {
    expect(names({})).toEqual([
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
  });

  it('countries and prefix when configured, none when all are off', () => {
    expect(names({ countries: { allow: ['SG'] }, prefix: {} })).toEqual([
      'phone',
      'content',
      'countries',
      'consent',
      'human',
      'recipient',
      'backoff',
      'prefix',
      'pumping',
      'budget',
      'undeliverable',
    ]);
    expect(
      names({
        phone: false,
        content: false,
        consent: false,
        human: false,
        recipient: false,
        backoff: false,
        countries: false,
        prefix: false,
        pumping: false,
        budget: false,
        undeliverable: false,
      }),
    ).toEqual([]);
  });
});

describe('phone', () => {
  it('refuses what its policy refuses', () => {
    const guard = createPhoneGuard({});
    expect(guard).toMatchObject({ name: 'phone', mode: 'enforce' });
    expect(guard.check?.(messageOf(), NOON)).toBeUndefined();
    expect(guard.check?.(messageOf({ destination: '+6561234567' }), NOON)).toMatchObject({
      reason: 'number-type',
      message: expect.stringContaining('FIXED_LINE'),
    });
    expect(guard.check?.(messageOf({ destination: '+881612345678' }), NOON)?.reason).toBe(
      'calling-code-blocked',
    );
  });
});

describe('recipient', () => {
  it('one window may name its mode', () => {
    const guard = createRecipientGuard({ limit: 3, windowMs: 60_000, mode: 'monitor' });
    expect(guard.mode).toBe('monitor');
    expect(guard.rules?.(messageOf({}))).toMatchObject([{ mode: 'monitor', limit: 3 }]);
  });

  const windowsOf = (rules: readonly LimitRule[] | undefined) =>
    rules?.map((rule) => `${rule.kind} ${rule.id} ${'limit' in rule ? rule.limit : ''}`);

  it.each([
    [{}, ['window recipient:all 8']],
    [{ limit: 3, windowMs: 60_000 }, ['window recipient:all 3']],
    [
      [
        { limit: 3, windowMs: 60_000 },
        { limit: 9, windowMs: 3_600_000 },
      ],
      ['window recipient:all 3', 'window recipient:all:2 9'],
    ],
    [{ windows: [{ limit: 3, windowMs: 60_000 }] }, ['window recipient:all 3']],
    [
      { perPurpose: { otp: [{ limit: 2, windowMs: 60_000 }], marketing: [{ limit: 1, windowMs: 60_000 }] } },
      ['window recipient:all 8', 'window recipient:otp 2'],
    ],
  ])('%j', (options, rules) => {
    expect(windowsOf(createRecipientGuard(options).rules?.(messageOf({ purpose: 'otp' })))).toEqual(rules);
  });

  it.each([
    [{}, 'transactional', undefined, [7]],
    [{}, 'marketing', 'device', [7]],
    [{}, 'otp', undefined, [8]],
    [{}, 'otp', 'device', [10, 8]],
    [{ reserved: { otp: 5 } }, 'transactional', undefined, [5]],
    [{ reserved: { otp: 1 } }, 'otp', undefined, [9]],
    [{ reserved: { otp: 0 } }, 'otp', 'device', [10]],
    [{ reserved: { otp: 4, known: 4 } }, 'otp', 'device', [10, 6]],
    [{ windows: [{ limit: 6, windowMs: 60_000 }], reserved: {} }, 'transactional', undefined, [3]],
    [{ windows: [{ limit: 3, windowMs: 60_000 }] }, 'otp', 'device', [3]],
    [
      { perPurpose: { otp: [{ limit: 5, windowMs: 60_000 }] }, reserved: { known: 3 } },
      'otp',
      undefined,
      [7, 2],
    ],
  ] as const)('%j: %s of subject %s', (options, purpose, subject, limits) => {
    const rules = createRecipientGuard(options).rules?.({ ...messageOf({ purpose }), subject });
    expect(rules?.map((rule) => 'limit' in rule && rule.limit)).toEqual(limits);
  });

  it.each([
    { reserved: { otp: 10 } },
    { reserved: { otp: 1, known: 2 } },
    { windows: [{ limit: 3, windowMs: 60_000 }], reserved: {} },
    { perPurpose: { otp: [{ limit: 2, windowMs: 60_000 }] }, reserved: { known: 2 } },
  ])('refuses %j: it leaves nothing for the others', (recipient) => {
    const options = { apiKey: 'key', subAccountId: 'team', guards: { recipient } };
    expect(() => new SmsClient(options)).toThrow(/guards.recipient must reserve less/);
  });

  it('counts a scheduled message where it arrives too', () => {
    const guard = createRecipientGuard({ perPurpose: { marketing: [{ limit: 1, windowMs: 60_000 }] } });
    const scheduled = new Date(NOON + 5_000);
    const rules = guard.rules?.(messageOf({ scheduled, purpose: 'marketing' }));
    expect(new Set(windowsOf(rules))).toEqual(
      new Set([
        'window recipient:all 7',
        'slot recipient-due:all 7',
        'window recipient:marketing 1',
        'slot recipient-due:marketing 1',
      ]),
    );
    expect(rules?.filter(({ kind }) => kind === 'slot')).toMatchObject([
      { dueAt: NOON + 5_000, mode: 'enforce' },
      { dueAt: NOON + 5_000, mode: 'enforce' },
    ]);
    const old = guard.rules?.(messageOf({ scheduled: '1969-01-01T00:00:00Z' }));
    expect(old?.[1]).toMatchObject({ dueAt: 0 });
  });

  it('counts every spelling of one person under one key', () => {
    const guard = createRecipientGuard({});
    const keyOf = (destination: string) => guard.rules?.(messageOf({ destination }))[0]?.key;
    expect(keyOf('+5491123456789')).toBe(keyOf('+541123456789'));
  });

  it('keeps its windows when the arrays are changed', () => {
    const window = { limit: 3, windowMs: 60_000 };
    const windows = [window];
    const guard = createRecipientGuard({ mode: 'monitor', windows });
    window.limit = Number.NaN;
    windows.length = 0;
    expect(guard.rules?.(messageOf())).toMatchObject([{ limit: 3, mode: 'monitor' }]);
  });
});

describe('backoff', () => {
  it('is for one-time passwords', () => {
    const guard = createBackoffGuard({ baseMs: 5_000, maxMs: 60_000, forgetMs: 7_000, mode: 'monitor' });
    expect(guard.rules?.(messageOf())).toEqual([]);
    expect(guard.rules?.(messageOf({ purpose: 'marketing' }))).toEqual([]);
    expect(guard.rules?.(messageOf({ purpose: 'otp' }))).toEqual([
      {
        kind: 'backoff',
        id: 'backoff:otp',
        guard: 'backoff',
        key: 6591000001,
        mode: 'monitor',
        baseMs: 5_000,
        maxMs: 60_000,
        forgetMs: 7_000,
      },
    ]);
  });

  it('waits 30 s to 1 h unless told otherwise', () => {
    expect(createBackoffGuard({}).rules?.(messageOf({ purpose: 'otp' }))).toMatchObject([
      { baseMs: 30_000, maxMs: 3_600_000, forgetMs: 3_600_000, mode: 'enforce' },
    ]);
  });
});

describe('backoff of visitors', () => {
  const rulesOf = (visitor: { subject?: string; clientIp?: string }, options = {}) =>
    createBackoffGuard(options)
      .rules?.({ ...messageOf({ purpose: 'otp' }), ...visitor })
      .map(({ id, when, ...rule }) => [
        id,
        'maxMs' in rule ? rule.maxMs : 'limit' in rule && rule.limit,
        when === undefined ? 'always' : `${when.rule} ${when.found}`,
      ]);

  it('an address has a wait of its own, and the wait of the number stops at 5 minutes for 30 codes', () => {
    expect(rulesOf({ clientIp: '203.0.113.7' })).toEqual([
      ['backoff:strangers', 30, 'always'],
      ['backoff:otp', 300_000, 'backoff:strangers false'],
      ['backoff:otp', 3_600_000, 'backoff:strangers true'],
      ['backoff:address', 3_600_000, 'always'],
    ]);
  });

  it('applies only the own wait of a known subject', () => {
    expect(rulesOf({ subject: 'device', clientIp: '203.0.113.7' })).toEqual([
      ['backoff:strangers', 30, 'known-subjects false'],
      ['backoff:otp', 300_000, 'backoff:strangers false'],
      ['backoff:otp', 3_600_000, 'backoff:strangers true'],
      ['backoff:subject', 3_600_000, 'always'],
      ['backoff:address', 3_600_000, 'known-subjects false'],
    ]);
  });

  it.each([
    [{ maxMs: 60_000 }, 60_000],
    [{ baseMs: 600_000 }, 600_000],
  ])('the wait of the number fits %j', (options, maxMs) => {
    expect(rulesOf({ subject: 'device' }, options)?.[1]?.[1]).toBe(maxMs);
  });
});

describe('describeDuration', () => {
  it.each([
    [86_400_000, '1 d'],
    [5_400_000, '1 h 30 min'],
    [5_400_001, '1 h 31 min'],
    [3_600_001, '1 h 1 min'],
    [86_399_001, '1 d'],
    [90_000_001, '1 d 2 h'],
    [95_000, '1 min 35 s'],
    [59_001, '1 min'],
    [3_600_000, '1 h'],
    [1_800_000, '30 min'],
    [43_000, '43 s'],
    [43_210, '44 s'],
    [999, '999 ms'],
    [0, '0 ms'],
  ])('%i is %s', (milliseconds, text) => {
    expect(describeDuration(milliseconds)).toBe(text);
  });
});

describe('describeViolation', () => {
  const base = { guard: 'x', key: 1, mode: 'enforce', windowMs: 60_000, limit: 3 } as const;
  it.each([
    [{ ...base, kind: 'window', id: 'w' }, 3, /already got 3 of 3 messages allowed in 1 min/],
    [{ ...base, kind: 'slot', id: 's', dueAt: 1 }, 3, /3 of 3 scheduled messages/],
    [{ ...base, kind: 'distinct', id: 'd', member: 2 }, 3, /3 different numbers of this range/],
    [
      { ...base, kind: 'backoff', id: 'b', baseMs: 1, maxMs: 2, forgetMs: 3 },
      1,
      /^A one-time password was sent to this number and has not been confirmed yet\./,
    ],
    [
      { ...base, kind: 'backoff', id: 'b', baseMs: 1, maxMs: 2, forgetMs: 3 },
      2,
      /^2 one-time passwords were sent to this number and none has been confirmed yet\./,
    ],
    [
      { ...base, kind: 'visitor-backoff', id: 'b', member: 1, baseMs: 1, maxMs: 2, forgetMs: 3 },
      1,
      /has not been confirmed yet/,
    ],
    [{ ...base, mode: 'note', kind: 'known', id: 'k', member: 1 }, 1, /This visitor is known/],
    [
      { ...base, guard: 'verificationAttempts', kind: 'known', id: 'k', mode: 'note', member: 1 },
      1,
      /This visitor is known/,
    ],
    [{ ...base, kind: 'once', id: 'o', fingerprint: 'f' }, 0, /idempotency records are full/],
    [
      { ...base, guard: 'consent', kind: 'once', id: 'opt-in-request', fingerprint: 'f' },
      1,
      /An opt-in was requested from this person/,
    ],
    [
      { ...base, guard: 'consent', kind: 'once', id: 'help-reply', fingerprint: 'f' },
      1,
      /received this reply recently/,
    ],
    [{ ...base, kind: 'block', id: 'u' }, 1, /does not exist.*guards\.release/],
  ] as const)('%j', (rule, observed, text) => {
    expect(describeViolation({ rule, reason: 'over-limit', observed })).toMatch(text);
    expect(describeViolation({ rule, reason: 'over-limit', observed, retryAfterMs: 1_500.4 })).toMatch(
      /Try again in 2 s\.$/,
    );
    expect(describeViolation({ rule, reason: 'capacity', observed })).toMatch(/is full: every entry for/);
  });

  it('a refusal that asks says what to ask for', () => {
    const violation = {
      rule: { ...base, kind: 'window', id: 'w' },
      reason: 'over-limit',
      observed: 3,
    } as const;
    expect(describeViolation(violation, 'ask')).toMatch(/human: { passed: true }\.$/);
    expect(describeViolation({ ...violation, retryAfterMs: 1_000 }, 'ask')).toMatch(
      /passed: true }\. Without that, try again in 1 s\.$/,
    );
  });
});

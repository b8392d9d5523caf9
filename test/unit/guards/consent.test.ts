import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsentLedger, ConsentRecord } from '../../../src/consent/consent-ledger.ts';
import { consentKey, createConsentGuard } from '../../../src/guards/consent.ts';
import type { ConsentGuardOptions } from '../../../src/guards/consent-options.ts';
import type { Exemption } from '../../../src/guards/guard.ts';
import type { Purpose } from '../../../src/types.ts';
import { numberOf } from '../../support/client.ts';
import { countingSignal } from '../../support/counting-signal.ts';
import { NOON } from '../../support/fake-clock.ts';
import { ledgerWith } from '../../support/ledger.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const hangs = () => new Promise<never>(() => {});
const fails = () => {
  throw new Error('the store holds +6591726354');
};
const rejects = async () => fails();
const month = 30 * 86_400_000;

const IN: ConsentRecord = { state: 'opted-in', scope: 'marketing', source: 'form', at: NOON - month };
const OUT: ConsentRecord = { state: 'opted-out', scope: 'all', source: 'sms', at: NOON - month };

/** A ledger that answers this to every question. */
function ledgerOf(...records: readonly unknown[]): ConsentLedger {
  return ledgerWith({ get: async () => records as readonly ConsentRecord[] });
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function ask(
  options: ConsentGuardOptions,
  purposes: readonly Purpose[] = ['marketing'],
  signal?: AbortSignal,
) {
  const guard = createConsentGuard(options);
  const messages = purposes.map((purpose, index) =>
    messageOf({ purpose, destination: numberOf(index), clientMessageId: `id-${index}` }),
  );
  if (guard.check !== undefined) return messages.map((message) => guard.check?.(message, NOON));
  const answer = guard.ask?.(messages, { now: NOON, signal, context: { user: 'u' } });
  await vi.runAllTimersAsync();
  return (await answer) ?? [];
}

const reasonsOf = async (...rest: Parameters<typeof ask>) =>
  (await ask(...rest)).map((refusal) => refusal?.reason);

describe('a callback that would never be called', () => {
  it.each(['onMissing', 'onOptIn', 'onOptOut'] as const)('%s without a ledger is refused', (name) => {
    const create = () => createConsentGuard({ check: () => true, [name]: () => true });
    expect(create).toThrow(`guards.consent.${name} needs guards.consent.ledger`);
    expect(create).toThrow(expect.objectContaining({ option: `guards.consent.${name}` }));
  });

  it('is accepted with a ledger', () => {
    expect(() => createConsentGuard({ ledger: ledgerOf(), onOptOut: () => {} })).not.toThrow();
  });
});

describe('every kind of failure', () => {
  it.each([
    ['no-store', {}],
    ['no-record', { ledger: ledgerOf(undefined) }],
    ['said-no', { check: () => false }],
    ['said-no', { check: async () => false }],
    ['said-no', { checkMany: () => [false] }],
    ['said-no', { ledger: ledgerOf(undefined), onMissing: () => false }],
    ['threw', { check: fails }],
    ['threw', { check: rejects }],
    ['threw', { checkMany: rejects }],
    ['threw', { ledger: ledgerWith({ get: rejects }) }],
    ['threw', { ledger: ledgerOf(undefined), onMissing: rejects }],
    ['timed-out', { check: hangs }],
    ['timed-out', { checkMany: hangs }],
    ['timed-out', { ledger: ledgerWith({ get: hangs }) }],
    ['timed-out', { ledger: ledgerOf(undefined), onMissing: hangs }],
    ['not-a-boolean', { check: () => 1 as never }],
    ['not-a-boolean', { check: () => 'true' as never }],
    ['not-a-boolean', { check: () => undefined as never }],
    ['not-a-boolean', { check: () => new Boolean(true) as never }],
    ['not-a-boolean', { check: async () => ({ ok: true }) as never }],
    ['not-a-boolean', { checkMany: () => true as never }],
    ['not-a-boolean', { checkMany: () => [] }],
    ['not-a-boolean', { checkMany: () => [true, true] }],
    ['not-a-boolean', { checkMany: () => new Array(1) as never }],
    ['not-a-boolean', { ledger: ledgerOf(undefined), onMissing: () => null as never }],
    ['unreadable', { ledger: ledgerOf(null) }],
    ['unreadable', { ledger: ledgerOf('opted-in') }],
    ['unreadable', { ledger: ledgerOf({ state: 'yes' }) }],
    ['unreadable', { ledger: ledgerOf() }],
    ['unreadable', { ledger: ledgerOf(IN, IN) }],
    ['unreadable', { ledger: ledgerWith({ get: async () => undefined as never }) }],
    ['unreadable', { ledger: ledgerOf({ ...IN, purposes: null }) }],
    ['unreadable', { ledger: ledgerOf({ ...IN, purposes: {} }) }],
    ['unreadable', { ledger: ledgerOf({ ...IN, purposes: 'no-marketing' }) }],
    [
      'unreadable',
      {
        ledger: ledgerOf({
          get state() {
            return fails();
          },
        }),
      },
    ],
    ['opted-out', { ledger: ledgerOf(OUT) }],
    ['opted-out', { ledger: ledgerOf({ ...OUT, scope: 'marketing' }) }],
    ['opted-out', { ledger: ledgerOf({ ...OUT, scope: 'something new' }) }],
    ['not-covered', { ledger: ledgerOf({ ...IN, purposes: ['otp'] }) }],
    ['not-covered', { ledger: ledgerOf({ ...IN, purposes: [] }) }],
    ['stale', { ledger: ledgerOf(IN), reconfirmAfterMs: month }],
    ['stale', { ledger: ledgerOf({ ...IN, at: 'last year' }), reconfirmAfterMs: month }],
  ] satisfies [string, ConsentGuardOptions][])('%s (%#)', async (reason, options) => {
    const [refusal] = await ask(options);
    expect(refusal?.reason).toBe(reason);
    expect(refusal?.message).not.toMatch(/\d{5}/);
    expect(refusal?.always).toBe(reason === 'opted-out' || reason === 'said-no');
  });

  it('has its own sentence', async () => {
    const messages = await Promise.all(
      [
        {},
        { ledger: ledgerOf(undefined) },
        { check: () => false },
        { check: fails },
        { ledger: ledgerOf(OUT) },
      ].map(async (options) => (await ask(options))[0]?.message),
    );
    expect(new Set(messages).size).toBe(messages.length);
  });
});

describe('a clear yes', () => {
  it.each([
    [{ check: () => true }],
    [{ check: async () => true }],
    [{ checkMany: () => [true] }],
    [{ ledger: ledgerOf(IN) }],
    [{ ledger: ledgerOf({ ...IN, scope: 'all' }) }],
    [{ ledger: ledgerOf({ ...IN, purposes: ['marketing'] }) }],
    [{ ledger: ledgerOf(IN), reconfirmAfterMs: month + 1 }],
    [{ ledger: ledgerOf(undefined), onMissing: () => true }],
    [{ ledger: ledgerOf(IN), check: () => true }],
    [{ checkMany: () => [true], check: () => false }],
  ] satisfies [ConsentGuardOptions][])('%#', async (options) => {
    expect(await reasonsOf(options)).toEqual([undefined]);
  });

  it('calls onMissing only for people without a record', async () => {
    const onMissing = vi.fn(
      ({ clientMessageId }: { readonly clientMessageId: string }) => clientMessageId === 'id-1',
    );
    const ledger = ledgerOf(OUT, undefined, IN, undefined);
    expect(await reasonsOf({ ledger, onMissing }, new Array(4).fill('marketing'))).toEqual([
      'opted-out',
      undefined,
      undefined,
      'said-no',
    ]);
    expect(onMissing).toHaveBeenCalledTimes(2);
  });

  it('needs both the hook and the ledger, and skips the hook for people who opted out', async () => {
    expect(await reasonsOf({ ledger: ledgerOf(IN), check: () => false })).toEqual(['said-no']);
    const check = vi.fn(() => true);
    const ledger = ledgerOf(OUT, IN, undefined);
    expect(await reasonsOf({ ledger, check }, ['marketing', 'marketing', 'marketing'])).toEqual([
      'opted-out',
      undefined,
      'no-record',
    ]);
    expect(check.mock.calls.map(([query]: unknown[]) => query)).toEqual([
      { destination: numberOf(1), purpose: 'marketing', clientMessageId: 'id-1' },
    ]);
    check.mockClear();
    await ask({ ledger: ledgerOf(OUT), check });
    expect(check).not.toHaveBeenCalled();
  });
});

describe('purposes', () => {
  const all = ['transactional', 'otp', 'marketing'] as const;

  it('only marketing is refused without a store', async () => {
    expect(await reasonsOf({}, all)).toEqual([undefined, undefined, 'no-store']);
    expect(await reasonsOf({ ledger: ledgerOf(undefined, undefined, undefined) }, all)).toEqual([
      undefined,
      undefined,
      'no-record',
    ]);
  });

  it('STOP stops everything, except one-time passwords with otpAfterOptOut', async () => {
    const ledger = ledgerOf(OUT, OUT, OUT);
    expect(await reasonsOf({ ledger }, all)).toEqual(['opted-out', 'opted-out', 'opted-out']);
    expect(await reasonsOf({ ledger, otpAfterOptOut: true }, all)).toEqual([
      'opted-out',
      undefined,
      'opted-out',
    ]);
  });

  it('an opt-out from marketing stops marketing only', async () => {
    const out = { ...OUT, scope: 'marketing' };
    expect(await reasonsOf({ ledger: ledgerOf(out, out, out) }, all)).toEqual([
      undefined,
      undefined,
      'opted-out',
    ]);
  });

  it('a hook is called for every purpose', async () => {
    expect(await reasonsOf({ check: ({ purpose }) => purpose === 'otp' }, all)).toEqual([
      'said-no',
      undefined,
      'said-no',
    ]);
  });
});

describe('the arguments of a hook', () => {
  it('are the query, the unchanged context, and a signal that fires at the time limit', async () => {
    const seen: unknown[] = [];
    let signal: AbortSignal | undefined;
    const check: ConsentGuardOptions['check'] = (query, call) => {
      seen.push(query, call.context);
      signal = call.signal;
      return hangs();
    };
    const guard = createConsentGuard({ check, timeoutMs: 250 });
    const context = { user: 'u' };
    const answer = guard.ask?.([messageOf({ purpose: 'otp' })], { now: NOON, context });
    await vi.advanceTimersByTimeAsync(249);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal?.aborted).toBe(true);
    expect((await answer)?.[0]?.reason).toBe('timed-out');
    expect(seen).toEqual([{ destination: numberOf(1), purpose: 'otp', clientMessageId: 'id-1' }, context]);
    expect(seen[1]).toBe(context);
  });

  it('give it one second by default', async () => {
    const guard = createConsentGuard({ check: hangs });
    let settled = false;
    const answer = guard.ask?.([messageOf()], { now: NOON, context: undefined }).then(() => (settled = true));
    await vi.advanceTimersByTimeAsync(999);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await answer;
    expect(settled).toBe(true);
  });

  it('are not put together any more when it only hangs: the rest of the call is refused at once', async () => {
    let asked = 0;
    const check = () => {
      asked += 1;
      return hangs();
    };
    const guard = createConsentGuard({ check });
    const messages = Array.from({ length: 1_000 }, () => messageOf());
    const answer = guard.ask?.(messages, { now: NOON, context: undefined });
    // The first two that time out are not enough to stop.
    await vi.advanceTimersByTimeAsync(2_000);
    const reasons = new Set((await answer)?.map((refusal) => refusal?.reason));
    expect([...reasons]).toEqual(['timed-out']);
    expect(asked).toBe(34);
    // The next call asks again.
    const next = guard.ask?.(messages.slice(0, 1), { now: NOON, context: undefined });
    expect(asked).toBe(35);
    await vi.advanceTimersByTimeAsync(1_000);
    await next;
  });

  it('go on when it answers some: time-outs in a row count', async () => {
    let asked = 0;
    const check = () => {
      asked += 1;
      return asked % 3 === 0 ? Promise.resolve(true) : hangs();
    };
    const guard = createConsentGuard({ check, concurrency: 1, timeoutMs: 100 });
    const answer = guard.ask?.(
      Array.from({ length: 30 }, () => messageOf()),
      { now: NOON, context: undefined },
    );
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await answer)?.filter((refusal) => refusal === undefined)).toHaveLength(10);
    expect(asked).toBe(30);
  });

  it('include a signal that fires when the caller aborts, without leaving a listener behind', async () => {
    const caller = countingSignal();
    const signals: AbortSignal[] = [];
    const check: ConsentGuardOptions['check'] = (_, call) => {
      signals.push(call.signal);
      return hangs();
    };
    const answer = createConsentGuard({ check }).ask?.([messageOf(), messageOf()], {
      now: NOON,
      signal: caller.signal,
      context: undefined,
    });
    expect(caller.listeners).toBe(1);
    caller.abort();
    await answer;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(caller.listeners).toBe(0);
  });

  it('the ledger receives all canonical keys in one call, and a signal', async () => {
    const get = vi.fn(async () => [undefined, undefined]);
    await ask({ ledger: ledgerWith({ get }) }, ['otp', 'otp']);
    expect(get.mock.calls).toEqual([
      [[`${numberOf(0)}`, `${numberOf(1)}`], { signal: expect.any(AbortSignal) }],
    ]);
    expect(consentKey(messageOf({ destination: '+5491123456789' }))).toBe('+541123456789');
  });
});

describe('concurrency', () => {
  async function mostAtOnce(options: Pick<ConsentGuardOptions, 'concurrency'>, hook: 'check' | 'onMissing') {
    let open = 0;
    let most = 0;
    const asked = async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 10));
      open -= 1;
      return true;
    };
    const purposes = new Array<Purpose>(100).fill('marketing');
    const ledger = hook === 'onMissing' ? ledgerOf(...new Array(100)) : undefined;
    const reasons = await reasonsOf({ ...options, [hook]: asked, ledger }, purposes);
    expect(reasons).toEqual(new Array(100).fill(undefined));
    return most;
  }

  it('is 32 by default', async () => {
    expect(await mostAtOnce({}, 'check')).toBe(32);
    expect(await mostAtOnce({ concurrency: 5 }, 'check')).toBe(5);
    expect(await mostAtOnce({ concurrency: 7 }, 'onMissing')).toBe(7);
    expect(await mostAtOnce({ concurrency: 500 }, 'check')).toBe(100);
  });

  it('is one call with checkMany', async () => {
    const checkMany = vi.fn((queries: readonly unknown[]) => queries.map((_, index) => index % 2 === 0));
    expect(await reasonsOf({ checkMany }, ['otp', 'otp', 'marketing'])).toEqual([
      undefined,
      'said-no',
      undefined,
    ]);
    expect(checkMany).toHaveBeenCalledOnce();
  });
});

it('does not wait when the caller has already aborted', async () => {
  const check = vi.fn(() => true);
  expect(await reasonsOf({ check }, ['otp'], AbortSignal.abort())).toEqual(['threw']);
  expect(check).not.toHaveBeenCalled();
});

it('keeps the order of the messages, whatever order the hooks finish in', async () => {
  const check: ConsentGuardOptions['check'] = async ({ clientMessageId }) => {
    const index = Number(clientMessageId.slice(3));
    await new Promise((resolve) => setTimeout(resolve, 50 - index * 10));
    return index !== 1;
  };
  expect(await reasonsOf({ check }, ['otp', 'otp', 'otp'])).toEqual([undefined, 'said-no', undefined]);
});

it('enforces by default', async () => {
  expect(createConsentGuard({})).toMatchObject({ name: 'consent', mode: 'enforce' });
  expect(createConsentGuard({ mode: 'monitor' }).mode).toBe('monitor');
});

describe('messages of this package', () => {
  const token = 'token-1';
  const exemptionOf = (kind: Exemption['kind'], key: Exemption['key'] = token): Exemption => ({
    kind,
    key,
    windowMs: 1,
  });

  async function reasonOf(options: ConsentGuardOptions, exemption: Exemption) {
    const message = { ...messageOf(), exemption };
    const answer = createConsentGuard(options).ask?.([message], { now: NOON, context: undefined });
    return (await answer)?.[0]?.reason;
  }

  it('the confirmation reaches only the person with that opt-out', async () => {
    const confirm = exemptionOf('opt-out-confirmation');
    const check = vi.fn(() => false);
    expect(
      await reasonOf({ ledger: ledgerOf({ ...OUT, confirmation: token }), check }, confirm),
    ).toBeUndefined();
    expect(check).not.toHaveBeenCalled();
    const others = [undefined, OUT, { ...OUT, confirmation: 'other' }, { ...IN, confirmation: token }];
    for (const record of others) {
      expect(await reasonOf({ ledger: ledgerOf(record), check: () => true }, confirm)).toBe('opted-out');
    }
    expect(await reasonOf({ ledger: ledgerWith({ get: rejects }) }, confirm)).toBe('threw');
  });

  it('an opt-in request respects every opt-out and needs no opt-in', async () => {
    const ask = exemptionOf('opt-in-request', 6591000001);
    for (const record of [OUT, { ...OUT, scope: 'marketing' }, { ...OUT, confirmation: 6591000001 }]) {
      expect(await reasonOf({ ledger: ledgerOf(record), otpAfterOptOut: true }, ask)).toBe('opted-out');
    }
    for (const record of [undefined, IN, { ...IN, purposes: [] }]) {
      expect(await reasonOf({ ledger: ledgerOf(record) }, ask)).toBeUndefined();
    }
    expect(await reasonOf({ ledger: ledgerOf(undefined), check: () => false }, ask)).toBe('said-no');
  });

  it.each(['opt-in-reply', 'help-reply'] as const)(
    '%s is held to the rules of every message',
    async (kind) => {
      expect(await reasonOf({ ledger: ledgerOf({ ...OUT, confirmation: token }) }, exemptionOf(kind))).toBe(
        'opted-out',
      );
      expect(await reasonOf({ ledger: ledgerOf(undefined) }, exemptionOf(kind))).toBeUndefined();
    },
  );

  it('each is sent once by its own rule; other messages have no such rule', () => {
    const guard = createConsentGuard({});
    expect(guard.rules?.(messageOf())).toEqual([]);
    expect(guard.rules?.({ ...messageOf(), exemption: exemptionOf('help-reply', 6591000001) })).toEqual([
      {
        kind: 'once',
        id: 'help-reply',
        guard: 'consent',
        key: 6591000001,
        fingerprint: 'once',
        windowMs: 1,
        mode: 'enforce',
      },
    ]);
  });
});

describe('forgotten people', () => {
  const forgetSecret = 's'.repeat(32);

  it.each([
    [OUT, undefined, 'opted-out'],
    [undefined, OUT, 'opted-out'],
    [OUT, { ...IN, at: IN.at + 1 }, undefined],
    [IN, OUT, undefined],
    [IN, { ...OUT, at: IN.at + 1 }, 'opted-out'],
    [{ ...OUT, at: IN.at + 1 }, IN, 'opted-out'],
    [undefined, 'nonsense', 'unreadable'],
    [null, OUT, 'unreadable'],
  ])('with the records %j and, by the hash, %j: %s (%#)', async (own, kept, reason) => {
    expect(await reasonsOf({ ledger: ledgerOf(own, kept), forgetSecret })).toEqual([reason]);
  });

  it('are not hashed after the caller has aborted', async () => {
    const digest = vi.spyOn(crypto.subtle, 'sign');
    const options = { ledger: ledgerOf(undefined, undefined), forgetSecret };
    expect(await reasonsOf(options, ['otp'], AbortSignal.abort())).toEqual(['threw']);
    expect(digest).not.toHaveBeenCalled();
    digest.mockRestore();
  });

  it('are looked up in the same call, and a short result counts as none', async () => {
    const get = vi.fn(async () => [undefined, undefined, OUT]);
    const reasons = await reasonsOf({ ledger: ledgerWith({ get: get as never }), forgetSecret }, [
      'otp',
      'otp',
    ]);
    expect(reasons).toEqual(['unreadable', 'unreadable']);
    const [[keys = []] = []] = get.mock.calls as unknown as string[][][];
    expect(keys).toEqual([
      numberOf(0),
      numberOf(1),
      expect.stringMatching(/^#[0-9a-f]{32}$/),
      expect.stringMatching(/^#/),
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import type { ConsentLedger } from '../../../src/consent/consent-ledger.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import { consentLedgerConformance } from '../../../src/testing/consent-ledger-conformance.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const out = { state: 'opted-out', scope: 'all', source: 'sms' } as const;
const optIn = { state: 'opted-in', scope: 'marketing', source: 'form' } as const;

describe('memoryConsentLedger passes the conformance suite', () => {
  for (const { name, run } of consentLedgerConformance({ create: () => memoryConsentLedger() })) {
    it(name, () => expect(run()).resolves.toBeUndefined());
  }
});

describe('the conformance suite finds a ledger that', () => {
  /** The cases that fail. */
  async function failing(change: (ledger: ConsentLedger) => Partial<ConsentLedger>): Promise<string[]> {
    const create = () => {
      const ledger = memoryConsentLedger();
      return { ...ledger, ...change(ledger) };
    };
    const failed: string[] = [];
    for (const { name, run } of consentLedgerConformance({ create, operations: 50 })) {
      await run().catch((error: Error) => failed.push(`${name}: ${error.message}`));
    }
    return failed;
  }

  it.each<[string, RegExp, (ledger: ConsentLedger) => Partial<ConsentLedger>]>([
    [
      'keeps the last state only',
      /history/,
      ({ get }) => ({ history: async (key) => (await get([key])).flatMap((found) => found ?? []) }),
    ],
    [
      'takes an opt-in request for a choice',
      /opt-in request/,
      ({ history }) => ({
        get: (keys) => Promise.all(keys.map(async (key) => (await history(key)).at(-1) as never)),
      }),
    ],
    [
      'records a message twice',
      /message/,
      ({ append }) => ({
        append: (changes) => append(changes.map(({ messageId: _, ...change }) => change as never)),
      }),
    ],
    [
      'forgets opt-outs',
      /but for the opt-out/,
      ({ forget }) => ({
        forget: async (key, keepAs) => {
          await forget(key, keepAs);
          await forget(keepAs, 'nowhere');
        },
      }),
    ],
    ['forgets nothing', /nothing is left/, () => ({ forget: async () => {} })],
    [
      'loses a field',
      /every field/,
      ({ append }) => ({
        append: (changes) => append(changes.map(({ evidence: _, ...change }) => change as never)),
      }),
    ],
    [
      'refuses characters that its database does not know',
      /any characters/,
      ({ append }) => ({
        append: async (changes) => {
          if (changes.some(({ text }) => text?.includes('\0'))) throw new Error('invalid byte sequence');
          await append(changes);
        },
      }),
    ],
    [
      'hands out what it holds',
      /copies/,
      (ledger) => {
        const held = new Map<string, never[]>();
        return {
          history: async (key) => {
            const kept = held.get(key) ?? ((await ledger.history(key)) as never[]);
            held.set(key, kept);
            return kept;
          },
        };
      },
    ],
  ])('%s', async (_, message, change) => {
    const failed = await failing(change);
    expect(failed.join('\n')).toMatch(message);
  });
});

describe('entries of a memory ledger', () => {
  it('are listed for every person, in order', async () => {
    const ledger = memoryConsentLedger();
    await ledger.append([
      { key: '+1', ...out, at: 2 },
      { key: '+2', ...optIn, at: 1 },
      { key: '+1', ...optIn, at: 1 },
    ]);
    expect(await readAll(ledger.entries())).toEqual([
      { key: '+1', ...optIn, at: 1 },
      { key: '+1', ...out, at: 2 },
      { key: '+2', ...optIn, at: 1 },
    ]);
  });

  it('end when the signal fires', async () => {
    const ledger = memoryConsentLedger();
    await ledger.append([{ key: '+1', ...out, at: 2 }]);
    const entries = ledger.entries({ signal: AbortSignal.abort(new Error('enough')) });
    expect(await failureOf(readAll(entries))).toMatchObject({ message: 'enough' });
  });
});

describe('a full memory ledger', () => {
  it('refuses new people, all or none of a call, and drops nobody', async () => {
    const ledger = memoryConsentLedger({ maxRecords: 2 });
    await ledger.append([{ key: '+1', ...out, at: 1 }]);
    const error = await failureOf(
      ledger.append([
        { key: '+2', ...out, at: 1 },
        { key: '+3', ...out, at: 1 },
      ]),
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ option: 'maxRecords' });
    expect(await ledger.get(['+1', '+2', '+3'])).toMatchObject([out, undefined, undefined]);
    await ledger.append([
      { key: '+2', ...out, at: 1 },
      { key: '+1', ...optIn, at: 2 },
    ]);
    expect(await ledger.get(['+1', '+2'])).toMatchObject([optIn, out]);
  });

  it('refuses new entries until a person is forgotten', async () => {
    const ledger = memoryConsentLedger({ maxRecords: 5, maxEntries: 2 });
    await ledger.append([
      { key: '+1', ...optIn, at: 1 },
      { key: '+1', ...optIn, at: 2 },
    ]);
    const more = () => ledger.append([{ key: '+1', ...out, at: 3, messageId: 'm' }]);
    expect(await failureOf(more())).toMatchObject({ option: 'maxEntries' });
    expect(await ledger.history('+1')).toHaveLength(2);
    await ledger.forget('+1', '#1');
    await more();
    await more();
    expect(await ledger.history('+1')).toHaveLength(1);
  });

  it('holds 4 entries per person by default', async () => {
    const ledger = memoryConsentLedger({ maxRecords: 1 });
    for (let at = 0; at < 4; at += 1) await ledger.append([{ key: '+1', ...out, at }]);
    expect(await failureOf(ledger.append([{ key: '+1', ...out, at: 4 }]))).toMatchObject({
      option: 'maxEntries',
    });
  });

  it.each([0, -1, 1.5, Number.NaN, '5'])('refuses a bound of %o', (bound) => {
    expect(() => memoryConsentLedger({ maxRecords: bound as number })).toThrow(ConfigurationError);
    expect(() => memoryConsentLedger({ maxEntries: bound as number })).toThrow(ConfigurationError);
  });
});

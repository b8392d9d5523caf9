import type { ConsentEntry, ConsentLedger, ConsentRecord, PendingOptIn } from '../consent/consent-ledger.ts';
import { type ConformanceCase, Random } from './limit-conformance/kit.ts';

/** Options of {@link consentLedgerConformance}. */
export interface ConsentLedgerConformanceOptions {
  /** Creates a ledger for one case. It need not be empty: every case uses its own keys. */
  create(): ConsentLedger | Promise<ConsentLedger>;
  /** Number of entries in the case of random orders. @default 500 */
  readonly operations?: number | undefined;
  /** Seed of the random case; the same seed reproduces a failure. @default 1 */
  readonly seed?: number | undefined;
}

type LedgerCheck = (ledger: ConsentLedger, keys: readonly string[]) => Promise<void>;

const OUT = { state: 'opted-out', scope: 'all', source: 'inbound-sms' } as const;
const IN = { state: 'opted-in', scope: 'marketing', source: 'web-form' } as const;
const REQUESTED = { state: 'requested', scope: 'marketing', source: 'double-opt-in' } as const;

/** Serialises an entry independently of the order of its fields and of fields that are undefined. */
function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return JSON.stringify(fields.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function expectEntries(what: string, found: readonly unknown[], expected: readonly unknown[]): void {
  const [one, other] = [found.map(plain), expected.map(plain)].map((each) => each.join('\n'));
  if (one !== other) throw new Error(`Consent ledger: ${what}: expected\n${other}\nbut found\n${one}`);
}

const getsLatestChoice: LedgerCheck = async (ledger, [one = '', two = '', three = '']) => {
  const full: ConsentRecord = {
    ...OUT,
    at: 5,
    purposes: ['otp', 'marketing'],
    evidence: 'form “4711”',
    messageId: 'umid-1',
    text: 'STOP 🙏',
    confirmation: 'token',
  };
  await ledger.append([
    { key: one, ...IN, at: 1 },
    { key: two, ...full },
  ]);
  const found = await ledger.get([two, three, one, two]);
  expectEntries('get returns one entry per key, in order, with every field', found, [
    full,
    undefined,
    { ...IN, at: 1 },
    full,
  ]);
  expectEntries('get of no keys', await ledger.get([]), []);
  expectEntries('history of an unknown key', await ledger.history(three), []);
};

const latestTimeWins: LedgerCheck = async (ledger, [key = '']) => {
  await ledger.append([{ key, ...OUT, at: 10 }]);
  await ledger.append([{ key, ...IN, at: 9 }]);
  expectEntries('an older choice does not win', await ledger.get([key]), [{ ...OUT, at: 10 }]);
  await ledger.append([{ key, ...IN, at: 10 }]);
  expectEntries('of equal times the later arrival wins', await ledger.get([key]), [{ ...IN, at: 10 }]);
  const expected = [
    { ...IN, at: 9 },
    { ...OUT, at: 10 },
    { ...IN, at: 10 },
  ];
  expectEntries('history is in order, with every change', await ledger.history(key), expected);
};

const orderInOneCall: LedgerCheck = async (ledger, [key = '']) => {
  await ledger.append([
    { key, ...OUT, at: 3 },
    { key, ...IN, at: 3 },
    { key, ...OUT, at: 1 },
  ]);
  const expected = [
    { ...OUT, at: 1 },
    { ...OUT, at: 3 },
    { ...IN, at: 3 },
  ];
  expectEntries('entries of one call arrive in their order', await ledger.history(key), expected);
};

const requestsAreNoChoices: LedgerCheck = async (ledger, [key = '', other = '']) => {
  const pending: PendingOptIn = {
    ...REQUESTED,
    at: 5,
    expiresAt: 9,
    text: 'Reply YES',
    purposes: ['marketing'],
  };
  await ledger.append([
    { key, ...OUT, at: 1 },
    { key, ...pending },
    { key: other, ...pending },
  ]);
  expectEntries('get passes over opt-in requests', await ledger.get([key, other]), [
    { ...OUT, at: 1 },
    undefined,
  ]);
  expectEntries('history has them', await ledger.history(key), [{ ...OUT, at: 1 }, pending]);
};

const oneSenderIsNotAll: LedgerCheck = async (ledger, [key = '', keepAs = '']) => {
  const choice = { ...OUT, scope: 'sender', sender: 'shop', at: 5, messageId: 'umid-6' } as const;
  await ledger.append([
    { key, ...IN, at: 1 },
    { key, ...choice },
    { key: `${key}/shop`, ...choice, scope: 'all' },
  ]);
  expectEntries('get passes over choices about one sender', await ledger.get([key, `${key}/shop`]), [
    { ...IN, at: 1 },
    { ...choice, scope: 'all' },
  ]);
  expectEntries('history has them', await ledger.history(key), [{ ...IN, at: 1 }, choice]);
  await ledger.forget(key, keepAs);
  expectEntries('forget passes over them too', await ledger.history(keepAs), []);
};

const oneMessageOnce: LedgerCheck = async (ledger, [key = '', other = '']) => {
  const change = { ...OUT, at: 5, messageId: 'umid-2' };
  await ledger.append([{ key, ...change }]);
  await ledger.append([
    { key, ...change, at: 6, scope: 'marketing' },
    { key, ...IN, at: 7 },
    { key: other, ...change },
    { key: other, ...change },
  ]);
  expectEntries('a message counts once', await ledger.history(key), [change, { ...IN, at: 7 }]);
  expectEntries('for each person', await ledger.history(other), [change]);
  await Promise.all(
    Array.from({ length: 5 }, () => ledger.append([{ key, ...IN, at: 8, messageId: 'umid-3' }])),
  );
  const twins = (await ledger.history(key)).filter(({ messageId }) => messageId === 'umid-3');
  expectEntries('also when five come at once', twins, [{ ...IN, at: 8, messageId: 'umid-3' }]);
};

const forgets: LedgerCheck = async (ledger, [key = '', keepAs = '', other = '']) => {
  await ledger.append([
    { key, ...IN, at: 1 },
    {
      key,
      ...OUT,
      scope: 'marketing',
      at: 2,
      messageId: 'umid-4',
      text: 'STOP',
      evidence: 'x',
      confirmation: 't',
    },
    { key, ...REQUESTED, at: 3, expiresAt: 4, sender: '+6580001234' },
    { key: other, ...IN, at: 1 },
  ]);
  await ledger.forget(key, keepAs);
  const kept = { state: 'opted-out', scope: 'marketing', source: 'forgotten', at: 2 };
  expectEntries('nothing is left', await ledger.history(key), []);
  expectEntries('but for the opt-out', await ledger.history(keepAs), [kept]);
  expectEntries('get knows it', await ledger.get([key, keepAs, other]), [undefined, kept, { ...IN, at: 1 }]);
  await ledger.forget(key, keepAs);
  expectEntries('forgetting again keeps it', await ledger.history(keepAs), [kept]);
  await ledger.append([{ key, ...IN, at: 1, messageId: 'umid-4' }]);
  await ledger.forget(key, keepAs);
  expectEntries('an earlier opt-in does not undo it', await ledger.history(keepAs), [kept]);
  await ledger.append([{ key, ...IN, at: 2 }]);
  await ledger.forget(key, keepAs);
  expectEntries('a later opt-in does', await ledger.history(keepAs), []);
  await ledger.forget(key, keepAs);
  expectEntries('forgetting an unknown key', await ledger.get([key, keepAs]), [undefined, undefined]);
};

const keepsWhatItWasGiven: LedgerCheck = async (ledger, [key = '']) => {
  const change = { key, ...IN, at: 1, source: 'before' };
  await ledger.append([change]);
  change.source = 'after';
  const history = (await ledger.history(key)) as ConsentEntry[];
  history.length = 0;
  expectEntries('arguments and results are copies', await ledger.history(key), [
    { ...IN, at: 1, source: 'before' },
  ]);
};

/** Databases refuse these two characters: a ledger may alter them, but the choice must count. */
const anyCharacters: LedgerCheck = async (ledger, [key = '']) => {
  const odd = { text: 'STOP\0 \ud83d', evidence: '\udc00\0' };
  await ledger.append([{ key, ...OUT, at: 5, messageId: 'umid-5', ...odd }]);
  const [found] = await ledger.get([key]);
  const { text: _text, evidence: _evidence, ...choice } = found ?? {};
  expectEntries('a STOP with any characters counts', [choice], [{ ...OUT, at: 5, messageId: 'umid-5' }]);
};

/** Every order of arrival leads to the same choice, and no entry is lost. */
function anyOrder(operations: number, seed: number): LedgerCheck {
  return async (ledger, [key = '']) => {
    const random = new Random(seed);
    const entries = Array.from({ length: operations }, (_, index) => ({
      ...random.pick([OUT, IN]),
      at: index,
      evidence: `${index}`,
    }));
    const arriving = entries.toSorted(() => random.below(3) - 1);
    for (const entry of arriving) await ledger.append([{ key, ...entry }]);
    expectEntries('the latest choice', await ledger.get([key]), [entries.at(-1)]);
    expectEntries('every entry in order', await ledger.history(key), entries);
  };
}

/**
 * Returns the conformance cases that every {@link ConsentLedger} must pass, for any test runner. A case throws an `Error`
 * that says what it expected.
 *
 * @example
 * ```ts
 * for (const { name, run } of consentLedgerConformance({ create: () => myLedger() })) test(name, run);
 * ```
 */
export function consentLedgerConformance({
  create,
  operations = 500,
  seed = 1,
}: ConsentLedgerConformanceOptions): readonly ConformanceCase[] {
  const cases: Readonly<Record<string, LedgerCheck>> = {
    'get returns the latest choice of each key, in order': getsLatestChoice,
    'the latest time counts in any order of arrival': latestTimeWins,
    'entries of one call keep their order': orderInOneCall,
    'an opt-in request is not a choice': requestsAreNoChoices,
    'a choice about one sender is not a choice about all': oneSenderIsNotAll,
    'one message is recorded once': oneMessageOnce,
    'forget deletes everything but an opt-out': forgets,
    'entries are copies': keepsWhatItWasGiven,
    'a text may hold any characters': anyCharacters,
    [`${operations} entries in any order`]: anyOrder(operations, seed),
  };
  return Object.entries(cases).map(([name, check]) => ({
    name,
    async run() {
      // Fresh keys, so that a persistent ledger can be tested twice.
      const run = crypto.randomUUID();
      await check(await create(), [`+1-${run}`, `#2-${run}`, `+3-${run}`]);
    },
  }));
}

import type { Call } from '../call.ts';
import { ConfigurationError, StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { consentKey } from '../guards/consent.ts';
import type { ConsentCall, ConsentGuardOptions } from '../guards/consent-options.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import { withTimeLimit } from '../time-limit.ts';
import { raceAbort } from '../wait.ts';
import {
  type ConsentChange,
  type ConsentEntry,
  type ConsentLedger,
  type ConsentRecord,
  isChoice,
  laterChoice,
} from './consent-ledger.ts';
import { createPseudonym } from './pseudonym.ts';
import { senderKey, sendersIn } from './senders.ts';

/** What is on record of one person. */
export interface ConsentProfile {
  readonly phone: Phone;
  /** Where the ledger keeps it. */
  readonly key: string;
  /** In order, without what is kept of a forgotten person. */
  readonly entries: readonly ConsentEntry[];
  /** What is kept of before the person was forgotten. */
  readonly kept: ConsentRecord | undefined;
  /** The choice that counts, of both. */
  readonly latest: ConsentRecord | undefined;
}

/**
 * The ledger as the methods of `sms.consent` use it. Every failure is a `StoreError` that says no more, after 5 s at the
 * latest; what a ledger says of its options is told as it is.
 */
export interface LedgerClient {
  readonly hasLedger: boolean;
  /** @throws ConfigurationError there is no ledger */
  read(phone: Phone, call: Call, sender?: string): Promise<ConsentProfile>;
  readLatest(phone: Phone, call: Call, sender?: string): Promise<ConsentRecord | undefined>;
  append(phone: Phone, entry: ConsentEntry, call: Call): Promise<void>;
  /** @throws ConfigurationError there is no ledger, or no `forgetSecret` */
  forget(phone: Phone, call: Call): Promise<void>;
  /** The event and the team's hook for a choice that was recorded. Never throws. */
  notify(phone: Phone, record: ConsentRecord, call: Call): Promise<void>;
  /** Runs a hook of the team. Never throws: what it was told about has happened. */
  runHook(
    name: HookName,
    call: Call,
    hook: ((call: ConsentCall) => void | Promise<void>) | undefined,
  ): Promise<void>;
}

type HookName = 'onOptIn' | 'onOptOut' | 'onPossibleOptOut';

export interface LedgerClientConfig {
  readonly guard: false | ConsentGuardOptions;
  readonly emit: Emit;
}

/** As for a limit store: a ledger whose driver waits for ever must not hold a call for ever. */
const LEDGER_TIMEOUT_MS = 5_000;

const FAILURES = {
  read: 'The consent ledger failed, so nothing was read.',
  // Its answer may have been lost on the way.
  write:
    'The consent ledger failed, and it is not known whether it did what it was asked to. No message was sent. Repeat the call: done twice it counts once.',
} as const;

/** What is shown of an entry: all but the package's own token. */
export function publicEntry<Entry extends ConsentEntry>(entry: Entry): Entry {
  const { confirmation: _token, ...shown } = entry as Entry & { readonly confirmation?: string | undefined };
  return shown as unknown as Entry;
}

function keyOf(phone: Phone, sender?: string): string {
  const key = consentKey({ phone });
  return sender === undefined ? key : senderKey(key, sender);
}

/**
 * A choice about one sender is kept twice, in one append: under the sender's own key, where it counts, and in the history of
 * the person, which `get` passes over.
 */
function toChanges(key: string, entry: ConsentEntry): readonly ConsentChange[] {
  if (entry.scope !== 'sender' || entry.sender === undefined) return [{ ...entry, key }];
  return [
    { ...entry, key },
    { ...entry, key: senderKey(key, entry.sender), scope: 'all' },
  ];
}

export function createLedgerClient({ guard, emit }: LedgerClientConfig): LedgerClient {
  const { ledger, forgetSecret, onOptIn, onOptOut }: ConsentGuardOptions = guard === false ? {} : guard;
  const pseudonym = forgetSecret === undefined ? undefined : createPseudonym(forgetSecret);

  function requireLedger(): ConsentLedger {
    if (ledger !== undefined) return ledger;
    throw new ConfigurationError(
      'Recording consent needs a ledger: set guards.consent.ledger (memoryConsentLedger() forgets on restart).',
      'guards.consent.ledger',
    );
  }

  /** A ledger's error may hold anything; only that it failed is told. */
  async function withLedger<Result>(
    call: Call,
    kind: keyof typeof FAILURES,
    work: (ledger: ConsentLedger, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const store = requireLedger();
    try {
      const answer = await withTimeLimit(LEDGER_TIMEOUT_MS, call.signal, (signal) => work(store, signal));
      if (answer.inTime) return answer.value;
    } catch (error) {
      call.throwIfEnded();
      // A server that would evict opt-outs, say: the team has to read that.
      if (ConfigurationError.isInstance(error)) throw error;
    }
    emit({ type: 'store-failed', store: 'consent' }, call.context);
    throw new StoreError(FAILURES[kind]);
  }

  /** The choice that is kept of a forgotten person. */
  async function readKept(
    store: ConsentLedger,
    key: string,
    signal: AbortSignal,
  ): Promise<ConsentRecord | undefined> {
    if (pseudonym === undefined) return undefined;
    const [kept] = await store.get([await pseudonym(key)], { signal });
    return kept;
  }

  async function runHook(
    name: HookName,
    call: Call,
    hook: ((call: ConsentCall) => void | Promise<void>) | undefined,
  ): Promise<void> {
    const { signal, context } = call;
    try {
      await raceAbort((async () => hook?.({ signal, context }))(), signal);
    } catch {
      // The choice is recorded and counts; that the team was not told must not look as if it were not.
      emit({ type: 'hook-failed', hook: name }, context);
    }
  }

  return {
    hasLedger: ledger !== undefined,
    runHook,
    read: (phone, call, sender) =>
      withLedger(call, 'read', async (store, signal) => {
        const key = keyOf(phone, sender);
        const entries: unknown = await store.history(key, { signal });
        if (!Array.isArray(entries)) throw new TypeError('not a history');
        const kept = await readKept(store, key, signal);
        const own = (entries as readonly ConsentEntry[]).findLast(isChoice);
        return { phone, key, entries, kept, latest: laterChoice(own, kept) };
      }),
    readLatest: (phone, call, sender) =>
      withLedger(call, 'read', async (store, signal) => {
        const key = keyOf(phone, sender);
        const [own] = await store.get([key], { signal });
        return laterChoice(own, await readKept(store, key, signal));
      }),
    append: (phone, entry, call) =>
      withLedger(call, 'write', (store) => store.append(toChanges(keyOf(phone), entry))),
    async forget(phone, call) {
      requireLedger();
      if (pseudonym === undefined) {
        throw new ConfigurationError(
          'Forgetting a person needs guards.consent.forgetSecret: without it an opt-out would be forgotten too, and they would be texted again.',
          'guards.consent.forgetSecret',
        );
      }
      const key = keyOf(phone);
      await withLedger(call, 'write', async (store, signal) => {
        const senders = sendersIn(await store.history(key, { signal }));
        // The history names the senders, so it goes last: a call that failed half-way can be repeated.
        for (const each of [...senders.map((sender) => senderKey(key, sender)), key]) {
          await store.forget(each, await pseudonym(each));
        }
      });
    },
    async notify({ e164 }, record, call) {
      const { state, scope } = record;
      emit({ type: 'consent-recorded', destination: maskNumber(e164), state, scope }, call.context);
      const [hook, name] =
        state === 'opted-in' ? [onOptIn, 'onOptIn' as const] : [onOptOut, 'onOptOut' as const];
      const notice = { ...publicEntry(record), destination: e164 };
      await runHook(name, call, hook && ((consentCall) => hook(notice, consentCall)));
    },
  };
}

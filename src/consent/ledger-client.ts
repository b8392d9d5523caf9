import type { Call } from '../call.ts';
import { ConfigurationError, StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { consentKey } from '../guards/consent.ts';
import type { ConsentCall, ConsentGuardOptions, ConsentNotice } from '../guards/consent-options.ts';
import { maskNumber } from '../internal/redact.ts';
import { reasonOf } from '../internal/store-reason.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode } from '../internal/user-code.ts';
import { raceAbort } from '../internal/wait.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { ScheduledMessageRef } from '../sending/scheduled/cancel-scheduled.ts';
import type { ScheduledMessages } from '../sending/scheduled/scheduled-messages.ts';
import {
  type ConsentChange,
  type ConsentEntry,
  type ConsentLedger,
  type ConsentRecord,
  isChoice,
  laterChoice,
} from './consent-ledger.ts';
import { createPseudonym } from './pseudonym.ts';
import { anySenderKey, findSenderOptOut, senderKey, sendersIn } from './senders.ts';

/** Everything on record about one person, or about one person and one sender. */
export interface ConsentProfile {
  readonly phone: Phone;
  /** Key in the ledger. */
  readonly key: string;
  /** In order, without the choice kept from before the person was forgotten. */
  readonly entries: readonly ConsentEntry[];
  /** The choice kept from before the person was forgotten. */
  readonly kept: ConsentRecord | undefined;
  /** The later of both choices. */
  readonly latest: ConsentRecord | undefined;
}

/**
 * Access to the ledger for the methods of `sms.consent`. Every failure is a `StoreError` without details, after 5 s at the
 * latest; a `ConfigurationError` of the ledger is passed on.
 */
export interface LedgerClient {
  readonly hasLedger: boolean;
  /** @throws ConfigurationError there is no ledger */
  read(phone: Phone, call: Call, sender?: string): Promise<ConsentProfile>;
  readLatest(phone: Phone, call: Call, sender?: string): Promise<ConsentRecord | undefined>;
  append(phone: Phone, entry: ConsentEntry, call: Call): Promise<void>;
  /** @throws ConfigurationError there is no ledger, or no `forgetSecret` */
  forget(phone: Phone, call: Call): Promise<void>;
  /**
   * Emits the event, cancels what an opt-out covers, and runs the team's hook for a recorded choice.
   *
   * @throws StoreError the scheduled messages could not be looked up; the choice is recorded, and the hook has run
   */
  notify(phone: Phone, record: ConsentRecord, call: Call): Promise<void>;
  /**
   * Cancels what an opt-out covers that was imported, or comes again, and runs the team's hook when something could not be
   * cancelled.
   *
   * @throws StoreError the scheduled messages could not be looked up
   */
  cancelScheduled(phone: Phone, record: ConsentRecord, call: Call): Promise<void>;
  /** Runs a hook of the team. Never throws: the choice is recorded whether the hook works or not. */
  runHook(
    name: HookName,
    call: Call,
    hook: ((call: ConsentCall) => void | Promise<void>) | undefined,
  ): Promise<void>;
}

type LedgerMethod = 'get' | 'history' | 'append' | 'forget';

type HookName = 'onOptIn' | 'onOptOut' | 'onPossibleOptOut';

export interface LedgerClientConfig {
  readonly guard: false | ConsentGuardOptions;
  readonly emit: Emit;
  readonly scheduledMessages: Pick<ScheduledMessages, 'cancel'>;
}

/** As for a limit store: a driver that never responds must not block a call forever. */
const LEDGER_TIMEOUT_MS = 5_000;

const FAILURES = {
  read: 'The consent ledger failed, so nothing was read.',
  // The response may have been lost on the way.
  write:
    'The consent ledger failed, so the change may or may not have been recorded. No message was sent. Repeat the call: recording the change twice has the same effect as once.',
} as const;

/** An entry without the token of this package. */
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

/** A choice as the hooks get it, with the scheduled messages that an opt-out could not cancel. */
function noticeOf(
  { e164 }: Phone,
  record: ConsentRecord,
  left: readonly ScheduledMessageRef[],
): ConsentNotice {
  return {
    ...publicEntry(record),
    destination: e164,
    ...(left.length > 0 && { scheduledNotCancelled: left }),
  };
}

export function createLedgerClient({ guard, emit, scheduledMessages }: LedgerClientConfig): LedgerClient {
  const { ledger, forgetSecret, onOptIn, onOptOut }: ConsentGuardOptions = guard === false ? {} : guard;
  const pseudonym = forgetSecret === undefined ? undefined : createPseudonym(forgetSecret);

  function requireLedger(): ConsentLedger {
    if (ledger !== undefined) return ledger;
    throw new ConfigurationError(
      'Recording consent needs a ledger: set guards.consent.ledger (memoryConsentLedger() forgets on restart).',
      'guards.consent.ledger',
    );
  }

  /** Replaces the ledger's error, which may hold personal data. */
  async function withLedger<Result>(
    call: Call,
    kind: keyof typeof FAILURES,
    method: LedgerMethod,
    work: (ledger: ConsentLedger, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const store = requireLedger();
    const ask = () => askInTime(store, call, kind, method, work);
    return emit.trace?.({ kind: 'store', store: 'consent', method }, ask) ?? ask();
  }

  async function askInTime<Result>(
    store: ConsentLedger,
    call: Call,
    kind: keyof typeof FAILURES,
    method: LedgerMethod,
    work: (ledger: ConsentLedger, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    let reason = '';
    try {
      const answer = await withTimeLimit(LEDGER_TIMEOUT_MS, call.signal, (signal) =>
        runUserCode(emit, `guards.consent.ledger.${method}`, () => work(store, signal), signal),
      );
      if (answer.inTime) return answer.value;
    } catch (error) {
      call.throwIfEnded();
      // For example a server that may evict opt-outs: the team has to read that.
      if (ConfigurationError.isInstance(error)) throw error;
      reason = reasonOf(error);
    }
    emit({ type: 'store-failed', store: 'consent' }, call.context);
    throw new StoreError(`${FAILURES[kind]}${reason}`);
  }

  /** The choice kept from before the person was forgotten. */
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
      const running = runUserCode(emit, `guards.consent.${name}`, () => hook?.({ signal, context }), signal);
      await raceAbort(running, signal);
    } catch {
      // The choice is recorded and counts, whatever the hook does.
      emit({ type: 'hook-failed', hook: name }, context);
    }
  }

  /** Cancels what an opt-out covers, and says in an error that the opt-out itself is recorded. */
  async function cancelCovered(
    phone: Phone,
    record: ConsentRecord,
    call: Call,
  ): Promise<readonly ScheduledMessageRef[]> {
    try {
      return await scheduledMessages.cancel(phone, record, call);
    } catch (error) {
      if (!StoreError.isInstance(error)) throw error;
      throw new StoreError(`The opt-out is recorded. ${error.message}`);
    }
  }

  return {
    hasLedger: ledger !== undefined,
    runHook,
    read: (phone, call, sender) =>
      withLedger(call, 'read', 'history', async (store, signal) => {
        const key = keyOf(phone, sender);
        const entries: unknown = await store.history(key, { signal });
        if (!Array.isArray(entries)) throw new TypeError('not a history');
        const kept = await readKept(store, key, signal);
        const own = (entries as readonly ConsentEntry[]).findLast(isChoice);
        return { phone, key, entries, kept, latest: laterChoice(own, kept) };
      }),
    readLatest: (phone, call, sender) =>
      withLedger(call, 'read', 'get', async (store, signal) => {
        const key = keyOf(phone, sender);
        const [own] = await store.get([key], { signal });
        return laterChoice(own, await readKept(store, key, signal));
      }),
    append: (phone, entry, call) =>
      withLedger(call, 'write', 'append', (store) => store.append(toChanges(keyOf(phone), entry))),
    async forget(phone, call) {
      requireLedger();
      if (pseudonym === undefined) {
        throw new ConfigurationError(
          'consent.forget needs guards.consent.forgetSecret. Without it an opt-out would be forgotten too, and the person would be texted again. Nothing was removed.',
          'guards.consent.forgetSecret',
        );
      }
      const key = keyOf(phone);
      await withLedger(call, 'write', 'forget', async (store, signal) => {
        const entries = await store.history(key, { signal });
        const senders = sendersIn(entries);
        const optOut = findSenderOptOut(entries);
        // The history lists the senders, so it is removed last: a call that failed half-way can be repeated.
        if (optOut !== undefined) {
          const { at } = optOut;
          const kept = await pseudonym(anySenderKey(key));
          await store.append([{ key: kept, state: 'opted-out', scope: 'all', source: 'forgotten', at }]);
        }
        for (const each of [...senders.map((sender) => senderKey(key, sender)), key]) {
          await store.forget(each, await pseudonym(each));
        }
      });
    },
    async cancelScheduled(phone, record, call) {
      const left = await cancelCovered(phone, record, call);
      const notice = noticeOf(phone, record, left);
      if (left.length === 0) return;
      await runHook('onOptOut', call, onOptOut && ((consentCall) => onOptOut(notice, consentCall)));
    },
    async notify(phone, record, call) {
      const { e164 } = phone;
      const { state, scope } = record;
      emit({ type: 'consent-recorded', destination: maskNumber(e164), state, scope }, call.context, phone);
      const [hook, name] =
        state === 'opted-in' ? [onOptIn, 'onOptIn' as const] : [onOptOut, 'onOptOut' as const];
      const cancelling = state === 'opted-out' ? cancelCovered(phone, record, call) : [];
      const [left] = await Promise.allSettled([cancelling]);
      const notice = noticeOf(phone, record, left.status === 'fulfilled' ? left.value : []);
      await runHook(name, call, hook && ((consentCall) => hook(notice, consentCall)));
      if (left.status === 'rejected') throw left.reason;
    },
  };
}

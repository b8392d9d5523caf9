import type { Call } from '../../call.ts';
import { NotFoundError, SmsError, StoreError } from '../../errors.ts';
import type { Emit, ScheduledNotCancelledReason } from '../../events.ts';
import { numberFields } from '../../guards/event-fields.ts';
import type { Guard, OutgoingMessage } from '../../guards/guard.ts';
import type { ConsentReason } from '../../guards/reasons.ts';
import { mapLimited } from '../../internal/map-limited.ts';
import { wait } from '../../internal/wait.ts';
import { detachedCall } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { measureText } from '../../text/measure-text.ts';
import type { Clock } from '../../types.ts';
import type { ScheduledEntry } from './scheduled-entry.ts';
import type { ScheduledRecords } from './scheduled-records.ts';

/** A scheduled message that an opt-out could not cancel: it may still reach the person. */
export interface ScheduledMessageRef {
  /** 8x8's ID; absent when the outcome of the send is unknown. */
  readonly umid?: string;
  /** The ID that you gave the message, or that this package generated. */
  readonly clientMessageId: string;
  /**
   * `unknown-outcome`: it is unknown whether 8x8 accepted the message; reconcile it by its `clientMessageId`.
   * `already-sent`: 8x8 had nothing left to cancel. `failed`: 8x8 or the limit store failed; record the opt-out again
   * to repeat it.
   */
  readonly reason: ScheduledNotCancelledReason;
}

/** The scope of an opt-out. */
export interface OptOut {
  readonly scope: 'all' | 'marketing' | 'sender';
  readonly sender?: string | undefined;
  /** When the person chose, in epoch milliseconds. */
  readonly at: number;
}

/** Cancels scheduled messages at 8x8, one by one. */
export interface CancelScheduled {
  /**
   * Cancels what an opt-out covers; without a ledger, only what was scheduled before it. Waits for another call that is
   * cancelling some of it. Returns what could not be cancelled.
   *
   * @throws StoreError the messages could not be looked up, or another call has claimed some and does not finish
   * @throws SmsError the call ended
   */
  cancelCovered(phone: Phone, optOut: OptOut, call: Call): Promise<readonly ScheduledMessageRef[]>;
  /** Cancels these messages, which this call has claimed. */
  cancelEntries(phone: Phone, entries: readonly ScheduledEntry[], call: Call): Promise<void>;
}

export interface CancelScheduledConfig {
  readonly records: ScheduledRecords;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The consent guard with the ledger as its only source: it knows which messages an opt-out covers, and whether it holds. */
  readonly ledgerGuard: Guard<'consent'> | undefined;
  readonly otpAfterOptOut: boolean;
  /** Name of a sender ID, as choices about one sender have it. */
  senderName(source: string): string;
  /** Cancels one message at 8x8 and returns how many that were. */
  cancelAt8x8(subAccountId: string, umid: string, call: Call): Promise<number>;
}

const AT_ONCE = 4;
/**
 * A message that is in progress for longer has lost its sender. Chosen by this package: longer than any default time
 * limit.
 */
const LOST_AFTER_MS = 5 * 60_000;
/** A call that claimed messages and did not finish has failed. */
export const CLAIM_MS = 60_000;
/** Pauses before another look at what a different call has claimed: 3 s in all, so that a webhook is answered in time. */
const LOOKS_AFTER_MS = [100, 200, 400, 800, 1_500];
const MAY_BE_SENT =
  'Messages that are scheduled for this person may still be sent: the limit store failed, or another call has begun to cancel them and did not finish. Record the opt-out again in a minute.';
/** The consent guard reads the purpose and the sender only. */
const NO_TEXT = measureText('', 'AUTO');

/** Reasons of the consent guard that say nothing about the person. */
const LEDGER_FAILURES: ReadonlySet<ConsentReason> = new Set(['threw', 'timed-out', 'unreadable']);

type Outcome = 'cancelled' | 'not-covered' | ScheduledNotCancelledReason;

export function createCancelScheduled(config: CancelScheduledConfig): CancelScheduled {
  const { records, clock, emit, ledgerGuard, otpAfterOptOut, senderName, cancelAt8x8 } = config;

  function messageOf(phone: Phone, { purpose, source, clientMessageId }: ScheduledEntry): OutgoingMessage {
    const from = source === '' ? {} : { source };
    const content = { text: '', measure: NO_TEXT, encoding: 'AUTO', ...from } as const;
    return { index: 0, purpose, clientMessageId, phone, content };
  }

  /** Without a ledger, only the opt-out itself decides. */
  function isInScope({ purpose, source }: ScheduledEntry, { scope, sender }: OptOut): boolean {
    if (purpose === 'otp' && otpAfterOptOut) return false;
    if (scope === 'marketing') return purpose === 'marketing';
    // 8x8 chooses the sender of a message without a source.
    return scope !== 'sender' || source === '' || senderName(source) === sender;
  }

  /** Whether the opt-out covers each message and still holds; undefined where the ledger cannot tell. */
  async function coverage(
    phone: Phone,
    entries: readonly ScheduledEntry[],
    optOut: OptOut | undefined,
    call: Call,
  ): Promise<readonly (boolean | undefined)[]> {
    if (ledgerGuard?.ask === undefined) {
      return entries.map((entry) => optOut === undefined || isInScope(entry, optOut));
    }
    if (entries.length === 0) return [];
    const { signal, context } = call;
    const messages = entries.map((entry) => messageOf(phone, entry));
    const refusals = await ledgerGuard.ask(messages, { now: clock.now(), signal, context });
    call.throwIfEnded();
    return refusals.map((refusal) => {
      if (refusal?.reason === 'opted-out') return true;
      return refusal !== undefined && LEDGER_FAILURES.has(refusal.reason) ? undefined : false;
    });
  }

  function report(
    phone: Phone,
    { umid, clientMessageId, purpose }: ScheduledEntry,
    outcome: Outcome,
    call: Call,
  ) {
    if (outcome === 'not-covered') return;
    const fields = { ...numberFields(phone), clientMessageId, purpose };
    if (outcome === 'cancelled') emit({ type: 'scheduled-cancelled', ...fields, umid }, call.context, phone);
    else {
      const known = umid === '' ? {} : { umid };
      emit({ type: 'scheduled-not-cancelled', ...fields, ...known, reason: outcome }, call.context, phone);
    }
  }

  /** Checks whether the opt-out still holds, then cancels. */
  async function cancelOne(
    phone: Phone,
    entry: ScheduledEntry,
    optOut: OptOut | undefined,
    call: Call,
  ): Promise<Outcome> {
    if (entry.umid === '') return 'unknown-outcome';
    try {
      const [isCovered] = await coverage(phone, [entry], optOut, call);
      if (isCovered !== true) return isCovered === undefined ? 'failed' : 'not-covered';
      return (await cancelAt8x8(entry.subAccountId, entry.umid, call)) > 0 ? 'cancelled' : 'already-sent';
    } catch (error) {
      if (NotFoundError.isInstance(error)) return 'already-sent';
      if (!SmsError.isInstance(error)) throw error;
      return 'failed';
    }
  }

  async function cancelAll(
    phone: Phone,
    entries: readonly ScheduledEntry[],
    optOut: OptOut | undefined,
    call: Call,
  ): Promise<ReadonlyMap<ScheduledEntry, Outcome>> {
    const outcomes = await mapLimited(entries, AT_ONCE, async (entry) => {
      const outcome = await cancelOne(phone, entry, optOut, call);
      report(phone, entry, outcome, call);
      return [entry, outcome] as const;
    });
    return new Map(outcomes);
  }

  /**
   * Claims the messages that the opt-out covers, so that two calls do not cancel the same ones; messages in progress
   * are left to their sender. `isHeld` says whether another call has claimed some: it may cancel them, or have died.
   */
  async function claim(
    phone: Phone,
    optOut: OptOut,
    call: Call,
  ): Promise<{ readonly claimed: readonly ScheduledEntry[]; readonly isHeld: boolean }> {
    // The ledger knows whether the opt-out still holds: one that arrives late covers what was scheduled meanwhile, too.
    const isAfter = ({ madeAt }: ScheduledEntry) => ledgerGuard === undefined && madeAt > optOut.at;
    const isOpen = (entry: ScheduledEntry) => entry.claimedUntil <= clock.now();
    const read = await records.change(phone, (entries) => entries, call);
    const inTime = 'before' in read ? read.before.filter((entry) => !isAfter(entry)) : [];
    const isCovered = await coverage(phone, inTime, optOut, call);
    const covered = inTime.filter((_, index) => isCovered[index] !== false);
    const reached = new Set(covered.filter(isOpen).map(({ id }) => id));
    const isHeld = reached.size < covered.length;
    if (reached.size === 0) return { claimed: [], isHeld };
    const isOnItsWay = ({ state, madeAt }: ScheduledEntry) =>
      state === 's' && clock.now() - madeAt < LOST_AFTER_MS;
    let claimed: readonly ScheduledEntry[] = [];
    const claimedUntil = clock.now() + CLAIM_MS;
    const change = (wasTried: boolean) =>
      records.change(
        phone,
        (entries) => {
          const isOwn = (entry: ScheduledEntry) =>
            isOpen(entry) || (wasTried && entry.claimedUntil === claimedUntil);
          const own = entries.filter((entry) => reached.has(entry.id) && isOwn(entry));
          claimed = own.filter((entry) => !isOnItsWay(entry));
          return entries.map((entry) => {
            if (!own.includes(entry)) return entry;
            return isOnItsWay(entry) ? { ...entry, isStopped: true } : { ...entry, claimedUntil };
          });
        },
        call,
      );
    try {
      await change(false);
    } catch (error) {
      // The claim may have been written before its answer was lost: then nobody else would cancel these messages.
      if (!StoreError.isInstance(error)) throw error;
      await change(true);
    }
    return { claimed, isHeld };
  }

  /** Takes out what is done; what failed may be tried again. */
  async function release(
    phone: Phone,
    outcomes: ReadonlyMap<ScheduledEntry, Outcome>,
    call: Call,
  ): Promise<void> {
    const byId = new Map([...outcomes].map(([{ id }, outcome]) => [id, outcome]));
    await records.change(
      phone,
      (entries) =>
        entries.flatMap((entry) => {
          const outcome = byId.get(entry.id);
          if (outcome === undefined) return [entry];
          return outcome === 'failed' || outcome === 'not-covered' ? [{ ...entry, claimedUntil: 0 }] : [];
        }),
      // Independent of the call, which may have ended.
      detachedCall(call),
    );
  }

  /** Cancels what this call has claimed, and returns what could not be cancelled. */
  async function cancelClaimed(
    phone: Phone,
    claimed: readonly ScheduledEntry[],
    optOut: OptOut,
    call: Call,
  ): Promise<readonly ScheduledMessageRef[]> {
    const outcomes = await cancelAll(phone, claimed, optOut, call);
    try {
      await release(phone, outcomes, call);
    } catch (error) {
      // The store has told of it by its own event. What was claimed is free again in a minute.
      if (!SmsError.isInstance(error)) throw error;
    }
    return [...outcomes].flatMap(([{ umid, clientMessageId }, reason]) =>
      reason === 'cancelled' || reason === 'not-covered'
        ? []
        : [{ ...(umid !== '' && { umid }), clientMessageId, reason }],
    );
  }

  return {
    async cancelCovered(phone, optOut, call) {
      const left: ScheduledMessageRef[] = [];
      for (let look = 0; ; look += 1) {
        const { claimed, isHeld } = await claim(phone, optOut, call).catch((error: unknown) => {
          throw StoreError.isInstance(error) ? new StoreError(MAY_BE_SENT) : error;
        });
        if (claimed.length > 0) left.push(...(await cancelClaimed(phone, claimed, optOut, call)));
        if (!isHeld) return left;
        const pauseMs = LOOKS_AFTER_MS[look];
        // To return would say that all is cancelled, but the call that claimed the rest may have died.
        if (pauseMs === undefined) throw new StoreError(MAY_BE_SENT);
        await wait(pauseMs, call.signal);
      }
    },
    async cancelEntries(phone, entries, call) {
      await release(phone, await cancelAll(phone, entries, undefined, call), call);
    },
  };
}

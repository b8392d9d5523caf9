import type { Call } from '../call.ts';
import type { ConsentGuardOptions } from '../guards/consent-options.ts';
import type { Exemption } from '../guards/guard.ts';
import { sha256, toHex } from '../internal/digest.ts';
import { maskNumber } from '../internal/redact.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { ScheduledMessages } from '../sending/scheduled/scheduled-messages.ts';
import type { Clock } from '../types.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';
import type { ConsentRecord } from './consent-ledger.ts';
import { createInboundActions, type InboundActionsConfig } from './inbound-actions.ts';
import { optOutTime, senderOf, writtenAt } from './inbound-facts.ts';
import { createKeywordReader } from './keywords/read-keyword.ts';
import { type ConsentProfile, type LedgerClient, publicEntry } from './ledger-client.ts';
import { findPendingOptIn, isReplyTo } from './pending-opt-in.ts';
import { createSenderNames } from './senders.ts';

/** The meaning of an inbound text for consent, and the actions that followed. */
export interface InboundConsent {
  /**
   * - `opt-out`: STOP or a similar word.
   * - `opt-in`: START or a similar word.
   * - `confirm`: a yes to a pending opt-in of `consent.requestOptIn`.
   * - `help`: HELP or a similar word.
   * - `possible-opt-out`: may ask to be left alone; somebody should read it. Nothing was changed.
   * - `reaction`: a reaction that a phone wrote out (`Liked “…”`). Nothing was changed.
   * - `none`: anything else, including a yes when no opt-in is pending.
   */
  readonly intent: 'opt-out' | 'opt-in' | 'confirm' | 'help' | 'possible-opt-out' | 'reaction' | 'none';
  /** The record in the ledger. Absent when nothing was recorded: no choice, no ledger, or a sender without a phone number. */
  readonly recorded?: ConsentRecord;
  /** True when the ledger already holds a later choice, so that this one is part of the history only. */
  readonly superseded?: true;
  /**
   * Outcome of the automatic reply. `skipped`: sent before, or not due. `failed`: refused by a guard or by 8x8, or of unknown
   * outcome; the events have details. Absent when the options name no reply.
   */
  readonly reply?: 'sent' | 'failed' | 'skipped';
  /** Whether the number was added to 8x8's block list. Absent when `blockAt8x8` does not apply. */
  readonly mirrored?: boolean;
}

/** Handles one inbound text within a call. The same text twice changes nothing the second time. */
export type HandleInbound = (inbound: InboundMessage, call: Call) => Promise<InboundConsent>;

export interface HandleInboundConfig extends InboundActionsConfig {
  readonly guard: false | ConsentGuardOptions;
  readonly ledger: LedgerClient;
  readonly clock: Clock;
  readonly scheduledMessages: Pick<ScheduledMessages, 'cancel'>;
}

/** A text from a valid phone number. */
interface PersonText {
  /** The person's choices about all senders. */
  readonly overall: ConsentProfile;
  /** The choices that the text is about: the same, or those about the sender that the person wrote to. */
  readonly profile: ConsentProfile;
  readonly inbound: InboundMessage;
  /** When the person wrote it, in epoch milliseconds. */
  readonly at: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const HELP_WINDOW_MS = 60 * 60 * 1000;
/** Longest text that is stored in a ledger; keywords are far shorter. */
export const MAX_KEPT_CHARACTERS = 1_600;
/** The opt-in of a START that has nothing to restore. It never covers advertising. */
const SERVICE_ONLY = { scope: 'all', purposes: ['transactional', 'otp'] } as const;

/** Equal for two STOPs that race, and different after the next opt-in: one confirmation per opt-out. */
async function confirmationToken({ key, latest }: ConsentProfile): Promise<string> {
  const digest = await sha256(JSON.stringify([key, latest?.at ?? null]));
  return toHex(digest.subarray(0, 16));
}

export function createHandleInbound(config: HandleInboundConfig): HandleInbound {
  const { guard, ledger, clock, emit, scheduledMessages } = config;
  const { inbound: options = {}, onPossibleOptOut }: ConsentGuardOptions = guard === false ? {} : guard;
  const { optOutReply, optInReply, helpReply, optOutScope = 'all' } = options;
  const { languages, words } = options;
  const senderName = createSenderNames(options.brands);
  const readKeyword = createKeywordReader({ languages, words }, 'guards.consent.inbound');
  const { reply, mirror } = createInboundActions(config);

  async function replyIfAsked(
    text: string | undefined,
    exemption: Exemption,
    phone: Phone,
    { destination: source, channel }: InboundMessage,
    call: Call,
  ): Promise<Pick<InboundConsent, 'reply'>> {
    if (text === undefined) return {};
    // The ID of a Messaging Apps channel is not a sender ID: the sub-account's own one is used.
    const from = channel === undefined && source !== '' ? { source } : {};
    return { reply: await reply({ destination: phone.e164, ...from, text }, exemption, call) };
  }

  async function mirrorIfAsked(phone: Phone, scope: ConsentRecord['scope'], call: Call) {
    if (options.blockAt8x8 !== true || scope !== 'all') return {};
    return { mirrored: await mirror(phone, call) };
  }

  function unrecorded(phone: Phone | undefined, { source }: InboundMessage, call: Call): void {
    const reason = phone === undefined ? 'no-number' : 'no-ledger';
    emit({ type: 'opt-out-unrecorded', destination: maskNumber(source), reason }, call.context, phone);
  }

  /** Without a ledger a STOP still cancels what is scheduled. */
  async function cancelUnrecorded(phone: Phone, inbound: InboundMessage, call: Call): Promise<void> {
    const at = writtenAt(inbound, clock.now());
    await scheduledMessages.cancel(phone, { ...scopeOfStop(false, inbound), at }, call);
  }

  /** The fields that every choice by text has in common. */
  function evidenceOf({ inbound, at }: Pick<PersonText, 'inbound' | 'at'>) {
    return { at, messageId: inbound.umid, text: inbound.body.slice(0, MAX_KEPT_CHARACTERS) };
  }

  function isSuperseded({ latest }: ConsentProfile, at: number): boolean {
    return latest !== undefined && latest.at > at;
  }

  async function optOut(
    { overall, profile, inbound, at: writtenAt }: PersonText,
    call: Call,
  ): Promise<Omit<InboundConsent, 'intent'>> {
    const { phone, latest } = profile;
    const at = optOutTime(profile, writtenAt);
    const wasOut = latest?.state === 'opted-out';
    const wasOutOfAll = overall.latest?.state === 'opted-out' && overall.latest.scope === 'all';
    const superseded = isSuperseded(profile, at);
    const mayConfirm = optOutReply !== undefined && !wasOut && !wasOutOfAll && !superseded;
    // A second STOP keeps the token of the first: without it the guard would refuse a confirmation in progress.
    const confirmation = mayConfirm
      ? await confirmationToken(profile)
      : wasOut
        ? latest.confirmation
        : undefined;
    const record: ConsentRecord = {
      state: 'opted-out',
      ...scopeOfStop(wasOutOfAll, inbound),
      source: 'inbound-sms',
      ...evidenceOf({ inbound, at }),
      ...(confirmation !== undefined && { confirmation }),
    };
    await ledger.append(phone, record, call);
    const recorded = publicEntry(record);
    if (superseded) return { recorded, superseded, ...(optOutReply !== undefined && { reply: 'skipped' }) };
    const exemption = { kind: 'opt-out-confirmation', key: confirmation ?? '', windowMs: DAY_MS } as const;
    async function answerAndMirror() {
      const replied = mayConfirm
        ? await replyIfAsked(optOutReply, exemption, phone, inbound, call)
        : optOutReply !== undefined && ({ reply: 'skipped' } as const);
      // After the reply, which the block list would stop.
      return { ...replied, ...(await mirrorIfAsked(phone, record.scope, call)) };
    }
    const [done, told] = await Promise.allSettled([answerAndMirror(), ledger.notify(phone, record, call)]);
    if (told.status === 'rejected') throw told.reason;
    if (done.status === 'rejected') throw done.reason;
    return { recorded, ...done.value };
  }

  /** The sender that a choice is about; undefined when it is about all, or 8x8 did not say to whom the person wrote. */
  function ownSender({ destination }: InboundMessage): string | undefined {
    return optOutScope === 'sender' && destination !== '' ? senderName(destination) : undefined;
  }

  function scopeOfStop(
    wasOutOfAll: boolean,
    inbound: InboundMessage,
  ): Pick<ConsentRecord, 'scope' | 'sender'> {
    const sender = ownSender(inbound);
    if (sender !== undefined) return { scope: 'sender', sender };
    // STOP never narrows an earlier opt-out, and one to an unknown sender stops every sender.
    return { scope: wasOutOfAll || optOutScope === 'sender' ? 'all' : optOutScope };
  }

  /**
   * START takes back a STOP: the opt-in from before counts again. An opt-out through another channel, such as one from
   * marketing on a web page, is not taken back.
   */
  function restored({
    profile: { entries },
    inbound,
    at,
  }: PersonText): Pick<ConsentRecord, 'scope' | 'purposes' | 'sender'> {
    const sender = ownSender(inbound);
    if (sender !== undefined) {
      const own = { scope: 'sender', sender } as const;
      return options.keywordOptIn === true ? own : { ...own, purposes: SERVICE_ONLY.purposes };
    }
    if (options.keywordOptIn === true) return { scope: 'marketing' };
    const before = entries.findLast(
      ({ state, messageId, at: chosenAt }) =>
        chosenAt <= at && (state === 'opted-in' || (state === 'opted-out' && messageId === undefined)),
    );
    if (before?.state !== 'opted-in') return SERVICE_ONLY;
    const { scope, purposes } = before;
    return { scope, ...(purposes !== undefined && { purposes }) };
  }

  async function optIn(
    text: PersonText,
    given: Pick<ConsentRecord, 'scope' | 'purposes' | 'source' | 'sender'>,
    call: Call,
  ): Promise<Omit<InboundConsent, 'intent'>> {
    const { profile, inbound } = text;
    const { phone, latest } = profile;
    const record: ConsentRecord = { state: 'opted-in', ...evidenceOf(text), ...given };
    await ledger.append(phone, record, call);
    const skipped = optInReply !== undefined && ({ reply: 'skipped' } as const);
    if (isSuperseded(profile, record.at)) return { recorded: record, superseded: true, ...skipped };
    const isNews = latest?.state !== 'opted-in' || given.source !== 'inbound-sms';
    const exemption = { kind: 'opt-in-reply', key: inbound.umid, windowMs: DAY_MS } as const;
    const [replied] = await Promise.all([
      isNews ? replyIfAsked(optInReply, exemption, phone, inbound, call) : skipped,
      ledger.notify(phone, record, call),
    ]);
    return { recorded: record, ...replied };
  }

  /** Handles START and a yes. */
  async function agree(kind: 'opt-in' | 'confirm', text: PersonText, call: Call): Promise<InboundConsent> {
    const { overall, at, inbound } = text;
    const found = findPendingOptIn(overall, at);
    if (found.kind === 'open' && isReplyTo(found.pending, inbound.destination)) {
      const { pending } = found;
      const { scope, purposes } = pending;
      const given = {
        scope,
        source: 'double-opt-in',
        ...(purposes !== undefined && { purposes }),
      };
      // A reply comes after its request, whatever 8x8's clock says.
      const answer = { ...text, profile: overall, at: Math.max(at, pending.at) };
      return { intent: 'confirm', ...(await optIn(answer, given, call)) };
    }
    if (kind === 'confirm') return { intent: 'none' };
    return {
      intent: kind,
      ...(await optIn(text, { source: 'inbound-sms', ...restored(text) }, call)),
    };
  }

  async function choose(
    kind: 'opt-out' | 'opt-in' | 'confirm',
    phone: Phone,
    inbound: InboundMessage,
    call: Call,
  ): Promise<InboundConsent> {
    const overall = await ledger.read(phone, call);
    const sender = ownSender(inbound);
    const profile = sender === undefined ? overall : await ledger.read(phone, call, sender);
    const known = overall.entries.find(({ messageId }) => messageId === inbound.umid);
    if (known !== undefined) {
      const intent = known.source === 'double-opt-in' ? 'confirm' : kind;
      const replies = kind === 'opt-out' ? optOutReply : optInReply;
      const recorded = publicEntry(known as ConsentRecord);
      // The first delivery may have ended between the record and this.
      if (recorded.state === 'opted-out') await ledger.cancelScheduled(phone, recorded, call);
      return { intent, recorded, ...(replies !== undefined && { reply: 'skipped' }) };
    }
    const text = { overall, profile, inbound, at: writtenAt(inbound, clock.now()) };
    return kind === 'opt-out' ? { intent: kind, ...(await optOut(text, call)) } : agree(kind, text, call);
  }

  async function possibleOptOut(
    phone: Phone | undefined,
    inbound: InboundMessage,
    call: Call,
  ): Promise<void> {
    const destination = phone?.e164 ?? inbound.source;
    emit({ type: 'possible-opt-out', destination: maskNumber(destination) }, call.context, phone);
    const { body: text, umid: messageId } = inbound;
    const notice = { destination, text, messageId, at: writtenAt(inbound, clock.now()) };
    await ledger.runHook(
      'onPossibleOptOut',
      call,
      onPossibleOptOut && ((consentCall) => onPossibleOptOut(notice, consentCall)),
    );
  }

  return async (inbound, call) => {
    const phone = senderOf(inbound);
    const { kind } = readKeyword(inbound.body, phone?.country);
    if (kind === 'none' || kind === 'reaction') return { intent: kind };
    if (kind === 'possible-opt-out') {
      await possibleOptOut(phone, inbound, call);
      return { intent: kind };
    }
    if (kind === 'help') {
      const key = phone?.key ?? 0;
      const exemption = { kind: 'help-reply', key, windowMs: HELP_WINDOW_MS } as const;
      return { intent: kind, ...(phone && (await replyIfAsked(helpReply, exemption, phone, inbound, call))) };
    }
    if (phone !== undefined && ledger.hasLedger) return choose(kind, phone, inbound, call);
    if (kind === 'opt-out') unrecorded(phone, inbound, call);
    const isOptOut = kind === 'opt-out' && phone !== undefined;
    // A store that fails must not keep the number off the block list.
    const mirrored = isOptOut && (await mirrorIfAsked(phone, optOutScope, call));
    if (isOptOut) await cancelUnrecorded(phone, inbound, call);
    return { intent: kind === 'confirm' ? 'none' : kind, ...mirrored };
  };
}

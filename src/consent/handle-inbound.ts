import type { Call } from '../call.ts';
import { sha256, toHex } from '../digest.ts';
import type { ConsentGuardOptions } from '../guards/consent-options.ts';
import type { Exemption } from '../guards/guard.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import type { Clock } from '../types.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';
import type { ConsentRecord } from './consent-ledger.ts';
import { createInboundActions, type InboundActionsConfig } from './inbound-actions.ts';
import { optOutTime, senderOf, writtenAt } from './inbound-facts.ts';
import { createKeywordReader } from './keywords/read-keyword.ts';
import { type ConsentProfile, type LedgerClient, publicEntry } from './ledger-client.ts';
import { findPendingOptIn, isReplyTo } from './pending-opt-in.ts';
import { createSenderNames } from './senders.ts';

/** What an inbound text meant for consent, and what was done about it. */
export interface InboundConsent {
  /**
   * - `opt-out`: STOP and its like.
   * - `opt-in`: START and its like.
   * - `confirm`: a yes to an open question of `consent.requestOptIn`.
   * - `help`: HELP and its like.
   * - `possible-opt-out`: sounds like an opt-out, for a person to read. Nothing was changed.
   * - `reaction`: a phone's report that the person liked a message (`Liked “…”`). Nothing was changed.
   * - `none`: anything else, also a yes that nobody asked for.
   */
  readonly intent: 'opt-out' | 'opt-in' | 'confirm' | 'help' | 'possible-opt-out' | 'reaction' | 'none';
  /** What the ledger holds of it; absent when nothing was to be recorded, or there is no ledger or no phone number. */
  readonly recorded?: ConsentRecord;
  /** True when a choice that the person made later was recorded before: this one is part of the history only. */
  readonly superseded?: true;
  /**
   * Of the answer that your options ask for. `skipped`: it was sent before, or is not due. `failed`: a guard or 8x8 said
   * no, or the outcome is unknown; the events say more. Absent when the options name none.
   */
  readonly reply?: 'sent' | 'failed' | 'skipped';
  /** Whether 8x8's block list took it; absent when it was not asked to. */
  readonly mirrored?: boolean;
}

/** Takes in one text of a person inside a call that has begun. Twice the same one changes nothing the second time. */
export type HandleInbound = (inbound: InboundMessage, call: Call) => Promise<InboundConsent>;

export interface HandleInboundConfig extends InboundActionsConfig {
  readonly guard: false | ConsentGuardOptions;
  readonly ledger: LedgerClient;
  readonly clock: Clock;
}

/** A text of a person whose number could be read. */
interface PersonText {
  /** What the person chose as a whole. */
  readonly overall: ConsentProfile;
  /** What the text is about: the same, or what the person chose about the sender that they wrote to. */
  readonly profile: ConsentProfile;
  readonly inbound: InboundMessage;
  /** Epoch milliseconds. */
  readonly at: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const HELP_WINDOW_MS = 60 * 60 * 1000;
/** The longest text that a ledger is given; keywords are far shorter. */
export const MAX_KEPT_CHARACTERS = 1_600;
/** What START agrees to when it has nothing to restore: never advertising. */
const SERVICE_ONLY = { scope: 'all', purposes: ['transactional', 'otp'] } as const;

/** The same for two STOPs that race, and another one after the next opt-in: one confirmation an opt-out. */
async function confirmationToken({ key, latest }: ConsentProfile): Promise<string> {
  const digest = await sha256(JSON.stringify([key, latest?.at ?? null]));
  return toHex(digest.subarray(0, 16));
}

export function createHandleInbound(config: HandleInboundConfig): HandleInbound {
  const { guard, ledger, clock, emit } = config;
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
    const from = channel === undefined ? { source } : {};
    return { reply: await reply({ destination: phone.e164, ...from, text }, exemption, call) };
  }

  async function mirrorIfAsked(phone: Phone, scope: ConsentRecord['scope'], call: Call) {
    if (options.blockAt8x8 !== true || scope !== 'all') return {};
    return { mirrored: await mirror(phone, call) };
  }

  function unrecorded(destination: string, reason: 'no-ledger' | 'no-number', call: Call): void {
    emit({ type: 'opt-out-unrecorded', destination: maskNumber(destination), reason }, call.context);
  }

  /** What is recorded of every choice that came as a text. */
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
    const at = optOutTime(profile.entries, writtenAt);
    const wasOut = latest?.state === 'opted-out';
    const wasOutOfAll = overall.latest?.state === 'opted-out' && overall.latest.scope === 'all';
    const superseded = isSuperseded(profile, at);
    const mayConfirm = optOutReply !== undefined && !wasOut && !wasOutOfAll && !superseded;
    // A second STOP takes the token of the first with it, or the confirmation under way would lose its reason.
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
      // After the answer, which the block list would stop.
      return { ...replied, ...(await mirrorIfAsked(phone, record.scope, call)) };
    }
    const [done] = await Promise.all([answerAndMirror(), ledger.notify(phone, record, call)]);
    return { recorded, ...done };
  }

  function scopeOfStop(
    wasOutOfAll: boolean,
    inbound: InboundMessage,
  ): Pick<ConsentRecord, 'scope' | 'sender'> {
    if (optOutScope === 'sender') return { scope: 'sender', sender: senderName(inbound.destination) };
    // STOP never takes back a part of what was stopped before.
    return { scope: wasOutOfAll ? 'all' : optOutScope };
  }

  /**
   * START takes back a STOP: what the person had agreed to before counts again. An opt-out on another way, as from marketing
   * alone on a web page, is not taken back.
   */
  function restored({
    profile: { entries },
    inbound,
    at,
  }: PersonText): Pick<ConsentRecord, 'scope' | 'purposes' | 'sender'> {
    if (optOutScope === 'sender') {
      const own = { scope: 'sender', sender: senderName(inbound.destination) } as const;
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

  /** START, or a yes. */
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
      // The answer comes after its question, whatever 8x8's clock says.
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
    const profile =
      optOutScope === 'sender' ? await ledger.read(phone, call, senderName(inbound.destination)) : overall;
    const known = overall.entries.find(({ messageId }) => messageId === inbound.umid);
    if (known !== undefined) {
      const intent = known.source === 'double-opt-in' ? 'confirm' : kind;
      const replies = kind === 'opt-out' ? optOutReply : optInReply;
      const recorded = publicEntry(known as ConsentRecord);
      return { intent, recorded, ...(replies !== undefined && { reply: 'skipped' }) };
    }
    const text = { overall, profile, inbound, at: writtenAt(inbound, clock.now()) };
    return kind === 'opt-out' ? { intent: kind, ...(await optOut(text, call)) } : agree(kind, text, call);
  }

  async function possibleOptOut(destination: string, inbound: InboundMessage, call: Call): Promise<void> {
    emit({ type: 'possible-opt-out', destination: maskNumber(destination) }, call.context);
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
      await possibleOptOut(phone?.e164 ?? inbound.source, inbound, call);
      return { intent: kind };
    }
    if (kind === 'help') {
      const key = phone?.key ?? 0;
      const exemption = { kind: 'help-reply', key, windowMs: HELP_WINDOW_MS } as const;
      return { intent: kind, ...(phone && (await replyIfAsked(helpReply, exemption, phone, inbound, call))) };
    }
    if (phone !== undefined && ledger.hasLedger) return choose(kind, phone, inbound, call);
    if (kind === 'opt-out') unrecorded(inbound.source, phone === undefined ? 'no-number' : 'no-ledger', call);
    const mirrored =
      kind === 'opt-out' && phone !== undefined && (await mirrorIfAsked(phone, optOutScope, call));
    return { intent: kind === 'confirm' ? 'none' : kind, ...mirrored };
  };
}

import type { Call, Calls } from '../call.ts';
import { ValidationError } from '../errors.ts';
import type { ConsentGuardOptions } from '../guards/consent-options.ts';
import type { Phone, PhoneDefaults } from '../phone/normalise-phone.ts';
import { readPhone } from '../phone/read-phone.ts';
import { type Field, validate } from '../schema.ts';
import type { AcceptedResult } from '../sending/results.ts';
import type { CallOptions, Clock } from '../types.ts';
import type { InboundMessage } from '../webhooks/webhook-event.ts';
import { choiceTime } from './choice-time.ts';
import {
  type ConfirmDetails,
  type ConsentDetails,
  type ConsentPersonQuery,
  type ConsentStatusQuery,
  confirmSchema,
  detailsSchema,
  inboundSchema,
  querySchema,
  statusSchema,
} from './consent-input.ts';
import type { ConsentEntry, ConsentRecord } from './consent-ledger.ts';
import { type DoubleOptIn, type OptInRequest, optInRequestSchema } from './double-opt-in.ts';
import type { ForgetPerson } from './forget-person.ts';
import type { HandleInbound, InboundConsent } from './handle-inbound.ts';
import { timeAfterNarrower } from './keep-wider.ts';
import { type LedgerClient, publicEntry } from './ledger-client.ts';
import { reconfirmAt } from './reconfirm.ts';
import { choiceAbout, createSenderNames } from './senders.ts';

/** The choice that counts now, as `consent.status` returns it. */
export interface ConsentStatus extends ConsentRecord {
  /** Epoch milliseconds from which this opt-in is stale. Absent for an opt-out, and when opt-ins never expire. */
  readonly reconfirmAt?: number;
}

/**
 * Records who agreed to receive messages, requests opt-ins, and reads people's replies. Every method except `handleInbound`
 * needs `guards.consent.ledger`.
 *
 * Every method may throw `InvalidPhoneNumberError`, `ValidationError`, `ConfigurationError` (no ledger) and `StoreError` (the
 * ledger failed; the message says whether anything may have been recorded).
 */
export interface Consent {
  /**
   * Returns the choice that counts now, or `undefined` when none is recorded.
   *
   * @throws StoreError the ledger failed; nothing was read
   * @example (await sms.consent.status('+6591234567'))?.state // 'opted-out'
   */
  status(
    destination: string,
    query?: ConsentStatusQuery,
    options?: CallOptions,
  ): Promise<ConsentStatus | undefined>;
  /**
   * Returns everything on record about a person, oldest first, as evidence for a regulator.
   *
   * @throws StoreError the ledger failed; nothing was read
   * @example (await sms.consent.history('+6591234567')).map(({ state, at, source }) => [state, at, source])
   */
  history(
    destination: string,
    query?: ConsentPersonQuery,
    options?: CallOptions,
  ): Promise<readonly ConsentEntry[]>;
  /**
   * Records an opt-in and returns it.
   *
   * @throws StoreError the ledger failed; the opt-in may have been recorded, and repeating the call is safe
   * @example await sms.consent.grant('+6591234567', { source: 'web-form', evidence: 'form 4711' })
   */
  grant(destination: string, details: ConsentDetails, options?: CallOptions): Promise<ConsentRecord>;
  /**
   * Records an opt-out and returns it; the guard refuses messages from then on. After an opt-out of `all`,
   * `scope: 'marketing'` is recorded as `all`, so that an opt-out never lets more through than before.
   *
   * @throws StoreError the ledger failed, the limit store did, or another call that cancels scheduled messages does not
   * finish: some may still be sent. The opt-out may have been recorded, and repeating the call is safe
   * @example await sms.consent.revoke('+6591234567', { source: 'support' })
   */
  revoke(destination: string, details: ConsentDetails, options?: CallOptions): Promise<ConsentRecord>;
  /**
   * Sends an opt-in request to a person, once within `askAgainAfterMs`. Needs no opt-in, respects every opt-out, and passes
   * all guards. `handleInbound` records a yes by text; call `confirm` for a yes through any other channel.
   *
   * @throws ConsentError `opted-out`, `already-opted-in`, `requested-recently` (with `retryAfterMs`)
   * @throws every error of `messages.send`
   * @example await sms.consent.requestOptIn('+6591234567', { text: 'Example: reply YES to get our offers, STOP to end.' })
   */
  requestOptIn(destination: string, request: OptInRequest, options?: CallOptions): Promise<AcceptedResult>;
  /**
   * Records the opt-in that `requestOptIn` asked for, when the reply came through another channel than a text.
   *
   * @throws ConsentError `not-requested`, `expired`
   * @example await sms.consent.confirm('+6591234567', { source: 'web-link', evidence: 'token 4711' })
   */
  confirm(destination: string, details?: ConfirmDetails, options?: CallOptions): Promise<ConsentRecord>;
  /**
   * Reads an inbound text and acts on it: STOP, START, YES to a pending opt-in, HELP. The webhook receiver calls it for you;
   * call it yourself when a text reaches you in another way. The same text twice changes nothing the second time.
   *
   * @example await sms.consent.handleInbound(inbound) // { intent: 'opt-out', recorded: { … }, reply: 'sent' }
   */
  handleInbound(inbound: InboundMessage, options?: CallOptions): Promise<InboundConsent>;
  /**
   * Forgets a person at their request: removes the whole history and everything that the limits count for the number. An
   * opt-out survives under a keyed hash of the number, so that they are not texted again. Needs
   * `guards.consent.forgetSecret`.
   *
   * @example await sms.consent.forget('+6591234567')
   */
  forget(destination: string, query?: ConsentPersonQuery, options?: CallOptions): Promise<void>;
}

export interface ConsentConfig {
  readonly calls: Calls;
  readonly guard: false | ConsentGuardOptions;
  readonly ledger: LedgerClient;
  readonly doubleOptIn: DoubleOptIn;
  readonly handleInbound: HandleInbound;
  readonly forgetPerson: ForgetPerson;
  readonly clock: Clock;
  readonly phoneDefaults: PhoneDefaults;
}

function assertFits(schema: Field, value: unknown, base: string): void {
  const flaw = validate(schema, value, base);
  if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
}

export function createConsent(config: ConsentConfig): Consent {
  const { calls, ledger, doubleOptIn, clock, phoneDefaults } = config;
  const guard = config.guard === false ? {} : config.guard;
  const senderName = createSenderNames(guard.inbound?.brands);

  function readTime(at: string | Date | undefined): number {
    const now = clock.now();
    const chosenAt = at === undefined ? now : choiceTime(new Date(at).getTime(), now);
    if (chosenAt !== undefined) return chosenAt;
    throw new ValidationError('details.at must not be in the future.', 'details.at');
  }

  /** The scope of an opt-out, which never narrows an earlier one: after STOP a person receives nothing at all. */
  async function optOutScope(
    phone: Phone,
    asked: ConsentRecord['scope'],
    at: number,
    call: Call,
  ): Promise<ConsentRecord['scope']> {
    if (asked === 'all') return asked;
    const latest = await ledger.readLatest(phone, call);
    return latest?.state === 'opted-out' && latest.at <= at ? latest.scope : asked;
  }

  async function scopeOf(
    state: ConsentRecord['state'],
    phone: Phone,
    { scope }: ConsentDetails,
    at: number,
    call: Call,
  ): Promise<ConsentRecord['scope']> {
    return state === 'opted-in' ? (scope ?? 'marketing') : optOutScope(phone, scope ?? 'all', at, call);
  }

  /** The time from which a choice counts: an opt-out of everything that is dated back may need a later one. */
  async function timeOf(
    { state, scope, at }: Pick<ConsentRecord, 'state' | 'scope' | 'at'>,
    phone: Phone,
    isDated: boolean,
    call: Call,
  ): Promise<number> {
    if (state === 'opted-in' || scope !== 'all' || !isDated) return at;
    return timeAfterNarrower(await ledger.read(phone, call), at);
  }

  function record(
    state: ConsentRecord['state'],
    destination: string,
    details: ConsentDetails,
    options: CallOptions | undefined,
  ): Promise<ConsentRecord> {
    return calls.run(options, async (call) => {
      assertFits(detailsSchema, details, 'details');
      const phone = readPhone(destination, details.country, phoneDefaults);
      const { source, purposes, evidence } = details;
      const givenAt = readTime(details.at);
      const sender = details.sender === undefined ? undefined : senderName(details.sender);
      const about =
        sender === undefined
          ? { scope: await scopeOf(state, phone, details, givenAt, call) }
          : ({ scope: 'sender', sender } as const);
      const change: ConsentRecord = {
        state,
        ...about,
        source,
        at: await timeOf({ state, scope: about.scope, at: givenAt }, phone, details.at !== undefined, call),
        ...(purposes !== undefined && { purposes }),
        ...(evidence !== undefined && { evidence }),
      };
      await ledger.append(phone, change, call);
      await ledger.notify(phone, change, call);
      return change;
    });
  }

  function aboutPerson<Result>(
    destination: string,
    query: ConsentPersonQuery,
    options: CallOptions | undefined,
    work: (phone: ReturnType<typeof readPhone>, call: Call) => Promise<Result>,
  ): Promise<Result> {
    return calls.run(options, async (call) => {
      assertFits(querySchema, query, 'query');
      return work(readPhone(destination, query.country, phoneDefaults), call);
    });
  }

  return {
    status: (destination, query = {}, options = undefined) =>
      calls.run(options, async (call) => {
        assertFits(statusSchema, query, 'query');
        const phone = readPhone(destination, query.country, phoneDefaults);
        const overall = await ledger.readLatest(phone, call);
        const own =
          query.sender === undefined
            ? undefined
            : await ledger.readLatest(phone, call, senderName(query.sender));
        const latest = choiceAbout(overall, own);
        if (latest === undefined) return undefined;
        const due = latest.state === 'opted-in' ? reconfirmAt(latest.at, guard) : undefined;
        return { ...publicEntry(latest), ...(due !== undefined && { reconfirmAt: due }) };
      }),
    history: (destination, query = {}, options = undefined) =>
      aboutPerson(destination, query, options, async (phone, call) => {
        const { kept, entries } = await ledger.read(phone, call);
        return [...(kept === undefined ? [] : [kept]), ...entries].map(publicEntry);
      }),
    grant: (destination, details, options) => record('opted-in', destination, details, options),
    revoke: (destination, details, options) => record('opted-out', destination, details, options),
    requestOptIn: (destination, request, options) =>
      calls.run(options, async (call) => {
        assertFits(optInRequestSchema, request, 'request');
        return doubleOptIn.request(readPhone(destination, request.country, phoneDefaults), request, call);
      }),
    confirm: (destination, details = {}, options = undefined) =>
      calls.run(options, async (call) => {
        assertFits(confirmSchema, details, 'details');
        const { source = 'double-opt-in', evidence } = details;
        const answer = { source, at: readTime(details.at), ...(evidence !== undefined && { evidence }) };
        return doubleOptIn.confirm(readPhone(destination, details.country, phoneDefaults), answer, call);
      }),
    handleInbound: (inbound, options) =>
      calls.run(options, async (call) => {
        assertFits(inboundSchema, inbound, 'inbound');
        return config.handleInbound(inbound, call);
      }),
    forget: (destination, query = {}, options = undefined) =>
      aboutPerson(destination, query, options, config.forgetPerson),
  };
}

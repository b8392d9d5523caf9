import { type Account, createAccount } from './api/account.ts';
import { type ContactJobs, createContactJobs } from './api/contacts/contact-jobs.ts';
import { type Contacts, createContacts } from './api/contacts/contacts.ts';
import { createGroups, type Groups } from './api/contacts/groups.ts';
import type { Core } from './api/core.ts';
import { createExports, type Exports } from './api/exports/exports.ts';
import { createLookup, type Lookup } from './api/lookup.ts';
import { createMessages, createSendSms, type Messages } from './api/messages.ts';
import { createPriceBook } from './api/price-book.ts';
import { createSentTimes } from './api/sent-times.ts';
import { createSurveys, type Surveys } from './api/surveys.ts';
import { createSessionBindings } from './api/verifications/session-bindings.ts';
import { createVerifications, type Verifications } from './api/verifications/verifications.ts';
import { createWebhookSettings, type WebhookSettings } from './api/webhook-settings.ts';
import { createCalls } from './call.ts';
import { type Consent, createConsent } from './consent/consent.ts';
import { createConsentBook } from './consent/consent-book.ts';
import { createForgetPerson } from './consent/forget-person.ts';
import { createHandleInbound } from './consent/handle-inbound.ts';
import { createOptInDesk } from './consent/request-opt-in.ts';
import { createCredentials } from './credentials.ts';
import { createDeliver } from './deliver.ts';
import { ConfigurationError, ValidationError } from './errors.ts';
import { createEmit } from './events.ts';
import { createAdmission } from './guards/admission.ts';
import { createClearBackoff } from './guards/clear-backoff.ts';
import { createGuards } from './guards/create-guards.ts';
import { createGuardsDesk, type GuardsDesk } from './guards/desk.ts';
import { createGuesses } from './guards/guesses.ts';
import { createReceiptIntake } from './guards/receipt-intake.ts';
import { createTickets } from './guards/tickets.ts';
import { createIntake, INTAKE } from './intake.ts';
import type { LimitStore } from './limits/limit-store.ts';
import { memoryLimits } from './limits/memory-limits.ts';
import { logListener } from './log-events.ts';
import { GUARD_NAMES, OPTION_NAMES, optionsSchema, type SmsClientOptions } from './options.ts';
import { type ResolvedOptions, resolveOptions } from './resolve-options.ts';
import { findFlaw } from './schema.ts';
import { type SharedState, sharedState } from './shared-state.ts';
import { replaceTypography } from './text/typography.ts';
import { createTransport } from './transport/create-transport.ts';
import type { Clock } from './types.ts';

/** Read when it is asked, never when a client is made: a client may stand in the global scope of a Worker. */
const SYSTEM_CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/**
 * The default counts live once a process, for both module formats: a team that makes a client in every request must
 * still be limited. A client with its own clock gets its own counts.
 */
function defaultLimits({ clock }: ResolvedOptions): LimitStore {
  if (clock !== undefined) return memoryLimits({ clock });
  const shared = sharedState();
  shared.limits ??= memoryLimits();
  return shared.limits as LimitStore;
}

/** What `withOptions` hands on: the child counts and is paced together with its parent. */
interface Inheritance {
  readonly limits: LimitStore;
  readonly state: SharedState;
  readonly scope: string;
}

/** Kept beside the options, so that the constructor has no parameter that is not for you. */
const inheritances = new WeakMap<SmsClientOptions, Inheritance>();

/** What is set of these names, also by the class of an object. */
function named<Options extends object>(options: Options, names: readonly string[]): Options {
  const given = names.map((name) => [name, (options as Record<string, unknown>)[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Options;
}

/**
 * What is not named stays, each guard on its own. `region` and `baseUrl` exclude each other, so the one that is named
 * last takes the other's place.
 */
function mergeOptions(base: SmsClientOptions, overrides: SmsClientOptions): SmsClientOptions {
  const { region, baseUrl, ...rest } = named(base, OPTION_NAMES);
  const keepsHost = overrides.region === undefined && overrides.baseUrl === undefined;
  const merged = { ...rest, ...(keepsHost && { region, baseUrl }), ...named(overrides, OPTION_NAMES) };
  return isObject(base.guards) && isObject(overrides.guards)
    ? { ...merged, guards: { ...named(base.guards, GUARD_NAMES), ...named(overrides.guards, GUARD_NAMES) } }
    : merged;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The 8x8 SMS API with the safeguards in front of every send.
 *
 * @throws ConfigurationError an option is missing, unknown, malformed or contradictory
 * @example
 * ```ts
 * const sms = new SmsClient(); // key and sub-account from the environment
 * const sent = await sms.messages.send({ destination: '+6591234567', text: 'Your code is 4711', purpose: 'otp' });
 * ```
 */
export class SmsClient {
  /** Send, look up and cancel messages. */
  readonly messages: Messages;
  /** Send SMS Engage surveys. */
  readonly surveys: Surveys;
  /** One-time passwords that 8x8 makes and checks. */
  readonly verifications: Verifications;
  /** What 8x8 knows of a number. */
  readonly lookup: Lookup;
  /** Fetch the log of messages. */
  readonly exports: Exports;
  /** Prices and balance. */
  readonly account: Account;
  /** Where 8x8 posts receipts and incoming messages. */
  readonly webhookSettings: WebhookSettings;
  /** The people 8x8 keeps for your account, and its block list. */
  readonly contacts: Contacts;
  /** Groups of contacts. */
  readonly groups: Groups;
  /** Work on many contacts at once. */
  readonly contactJobs: ContactJobs;
  /** See and clear what is counted for a number. */
  readonly guards: GuardsDesk;
  /** Record and read who agreed. */
  readonly consent: Consent;
  readonly #options: SmsClientOptions;
  readonly #inheritance: Inheritance;
  readonly #close: (drainMs: number) => Promise<void>;

  constructor(options: SmsClientOptions = {}) {
    const resolved = resolveOptions(options);
    const { defaultCountry, subAccountId, clock = SYSTEM_CLOCK } = resolved;
    const inherited = inheritances.get(options);
    const scope = inherited?.scope ?? resolved.scope;
    const limits = resolved.limits ?? inherited?.limits ?? defaultLimits(resolved);
    const isPrivate = resolved.clock !== undefined || resolved.limits !== undefined;
    const state = inherited?.state ?? (isPrivate ? { pacers: new Map<string, unknown>() } : sharedState());
    const { logger } = resolved;
    const emit = createEmit(resolved.onEvent, () => clock.now(), logger && logListener(logger));
    const credentials = createCredentials(resolved.apiKey, { clock, emit });
    const guards = createGuards(resolved.guards, credentials);
    const calls = createCalls(resolved.deadlineMs);
    const transport = createTransport({
      ...resolved,
      credentials,
      emit,
      clock,
      sharedState: state,
    });
    const deliver = createDeliver(createAdmission({ guards, limits, scope, clock, emit }), emit);
    const { content, undeliverable = {} } = resolved.guards;
    const priceBook = createPriceBook(subAccountId);
    const tickets = createTickets({ limits, scope, clock, emit });
    const guesses = createGuesses({ options: resolved.guards.guesses, tickets, emit });
    const core: Core = {
      calls,
      transport,
      deliver,
      emit,
      clock,
      subAccountId,
      clearBackoff: createClearBackoff({ backoff: resolved.guards.backoff, limits, scope, emit }),
      priceBook,
      sentTimes: createSentTimes(clock),
      guesses,
      sessionBindings: createSessionBindings({ limits, tickets, scope, emit }),
      prepare: { defaultCountry, acceptUnknownCallingCodes: resolved.guards.phone === false },
      rewrite: content !== false && content?.replaceTypography === true ? replaceTypography : (text) => text,
      accountId() {
        if (resolved.accountId !== undefined) return resolved.accountId;
        throw new ConfigurationError(
          'accountId is missing: pass it as an option, or set EIGHTBYEIGHT_ACCOUNT_ID.',
          'accountId',
        );
      },
    };
    if (resolved.redirectedTo !== undefined) {
      const message = `8x8-sms-guard: EIGHTBYEIGHT_BASE_URL sends every request, and the API key, to ${resolved.redirectedTo}.`;
      (logger ?? console).warn(message);
    }

    this.#options = options;
    this.#inheritance = { limits, state, scope };
    this.#close = async (drainMs) => {
      await calls.close(drainMs);
      await transport.close({ drainMs: 0 });
    };
    this.messages = createMessages(core);
    this.surveys = createSurveys(core);
    this.verifications = createVerifications(core);
    this.lookup = createLookup(core);
    this.exports = createExports(core);
    this.account = createAccount(core);
    this.webhookSettings = createWebhookSettings(core);
    this.contacts = createContacts(core);
    this.groups = createGroups(core);
    this.contactJobs = createContactJobs(core);
    this.guards = createGuardsDesk({
      calls,
      guards: guesses.guard === undefined ? guards : [...guards, guesses.guard],
      limits,
      scope,
      clock,
      emit,
      defaultCountry,
    });
    const guard = resolved.guards.consent ?? {};
    const book = createConsentBook({ guard, emit });
    const own = { guard, book, send: createSendSms(core), clock, emit };
    const handleInbound = createHandleInbound({
      ...own,
      block: (phone, call) => this.contacts.block(phone.e164, {}, call.transportOptions()),
    });
    this.consent = createConsent({
      calls,
      guard,
      book,
      optIns: createOptInDesk(own),
      handleInbound,
      forgetPerson: createForgetPerson({ book, guards, limits, scope, emit }),
      clock,
      defaultCountry,
    });
    const intake = createIntake({
      calls,
      clock,
      emit,
      tickets,
      takeInReceipt: createReceiptIntake({ undeliverable, priceBook, tickets, limits, scope, emit }),
      takeInInbound: handleInbound,
    });
    Object.defineProperty(this, INTAKE, { value: intake });
  }

  /**
   * A client with some options changed; of `guards` only those that are named. It counts together with this one (unless
   * you change `limits`, `clock` or `scope`).
   *
   * @example sms.withOptions({ subAccountId: 'marketing' })
   */
  withOptions(overrides: SmsClientOptions): SmsClient {
    const flaw = findFlaw(optionsSchema, overrides);
    if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
    const merged = mergeOptions(this.#options, overrides);
    const { clock, limits } = merged;
    const isSame = clock === this.#options.clock && limits === this.#options.limits;
    // Another sub-account or account alone is no other scope: one person would get twice as many.
    const scope = overrides.scope ?? this.#inheritance.scope;
    if (isSame) inheritances.set(merged, { ...this.#inheritance, scope });
    return new SmsClient(merged);
  }

  /**
   * Takes no new calls, lets those under way finish for `drainMs` (default 10,000 ms), then ends them: a send that is cut
   * off has an unknown outcome. The counts stay, they belong to the process; a store that you passed is yours to close.
   *
   * @example process.once('SIGTERM', () => sms.close())
   */
  async close({ drainMs = 10_000 }: { readonly drainMs?: number | undefined } = {}): Promise<void> {
    if (!Number.isFinite(drainMs) || drainMs < 0) {
      throw new ValidationError('drainMs must be a number of milliseconds, 0 or more.', 'drainMs');
    }
    await this.#close(drainMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

import { type Account, createAccount } from './api/account.ts';
import type { ContactJobs } from './api/contacts/contact-jobs.ts';
import type { Contacts } from './api/contacts/contacts.ts';
import type { Groups } from './api/contacts/groups.ts';
import type { Exports } from './api/exports/exports.ts';
import type { Lookup } from './api/lookup.ts';
import { createMessages, type Messages } from './api/messages.ts';
import type { EndpointRequest, EndpointResponse } from './api/request.ts';
import { createSurveys, type Surveys } from './api/surveys.ts';
import type { Verifications } from './api/verifications/verifications.ts';
import type { WebhookSettings } from './api/webhook-settings.ts';
import { keepSettings } from './config/client-settings.ts';
import { mergeOptions, namedOptions } from './config/merge-options.ts';
import { optionsSchema, type SmsClientOptions } from './config/options.ts';
import { resolveOptions } from './config/resolve-options.ts';
import type { Consent } from './consent/consent.ts';
import { createClientContext, type Restricted } from './create-client-context.ts';
import { ConfigurationError, ValidationError } from './errors.ts';
import type { Emit } from './events.ts';
import { createGuardsApi, type GuardsApi } from './guards/guards-api.ts';
import { cloneInput, copyingInputs } from './internal/clone-input.ts';
import { isLogged, logListener } from './internal/log-events.ts';
import { type SharedState, sharedState } from './internal/shared-state.ts';
import { createReportError } from './internal/user-code.ts';
import { defaultLimits, SYSTEM_CLOCK } from './limits/default-limits.ts';
import type { LimitStore } from './limits/limit-store.ts';
import type { OneTimePasswords } from './one-time-passwords/one-time-passwords.ts';
import { createLazyInbound } from './parts/lazy-inbound.ts';
import { createLazyResources } from './parts/lazy-resources.ts';
import { createGate, type Gate } from './restrict/gate.ts';
import { createOwnMessages } from './restrict/own-messages.ts';
import { addRestriction, forbiddenOption, type Restrictions } from './restrict/restrictions.ts';
import { validate } from './schema.ts';
import { findChannels } from './telemetry/channels.ts';
import { createEmit } from './telemetry/create-emit.ts';
import { callsOf, traceCall } from './telemetry/trace-calls.ts';
import type { CallOptions } from './types.ts';
import { INBOUND_PORT } from './webhooks/inbound-port.ts';

/** The state that `withOptions` passes on: the child shares counts and pace with its parent. */
interface Inheritance {
  readonly limits: LimitStore;
  readonly state: SharedState;
  readonly scope: string;
  /** Absent for a client that nobody has restricted. */
  readonly restricted: Restricted | undefined;
}

/** Stored outside of the options, so that the constructor has no internal parameter. */
const inheritances = new WeakMap<SmsClientOptions, Inheritance>();

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
  /** One-time passwords that 8x8 generates and checks. */
  readonly verifications: Verifications;
  /** One-time passwords that this package generates, sends by SMS and checks. */
  readonly oneTimePasswords: OneTimePasswords;
  /** Look up facts about a number. */
  readonly lookup: Lookup;
  /** Fetch the log of messages. */
  readonly exports: Exports;
  /** Prices and balance. */
  readonly account: Account;
  /** URLs to which 8x8 posts receipts and incoming messages. */
  readonly webhookSettings: WebhookSettings;
  /** Contacts stored at 8x8, and the block list of the account. */
  readonly contacts: Contacts;
  /** Groups of contacts. */
  readonly groups: Groups;
  /** Work on many contacts at once. */
  readonly contactJobs: ContactJobs;
  /** Inspect and clear the counters of a number. */
  readonly guards: GuardsApi;
  /** Record and read opt-ins and opt-outs. */
  readonly consent: Consent;
  readonly #options: SmsClientOptions;
  readonly #inheritance: Inheritance;
  readonly #close: (drainMs: number) => Promise<void>;
  readonly #request: (request: EndpointRequest, options?: CallOptions) => Promise<EndpointResponse>;
  readonly #gate: Gate | undefined;
  readonly #emit: Emit;

  constructor(options: SmsClientOptions = {}) {
    const resolved = resolveOptions(options);
    const { clock = SYSTEM_CLOCK, logger, logLevel, audit } = resolved;
    const inherited = inheritances.get(options);
    const scope = inherited?.scope ?? resolved.scope;
    const limits = resolved.limits ?? inherited?.limits ?? defaultLimits(resolved.clock);
    const isPrivate = resolved.clock !== undefined || resolved.limits !== undefined;
    const state = inherited?.state ?? (isPrivate ? { pacers: new Map<string, unknown>() } : sharedState());
    const restricted = inherited?.restricted;
    const emit = createEmit(
      resolved.onEvent,
      () => clock.now(),
      logger && logListener(logger, logLevel),
      createReportError(resolved.onError),
      {
        telemetry: resolved.telemetry,
        channels: findChannels(),
        recorder: audit && ((event, details) => audit.record(event, details)),
      },
    );
    const { client, safeguards, settings } = createClientContext(
      resolved,
      { limits, scope, clock, emit },
      state,
      restricted,
    );
    const gate = restricted && createGate({ ...restricted, emit, phoneDefaults: resolved });
    if (resolved.redirectedTo !== undefined && isLogged('warn', logLevel)) {
      const message = `8x8-sms-guard: EIGHTBYEIGHT_BASE_URL sends every request, and the API key, to ${resolved.redirectedTo}.`;
      (logger ?? console).warn(message);
    }

    this.#options = options;
    this.#inheritance = { limits, state, scope, restricted };
    this.#gate = gate;
    this.#close = (drainMs) => client.calls.close(drainMs);
    const lazy = createLazyResources(client, { client, limits, options: resolved.oneTimePasswords });
    this.#request = lazy.free.request;
    this.#emit = emit;
    const resource = <Resource extends object>(
      name: string,
      made: Resource,
      streaming: readonly (keyof Resource)[] = [],
    ): Resource => {
      const guarded = gate === undefined ? made : gate.guard(name, made);
      const copying = copyingInputs(guarded, streaming, callsOf(name, emit));
      return gate === undefined ? copying : Object.freeze(copying);
    };
    this.messages = resource('messages', createMessages(client, lazy.messages), ['sendMany']);
    this.surveys = resource('surveys', createSurveys(client), ['sendMany']);
    this.verifications = resource('verifications', lazy.verifications);
    this.oneTimePasswords = resource('oneTimePasswords', lazy.oneTimePasswords);
    this.lookup = resource('lookup', lazy.lookup);
    this.exports = resource('exports', lazy.exports);
    this.account = resource('account', createAccount(client));
    this.webhookSettings = resource('webhookSettings', lazy.webhookSettings);
    this.contacts = resource('contacts', lazy.contacts);
    this.groups = resource('groups', lazy.groups);
    this.contactJobs = resource('contactJobs', lazy.contactJobs);
    this.guards = resource('guards', createGuardsApi({ ...client, ...safeguards, phoneDefaults: resolved }));
    const { consent, inboundPort } = createLazyInbound(client, safeguards, resolved.guards);
    this.consent = resource('consent', consent);
    if (gate !== undefined) {
      // The webhooks of the account belong to the client that nobody has restricted.
      Object.freeze(this);
      return;
    }
    Object.defineProperty(this, INBOUND_PORT, { value: inboundPort });
    keepSettings(this, settings);
  }

  /**
   * Creates a client with some options changed. Guards that are not given stay unchanged, and so do the sources of
   * consent (`ledger`, `check`, …). The new client shares counters with this one, unless you change `limits`, `clock`
   * or `scope`.
   *
   * A client that `restrict` has narrowed stays as narrow: it may change `timeoutMs`, `deadlineMs`, `retry`, `defaultCountry`,
   * `bareDigits` and `source`, and nothing else.
   *
   * @throws ConfigurationError an option is unknown, malformed or contradictory
   * @throws RestrictionError the client is restricted, and may not change the option
   * @example sms.withOptions({ subAccountId: 'marketing' })
   */
  withOptions(overrides: SmsClientOptions): SmsClient {
    const flaw = validate(optionsSchema, overrides);
    if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
    if (this.#gate !== undefined) return this.#withCallOptions(this.#gate, namedOptions(overrides));
    const merged = mergeOptions(this.#options, overrides);
    const { clock, limits } = merged;
    const isSame = clock === this.#options.clock && limits === this.#options.limits;
    // Another sub-account or account does not change the scope: otherwise one person would receive twice as many
    // messages.
    const scope = overrides.scope ?? this.#inheritance.scope;
    if (isSame) inheritances.set(merged, { ...this.#inheritance, scope });
    return createChild(merged);
  }

  /** Reads each option once: a getter cannot show one value to the check and another to the client. */
  #withCallOptions(gate: Gate, overrides: SmsClientOptions): SmsClient {
    const option = forbiddenOption(overrides);
    if (option !== undefined) {
      throw gate.refuse('option-not-allowed', 'withOptions', `A restricted client cannot change ${option}.`);
    }
    const merged = mergeOptions(this.#options, cloneInput(overrides));
    inheritances.set(merged, this.#inheritance);
    return createChild(merged);
  }

  /**
   * Creates a client that can do no more than this, for one part of a service, one tenant, or an AI agent. It shares limits, consent
   * and pace with this one. Restrictions only narrow, also through `withOptions` and a second `restrict`. A restricted client sends no
   * `extra` and no callback URLs, has no `request`, receives no webhooks, and sees only its own messages. Docs: docs/control.md.
   *
   * @throws ConfigurationError the restrictions are malformed
   * @example
   * ```ts
   * const login = sms.restrict({
   *   name: 'login',
   *   operations: ['messages.send', 'messages.get'],
   *   purposes: ['otp'],
   *   countries: ['SG', 'ID'],
   *   budget: { perDay: 20 },
   * });
   * ```
   */
  restrict(restrictions: Restrictions): SmsClient {
    const { restricted } = this.#inheritance;
    const list = addRestriction(restricted?.restrictions ?? [], cloneInput(restrictions));
    const sender = list.at(-1)?.senders?.[0];
    const merged = mergeOptions(
      this.#options,
      sender === undefined || this.#options.source !== undefined ? {} : { source: sender },
    );
    inheritances.set(merged, {
      ...this.#inheritance,
      restricted: { restrictions: list, ownMessages: createOwnMessages() },
    });
    return createChild(merged);
  }

  /**
   * Sends a request to an endpoint of 8x8 for which this version has no method. It is paced, timed, authenticated and closed like
   * every other, but passes no guard. GET only, unless the request has `dangerouslyUnguarded`. Endpoints that send, check a code or
   * look a number up are refused: they have methods, which a request must not bypass. Never repeated once it may have been carried out.
   *
   * @throws ValidationError the path is malformed or needs its own method, or the method needs `dangerouslyUnguarded`; nothing was sent
   * @throws RestrictionError this client is restricted
   * @throws ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @example
   * ```ts
   * const { body } = await sms.request({ path: '/api/v1/subaccounts/{subAccountId}/sender-ids', query: { limit: 10 } });
   * ```
   */
  request(request: EndpointRequest, options?: CallOptions): Promise<EndpointResponse> {
    if (this.#gate !== undefined) {
      const explanation = 'This client is restricted, and a free request passes no guard.';
      return Promise.reject(this.#gate.refuse('operation-not-allowed', 'request', explanation));
    }
    const send = () => this.#request(cloneInput(request), cloneInput(options));
    const { trace } = this.#emit;
    return trace === undefined ? send() : traceCall(trace, 'request', send);
  }

  /**
   * Refuses new calls, gives open ones `drainMs` to finish, then ends them: an interrupted send has an unknown
   * outcome. Counters stay, because they belong to the process. A store that you passed is not closed.
   *
   * @throws ValidationError `drainMs` is not a number of milliseconds; nothing was closed
   * @example process.once('SIGTERM', () => sms.close())
   */
  async close(
    options: {
      /** Milliseconds for open calls to finish. @default 10_000 */
      readonly drainMs?: number | undefined;
    } = {},
  ): Promise<void> {
    const { drainMs = 10_000 } = options;
    if (!Number.isFinite(drainMs) || drainMs < 0) {
      throw new ValidationError('drainMs must be a number of milliseconds, 0 or more.', 'drainMs');
    }
    await this.#close(drainMs);
  }

  /** Closes the client like `close()`, at the end of `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Outside of the class, because the bundler renames a class that refers to itself to `_SmsClient`. */
function createChild(options: SmsClientOptions): SmsClient {
  return new SmsClient(options);
}

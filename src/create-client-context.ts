import { createAccount } from './api/account.ts';
import { createCancelOne } from './api/cancel.ts';
import { smsReader } from './api/messages.ts';
import { createOutcomeCache } from './api/outcome-cache.ts';
import { createPriceCache } from './api/price-cache.ts';
import { createSentAtCache } from './api/sent-at-cache.ts';
import { createAttemptCounter } from './api/verifications/count-attempts.ts';
import { createSessionBindings } from './api/verifications/session-bindings.ts';
import { createSessionClaims } from './api/verifications/session-claims.ts';
import { createSessionSuccess } from './api/verifications/session-success.ts';
import { createTestSessions } from './api/verifications/test-sessions.ts';
import { createAudit } from './audit/audit.ts';
import { createCalls } from './call.ts';
import type { ClientContext } from './client-context.ts';
import { type ClientSettings, clientSettings } from './config/client-settings.ts';
import { createCredentials } from './config/credentials.ts';
import type { ResolvedOptions } from './config/resolve-options.ts';
import { createSenderNames } from './consent/senders.ts';
import { ConfigurationError } from './errors.ts';
import type { Emit } from './events.ts';
import { createAllowedRecipients } from './guards/allowed-recipients.ts';
import type { BudgetGuardOptions } from './guards/budget-options.ts';
import type { PriceSource } from './guards/budget-prices.ts';
import { createConsentGuard } from './guards/consent.ts';
import type { ConsentGuardOptions } from './guards/consent-options.ts';
import type { Guard } from './guards/guard.ts';
import { createCostOf } from './guards/message-cost.ts';
import { createReportPumpingOutcome, pumpingFor } from './guards/pumping-outcomes.ts';
import { createGuards } from './guards/registry.ts';
import { createRememberSuccess } from './guards/remember-success.ts';
import { isLogged } from './internal/log-events.ts';
import type { SharedState } from './internal/shared-state.ts';
import type { LimitStore } from './limits/limit-store.ts';
import { createLimiter, type Limiter } from './limits/limiter.ts';
import { createStoredCodes } from './one-time-passwords/stored-code.ts';
import { createTestNumbers } from './one-time-passwords/test-numbers.ts';
import type { OwnMessages } from './restrict/own-messages.ts';
import { createRestrictionGuard } from './restrict/restriction-guard.ts';
import type { Restriction, RestrictionList } from './restrict/restrictions.ts';
import { createAdmission } from './sending/admission.ts';
import { createExplain, type Explain } from './sending/explain.ts';
import { createScheduledMessages } from './sending/scheduled/scheduled-messages.ts';
import { createRewrite } from './text/rewrite.ts';
import { createTransport } from './transport/create-transport.ts';
import type { Clock } from './types.ts';

/** The counting state of a client, shared with its children. */
export interface Counting {
  readonly limits: LimitStore;
  readonly scope: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** The guards of a client, and the limiter that counts for them. */
export interface Safeguards extends Pick<Counting, 'clock' | 'emit'> {
  /** Guards that run before a send, and guards that count something else under a number. */
  readonly guards: readonly Guard[];
  readonly limiter: Limiter;
  /** Runs a message through the guards that run before a send. */
  readonly explain: Explain;
}

/** A client that `restrict` has narrowed. */
export interface Restricted {
  readonly restrictions: RestrictionList;
  /** Shared with the clients that `withOptions` makes of it. */
  readonly ownMessages: OwnMessages;
}

/** A budget that names no prices counts with those of the guard. */
function withPrices(restriction: Restriction, guard: false | BudgetGuardOptions): Restriction {
  if (restriction.budget === undefined || guard === false) return restriction;
  const { currency, prices, unknownPrice } = guard;
  return { ...restriction, budget: { currency, prices, unknownPrice, ...restriction.budget } };
}

/** Builds the shared parts of a client: guards and transport. */
export function createClientContext(
  resolved: ResolvedOptions,
  counting: Counting,
  state: SharedState,
  restricted?: Restricted,
): { readonly client: ClientContext; readonly safeguards: Safeguards; readonly settings: ClientSettings } {
  const { emit, clock } = counting;
  const { defaultCountry, bareDigits, subAccountId } = resolved;
  const { content, phone, backoff } = resolved.guards;
  const credentials = createCredentials(resolved.apiKey, {
    clock,
    emit,
    sandboxKeysOnly: resolved.sandboxKeysOnly,
  });
  const limiter = createLimiter(counting);
  const priceCache = createPriceCache(subAccountId);
  const priceOf = priceCache.find;
  const pumping = pumpingFor(resolved.guards.pumping, limiter);
  const prices: PriceSource = {
    find: priceOf,
    load: () => createAccount(client).prices({ direction: 'outbound', subAccountId }),
    balance: () => createAccount(client).balance(),
  };
  const guards = createGuards(
    { ...resolved.guards, pumping },
    {
      holdsKey: (text) => credentials.appearsIn(text),
      emit,
      limiter,
      clock,
      prices,
    },
  );
  const { allowedRecipients } = resolved;
  const allowed =
    allowedRecipients === undefined
      ? []
      : [createAllowedRecipients(allowedRecipients, defaultCountry, bareDigits)];
  const testNumbers = createTestNumbers(resolved.testNumbers, resolved, emit);
  const reportPumpingOutcome = createReportPumpingOutcome(pumping, { limiter, priceOf });
  const rememberSuccess = createRememberSuccess({
    backoff,
    reportPumpingOutcome,
    remembersAddresses: resolved.guards.clientIp !== false,
    limiter,
    emit,
  });
  const costOf = createCostOf(resolved.guards.budget, priceOf);
  const calls = createCalls(resolved.deadlineMs);
  const transport = createTransport({
    ...resolved,
    credentials,
    emit,
    clock,
    sharedState: state,
    sharedPace: counting.limits.pace,
  });
  const restrictions = (restricted?.restrictions ?? []).map((restriction) =>
    createRestrictionGuard(withPrices(restriction, resolved.guards.budget), { prices, clock, emit }),
  );
  const atSend = [...restrictions, ...allowed, ...guards.atSend];
  const phoneDefaults = {
    defaultCountry,
    bareDigits,
    acceptUnknownCallingCodes: phone === false,
    source: resolved.source,
    subject: restricted?.restrictions.find(({ subject }) => subject !== undefined)?.subject,
    idempotencyScope: restricted?.restrictions.at(-1)?.path,
  };
  const rewrite = createRewrite(content === false ? {} : content);
  const client: ClientContext = {
    warn(message) {
      if (resolved.logger === undefined && isLogged('warn', resolved.logLevel)) {
        console.warn(`8x8-sms-guard: ${message}`);
      }
    },
    calls,
    transport,
    admission: createAdmission({ guards: atSend, limiter, clock, emit, costOf }),
    limiter,
    emit,
    costOf,
    clock,
    audit: createAudit(resolved.audit, emit),
    subAccountId,
    hasAllowedRecipients: allowedRecipients !== undefined,
    rememberSuccess,
    reportPumpingOutcome,
    priceCache,
    sentAtCache: createSentAtCache(clock),
    ownMessages: restricted?.ownMessages,
    outcomeCache: createOutcomeCache(clock),
    scheduledMessages: createScheduledMessages({
      ...scheduledConfig(resolved.guards.consent, emit),
      calls,
      limiter,
      clock,
      emit,
      cancelAt8x8: createCancelOne(transport),
    }),
    verificationAttempts: createAttemptCounter({ guards: guards.atCheck, limiter, emit }),
    sessionBindings: createSessionBindings({ limiter }),
    sessionClaims: createSessionClaims({ limiter }),
    storedCodes: createStoredCodes(limiter),
    testNumbers,
    testSessions: createTestSessions({ testNumbers, limiter, clock }),
    sessionSuccess: createSessionSuccess({ limiter, rememberSuccess }),
    phoneDefaults,
    rewrite,
    accountId() {
      if (resolved.accountId !== undefined) return resolved.accountId;
      throw new ConfigurationError(
        'accountId is missing: pass it as an option, or set EIGHTBYEIGHT_ACCOUNT_ID.',
        'accountId',
      );
    },
  };
  return {
    client,
    safeguards: {
      guards: guards.all,
      limiter,
      clock,
      emit,
      explain: createExplain({
        guards: atSend,
        limiter,
        clock,
        reader: smsReader(rewrite),
        prepare: phoneDefaults,
      }),
    },
    settings: clientSettings(resolved, credentials, counting),
  };
}

/** How opt-outs reach scheduled messages: only the ledger says which messages an opt-out covers, no hook is asked. */
function scheduledConfig(consent: false | ConsentGuardOptions, emit: Emit) {
  if (consent === false) {
    return { isOn: false, ledgerGuard: undefined, otpAfterOptOut: false, senderName: createSenderNames() };
  }
  const { check: _check, checkMany: _checkMany, onMissing: _onMissing, ...ledgerOnly } = consent;
  return {
    isOn: true,
    ledgerGuard: consent.ledger === undefined ? undefined : createConsentGuard(ledgerOnly, { emit }),
    otpAfterOptOut: consent.otpAfterOptOut === true,
    senderName: createSenderNames(consent.inbound?.brands),
  };
}

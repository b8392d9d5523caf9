import { createAccount } from './api/account.ts';
import { createCancelOne } from './api/cancel.ts';
import { createOutcomeCache } from './api/outcome-cache.ts';
import { createPriceCache } from './api/price-cache.ts';
import { createSentAtCache } from './api/sent-at-cache.ts';
import { createAttemptCounter } from './api/verifications/count-attempts.ts';
import { createAudit } from './audit/audit.ts';
import { createCalls } from './call.ts';
import type { ClientContext } from './client-context.ts';
import { type ClientSettings, clientSettings } from './config/client-settings.ts';
import { createCredentials } from './config/credentials.ts';
import type { ResolvedOptions } from './config/resolve-options.ts';
import { createSenderNames } from './consent/senders.ts';
import { type Counting, createSafeguards } from './create-safeguards.ts';
import { ConfigurationError } from './errors.ts';
import type { Emit } from './events.ts';
import type { PriceSource } from './guards/budget-prices.ts';
import { createConsentGuard } from './guards/consent.ts';
import type { ConsentGuardOptions } from './guards/consent-options.ts';
import type { Guard } from './guards/guard.ts';
import { isLogged } from './internal/log-events.ts';
import type { SharedState } from './internal/shared-state.ts';
import type { Limiter } from './limits/limiter.ts';
import { createStoredCodes } from './one-time-passwords/stored-code.ts';
import { createTestNumbers } from './one-time-passwords/test-numbers.ts';
import type { OwnMessages } from './restrict/own-messages.ts';
import type { RestrictionList } from './restrict/restrictions.ts';
import type { Explain } from './sending/explain.ts';
import { createScheduledMessages } from './sending/scheduled/scheduled-messages.ts';
import { createTransport } from './transport/create-transport.ts';

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

/** Builds the shared parts of a client: guards and transport. */
export function createClientContext(
  resolved: ResolvedOptions,
  counting: Counting,
  state: SharedState,
  restricted?: Restricted,
): { readonly client: ClientContext; readonly safeguards: Safeguards; readonly settings: ClientSettings } {
  const { emit, clock } = counting;
  const { subAccountId } = resolved;
  const credentials = createCredentials(resolved.apiKey, {
    clock,
    emit,
    sandboxKeysOnly: resolved.sandboxKeysOnly,
  });
  const priceCache = createPriceCache(subAccountId);
  const prices: PriceSource = {
    find: priceCache.find,
    load: () => createAccount(client).prices({ direction: 'outbound', subAccountId }),
    balance: () => createAccount(client).balance(),
  };
  const { limiter, guards, admission, explain, phoneDefaults, rewrite, costOf, ...outcomes } =
    createSafeguards(resolved, {
      ...counting,
      prices,
      holdsKey: (text) => credentials.appearsIn(text),
      restrictions: restricted?.restrictions,
    });
  const { reportPumpingOutcome, rememberSuccess } = outcomes;
  const testNumbers = createTestNumbers(resolved.testNumbers, resolved, emit);
  const calls = createCalls(resolved.deadlineMs, emit.reportError);
  const transport = createTransport({
    ...resolved,
    credentials,
    emit,
    clock,
    sharedState: state,
    sharedPace: counting.limits.pace,
  });
  const client: ClientContext = {
    warn(message) {
      if (resolved.logger === undefined && isLogged('warn', resolved.logLevel)) {
        console.warn(`8x8-sms-guard: ${message}`);
      }
    },
    calls,
    transport,
    admission,
    limiter,
    emit,
    costOf,
    clock,
    audit: createAudit(resolved.audit, emit),
    subAccountId,
    hasAllowedRecipients: resolved.allowedRecipients !== undefined,
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
    storedCodes: createStoredCodes(limiter),
    testNumbers,
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
      explain,
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

import { smsReader } from './api/messages.ts';
import type { ResolvedOptions } from './config/resolve-options.ts';
import type { Emit } from './events.ts';
import { createAllowedRecipients } from './guards/allowed-recipients.ts';
import type { BudgetGuardOptions } from './guards/budget-options.ts';
import type { PriceSource } from './guards/budget-prices.ts';
import { createCostOf } from './guards/message-cost.ts';
import { createReportPumpingOutcome, pumpingFor } from './guards/pumping-outcomes.ts';
import { createGuards } from './guards/registry.ts';
import { createRememberSuccess } from './guards/remember-success.ts';
import type { LimitStore } from './limits/limit-store.ts';
import { createLimiter } from './limits/limiter.ts';
import { createRestrictionGuard } from './restrict/restriction-guard.ts';
import type { Restriction, RestrictionList } from './restrict/restrictions.ts';
import { createAdmission } from './sending/admission.ts';
import { createExplain } from './sending/explain.ts';
import { createRewrite } from './text/rewrite.ts';
import type { Clock } from './types.ts';

/** The counting state of a client, shared with its children. */
export interface Counting {
  readonly limits: LimitStore;
  readonly scope: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** The options that the guards depend on. */
export type GuardedOptions = Pick<
  ResolvedOptions,
  'guards' | 'allowedRecipients' | 'defaultCountry' | 'bareDigits' | 'source'
>;

export interface SafeguardsNeeds extends Counting {
  readonly prices: PriceSource;
  /** Whether a text contains the API key. */
  holdsKey(text: string): boolean;
  /** Those of a restricted client; they are asked first. */
  readonly restrictions?: RestrictionList | undefined;
}

/** A budget that names no prices counts with those of the guard. */
function withPrices(restriction: Restriction, guard: false | BudgetGuardOptions): Restriction {
  if (restriction.budget === undefined || guard === false) return restriction;
  const { currency, prices, unknownPrice } = guard;
  return { ...restriction, budget: { currency, prices, unknownPrice, ...restriction.budget } };
}

/** Builds the guards, and what decides and remembers with them. Contacts nobody. */
export function createSafeguards(
  { guards: options, allowedRecipients, defaultCountry, bareDigits, source }: GuardedOptions,
  { restrictions = [], prices, holdsKey, ...counting }: SafeguardsNeeds,
) {
  const { emit, clock } = counting;
  const { content, phone, backoff, budget } = options;
  const limiter = createLimiter(counting);
  const priceOf = prices.find;
  const pumping = pumpingFor(options.pumping, limiter);
  const guards = createGuards({ ...options, pumping }, { holdsKey, emit, limiter, clock, prices });
  const allowed =
    allowedRecipients === undefined
      ? []
      : [createAllowedRecipients(allowedRecipients, defaultCountry, bareDigits)];
  const restricting = restrictions.map((restriction) =>
    createRestrictionGuard(withPrices(restriction, budget), { prices, clock, emit }),
  );
  const atSend = [...restricting, ...allowed, ...guards.atSend];
  const reportPumpingOutcome = createReportPumpingOutcome(pumping, { limiter, priceOf });
  const rememberSuccess = createRememberSuccess({
    backoff,
    reportPumpingOutcome,
    remembersAddresses: options.clientIp !== false,
    limiter,
    emit,
  });
  const costOf = createCostOf(budget, priceOf);
  const phoneDefaults = {
    defaultCountry,
    bareDigits,
    acceptUnknownCallingCodes: phone === false,
    source,
    subject: restrictions.find(({ subject }) => subject !== undefined)?.subject,
    idempotencyScope: restrictions.at(-1)?.path,
  };
  const rewrite = createRewrite(content === false ? {} : content);
  return {
    guards,
    limiter,
    admission: createAdmission({ guards: atSend, limiter, clock, emit, costOf }),
    explain: createExplain({
      guards: atSend,
      limiter,
      clock,
      reader: smsReader(rewrite),
      prepare: phoneDefaults,
    }),
    reportPumpingOutcome,
    rememberSuccess,
    costOf,
    phoneDefaults,
    rewrite,
  };
}

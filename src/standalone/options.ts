import { optionFields, type SmsClientOptions } from '../config/options.ts';
import type { GuardedOptions } from '../create-safeguards.ts';
import { ConfigurationError } from '../errors.ts';
import { type GuardsOptions, resolveGuards } from '../guards/registry.ts';
import { cloneInput } from '../internal/clone-input.ts';
import { type Fields, object, validate } from '../schema.ts';

/**
 * Options of guards without a client: those of the client that decide about a message.
 *
 * @example
 * ```ts
 * createGuards({
 *   guards: { countries: { allow: ['SG', 'ID'] } },
 *   limits: redisLimits({ client, secret: process.env.LIMITS_SECRET, onStoreError: 'refuse' }),
 * });
 * ```
 */
export interface StandaloneGuardsOptions
  extends Pick<
    SmsClientOptions,
    | 'allowedRecipients'
    | 'bareDigits'
    | 'clock'
    | 'defaultCountry'
    | 'guards'
    | 'limits'
    | 'logLevel'
    | 'logger'
    | 'onError'
    | 'onEvent'
    | 'source'
  > {
  /** Namespace for limits. Guards and clients with the same scope and store share counters. @default 'default' */
  readonly scope?: string | undefined;
}

const { allowedRecipients, bareDigits, clock, defaultCountry, guards, limits } = optionFields;
const { logLevel, logger, onError, onEvent, scope, source } = optionFields;
const fields: Fields<StandaloneGuardsOptions> = {
  allowedRecipients,
  bareDigits,
  clock,
  defaultCountry,
  guards,
  limits,
  logLevel,
  logger,
  onError,
  onEvent,
  scope,
  source,
};
const schema = object(fields, 'an object of options');

function refuse(option: string, advice: string): never {
  throw new ConfigurationError(`${option} needs a client of 8x8: ${advice}`, option);
}

/** Refuses what would silently do nothing without an account at 8x8. */
function refuseAccountOptions({ budget, consent, quietHours }: GuardsOptions): void {
  if (budget && typeof budget.prices !== 'object') {
    refuse(
      'guards.budget.prices',
      'give the prices of your provider, for example { default: 0.05, SG: 0.04 }.',
    );
  }
  if (budget && budget.minBalance !== undefined) {
    refuse('guards.budget.minBalance', 'omit it, and watch the balance at your provider.');
  }
  if (consent && consent.inbound !== undefined) {
    refuse('guards.consent.inbound', 'omit it, and record opt-outs in the ledger yourself.');
  }
  if (quietHours && quietHours.action === 'schedule') {
    refuse('guards.quietHours.action', "use 'refuse', and repeat the message after error.retryAfterMs.");
  }
}

/**
 * Validates the options and adds the defaults.
 *
 * @throws ConfigurationError naming the option and what is allowed, never a value
 */
export function readStandaloneOptions(options: StandaloneGuardsOptions): GuardedOptions {
  const flaw = validate(schema, options);
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  const given = options.guards ?? {};
  refuseAccountOptions(given);
  return {
    // Without amounts and prices it has nothing to count.
    guards: resolveGuards({ ...given, budget: given.budget ?? false }),
    allowedRecipients: options.allowedRecipients && [...options.allowedRecipients],
    defaultCountry: options.defaultCountry,
    bareDigits: options.bareDigits,
    source: cloneInput({ source: options.source }).source,
  };
}

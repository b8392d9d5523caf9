import {
  ConsentError,
  type GuardDecision,
  GuardError,
  type GuardErrorFields,
  InvalidPhoneNumberError,
  LimitError,
  RestrictionError,
} from '../errors.ts';
import type { Emit } from '../events.ts';
import type { LimitRule, RuleViolation } from '../limits/limit-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import { type Field, type Fields, object } from '../schema.ts';
import type { Clock } from '../types.ts';
import { type BackoffGuardOptions, backoffField, createBackoffGuard } from './backoff.ts';
import { createBudgetGuard, describeBudgetRule } from './budget.ts';
import { type BudgetGuardOptions, budgetField } from './budget-options.ts';
import type { PriceSource } from './budget-prices.ts';
import {
  type ClientIpGuardOptions,
  clientIpGuardField,
  createClientIpGuard,
  describeClientIpRule,
} from './client-ip.ts';
import { createConsentGuard, describeConsentRule } from './consent.ts';
import { type ConsentGuardOptions, consentField } from './consent-options.ts';
import { type ContentGuardOptions, contentField, createContentGuard } from './content.ts';
import { type CountriesGuardOptions, countriesField, createCountriesGuard } from './countries.ts';
import { type CustomGuardOptions, createCustomGuard, customField, describeCustomRule } from './custom.ts';
import {
  createDuplicateGuard,
  type DuplicateGuardOptions,
  describeDuplicateRule,
  duplicateField,
} from './duplicate.ts';
import type { Guard } from './guard.ts';
import { createHumanGuard, describeHumanRule } from './human.ts';
import { type HumanGuardOptions, humanField } from './human-options.ts';
import { createLinksGuard, type LinksGuardOptions, linksField } from './links.ts';
import { createPhoneGuard, type PhoneGuardOptions, phoneField } from './phone.ts';
import { createPolicyGuard, type PolicyGuardOptions, policyField } from './policy.ts';
import { createPrefixGuard, type PrefixGuardOptions, prefixField } from './prefix.ts';
import {
  createPumpingGuard,
  describePumpingRule,
  PUMPING_BY_DEFAULT,
  type PumpingGuardOptions,
  pumpingField,
} from './pumping.ts';
import {
  createQuietHoursGuard,
  type QuietHoursGuardOptions,
  quietHoursField,
} from './quiet-hours/quiet-hours.ts';
import type { GuardName } from './reasons.ts';
import { createRecipientGuard, type RecipientGuardInput, recipientField } from './recipient.ts';
import {
  createUndeliverableGuard,
  type UndeliverableGuardOptions,
  undeliverableField,
} from './undeliverable.ts';
import {
  createVerificationAttemptsGuard,
  describeVerificationAttemptsRule,
  type VerificationAttemptsGuardOptions,
  verificationAttemptsField,
} from './verification-attempts.ts';

export type { BackoffGuardOptions } from './backoff.ts';
export type { BudgetAlarm, BudgetAmounts, BudgetGuardOptions } from './budget-options.ts';
export type { ClientIpGuardOptions } from './client-ip.ts';
export type { ConsentGuardOptions } from './consent-options.ts';
export type { ContentGuardOptions } from './content.ts';
export type { CountriesByPurpose, CountriesGuardOptions } from './countries.ts';
export type { CustomGuard, CustomGuardOptions, CustomRefusal, CustomRule } from './custom.ts';
export type { DuplicateGuardOptions } from './duplicate.ts';
export type { GuardedMessage } from './guarded-message.ts';
export type { HumanCheck, HumanGuardOptions, HumanVerification, HumanVerifier } from './human-options.ts';
export type { LinksGuardOptions } from './links.ts';
export type { PhoneGuardOptions } from './phone.ts';
export type { PolicyAnswer, PolicyGuardOptions } from './policy.ts';
export type { PrefixDay, PrefixGuardOptions, PrefixRange } from './prefix.ts';
export type { PumpingGuardOptions, PumpingTolerance } from './pumping.ts';
export type { QuietHoursGuardOptions } from './quiet-hours/quiet-hours.ts';
export type { DayHours, SendingHours } from './quiet-hours/sending-hours.ts';
export type {
  LimitWindow,
  RecipientGuardInput,
  RecipientGuardOptions,
  RecipientWindowOptions,
  ReservedMessages,
} from './recipient.ts';
export type { UndeliverableGuardOptions } from './undeliverable.ts';
export type { VerificationAttemptsGuardOptions } from './verification-attempts.ts';

/** The safeguards, each `false` or options. A guard that is not named has its default. */
export interface GuardsOptions {
  /** Numbers that may receive SMS. On. */
  readonly phone?: false | PhoneGuardOptions | undefined;
  /** Rules for the text and the sender ID. On. */
  readonly content?: false | ContentGuardOptions | undefined;
  /** Hosts that a text may link to, and characters that hide something. Off until configured. */
  readonly links?: false | LinksGuardOptions | undefined;
  /** Countries that may receive SMS. Off until configured. */
  readonly countries?: false | CountriesGuardOptions | undefined;
  /** Hours by the recipient's clock. Off until configured. */
  readonly quietHours?: false | QuietHoursGuardOptions | undefined;
  /** Opt-ins and opt-outs. On: marketing needs an opt-in. */
  readonly consent?: false | ConsentGuardOptions | undefined;
  /** Captchas. On: verifies nothing and requires nothing until configured. */
  readonly human?: false | HumanGuardOptions | undefined;
  /** Messages to one number. On: 10 in any 30 minutes, the last 3 of them for one-time passwords. */
  readonly recipient?: false | RecipientGuardInput | undefined;
  /** The same text to one number. Off until configured. */
  readonly duplicate?: false | DuplicateGuardOptions | undefined;
  /** Wait before the next one-time password to one number. On: 30 s, 1 min, 2 min … 1 h. */
  readonly backoff?: false | BackoffGuardOptions | undefined;
  /** Different numbers of one range. Off until configured. */
  readonly prefix?: false | PrefixGuardOptions | undefined;
  /** Messages, numbers and countries of one end user's address. Off until configured. */
  readonly clientIp?: false | ClientIpGuardOptions | undefined;
  /** Codes that strangers do not enter, in any place. On in `mode: 'monitor'`: refuses nothing until you set `'enforce'`. */
  readonly pumping?: false | PumpingGuardOptions | undefined;
  /** Money. On: without an amount it only watches. */
  readonly budget?: false | BudgetGuardOptions | undefined;
  /** Numbers that a network reported as non-existent. On: they receive nothing for a day. */
  readonly undeliverable?: false | UndeliverableGuardOptions | undefined;
  /** Your own guards. Off until configured. */
  readonly custom?: false | CustomGuardOptions | undefined;
  /** One hook that sees everything known about a message. Off until configured. */
  readonly policy?: false | PolicyGuardOptions | undefined;
  /** Codes tried with `verifications.check`. On: for strangers 20 per hour and number, 100 per hour and client address. */
  readonly verificationAttempts?: false | VerificationAttemptsGuardOptions | undefined;
}

/** The key of a guard under `guards` of the options. */
export type ConfigurableGuard = keyof GuardsOptions;

type OptionsOf<Name extends ConfigurableGuard> = Exclude<GuardsOptions[Name], false | undefined>;

/** The options of every guard, defaults filled in: `false` is off. */
export type ResolvedGuards = { readonly [Name in ConfigurableGuard]-?: false | OptionsOf<Name> };

/** The parts of a client that a guard may use. */
export interface GuardNeeds {
  /** Whether a text contains the API key. */
  holdsKey(text: string): boolean;
  readonly emit: Emit;
  readonly limiter: Limiter;
  readonly prices: PriceSource;
  readonly clock: Clock;
}

/** Everything that the package needs to know about one guard. */
interface GuardEntry<Name extends ConfigurableGuard> {
  /** Reads `false` or the options. */
  readonly field: Field;
  create(options: OptionsOf<Name>, needs: GuardNeeds): Guard<Name>;
  readonly error: new (fields: GuardErrorFields) => GuardError;
  /** The options of a guard that is not configured; `false` is off. */
  readonly byDefault: false | OptionsOf<Name>;
  /** `check`: counts the codes that are tried with `verifications.check`, not messages. Default: `send`. */
  readonly at?: 'check';
  /**
   * Whether it counts a range of numbers instead of one person. Such a counter is released by name only, and not
   * deleted by `consent.forget`.
   */
  readonly countsRange?: true;
  /** The sentence for a rule that refused, when the default for its kind does not fit. */
  describe?(rule: LimitRule, observed: number, doubt?: RuleViolation['doubt']): string | undefined;
}

/**
 * Every guard, in the order in which they run: cheap checks first, questions to other systems later. Names, options,
 * order, defaults and errors are derived from this list.
 */
const GUARDS: { readonly [Name in ConfigurableGuard]-?: GuardEntry<Name> } = {
  phone: { field: phoneField, create: createPhoneGuard, error: InvalidPhoneNumberError, byDefault: {} },
  content: { field: contentField, create: createContentGuard, error: GuardError, byDefault: {} },
  links: { field: linksField, create: createLinksGuard, error: GuardError, byDefault: false },
  countries: { field: countriesField, create: createCountriesGuard, error: GuardError, byDefault: false },
  quietHours: {
    field: quietHoursField,
    create: createQuietHoursGuard,
    error: GuardError,
    byDefault: false,
  },
  consent: {
    field: consentField,
    create: createConsentGuard,
    error: ConsentError,
    byDefault: {},
    describe: describeConsentRule,
  },
  human: {
    field: humanField,
    create: createHumanGuard,
    error: GuardError,
    byDefault: {},
    describe: describeHumanRule,
  },
  recipient: { field: recipientField, create: createRecipientGuard, error: LimitError, byDefault: {} },
  duplicate: {
    field: duplicateField,
    create: createDuplicateGuard,
    error: LimitError,
    byDefault: false,
    describe: describeDuplicateRule,
  },
  backoff: { field: backoffField, create: createBackoffGuard, error: LimitError, byDefault: {} },
  prefix: {
    field: prefixField,
    create: createPrefixGuard,
    error: LimitError,
    byDefault: false,
    countsRange: true,
  },
  clientIp: {
    field: clientIpGuardField,
    create: createClientIpGuard,
    error: LimitError,
    byDefault: false,
    describe: describeClientIpRule,
  },
  pumping: {
    field: pumpingField,
    create: createPumpingGuard,
    error: GuardError,
    byDefault: PUMPING_BY_DEFAULT,
    describe: describePumpingRule,
  },
  budget: {
    field: budgetField,
    create: createBudgetGuard,
    error: LimitError,
    byDefault: {},
    describe: describeBudgetRule,
  },
  undeliverable: {
    field: undeliverableField,
    create: createUndeliverableGuard,
    error: GuardError,
    byDefault: {},
  },
  custom: {
    field: customField,
    create: createCustomGuard,
    error: GuardError,
    byDefault: false,
    describe: describeCustomRule,
  },
  policy: { field: policyField, create: createPolicyGuard, error: GuardError, byDefault: false },
  verificationAttempts: {
    field: verificationAttemptsField,
    create: createVerificationAttemptsGuard,
    error: LimitError,
    byDefault: {},
    at: 'check',
    describe: describeVerificationAttemptsRule,
  },
};

/** Error classes of features that refuse but have no options under `guards`. */
const OTHER_ERRORS: Readonly<
  Record<Exclude<GuardName, ConfigurableGuard>, new (fields: GuardErrorFields) => GuardError>
> = {
  allowedRecipients: GuardError,
  idempotency: LimitError,
  restriction: RestrictionError,
  verification: GuardError,
};

export const GUARD_NAMES = Object.keys(GUARDS) as readonly ConfigurableGuard[];

function fieldsOf(): Fields<GuardsOptions> {
  return Object.fromEntries(GUARD_NAMES.map((name) => [name, GUARDS[name].field])) as Fields<GuardsOptions>;
}

/** Reads `guards` of the options. */
export const guardsField: Field = object(fieldsOf());

/** Fills in the default of every guard that is not configured. Only this function decides which guards are on. */
export function resolveGuards(options: GuardsOptions): ResolvedGuards {
  return Object.fromEntries(
    GUARD_NAMES.map((name) => [name, options[name] ?? GUARDS[name].byDefault]),
  ) as ResolvedGuards;
}

function createGuard<Name extends ConfigurableGuard>(
  name: Name,
  options: ResolvedGuards[Name],
  needs: GuardNeeds,
): Guard<Name> | undefined {
  // The compiler cannot infer that the entry under `Name` belongs to `Name`.
  const entry = GUARDS[name] as unknown as { create(options: unknown, needs: GuardNeeds): Guard<Name> };
  return options === false ? undefined : entry.create(options, needs);
}

/** The guards that are on, in the order in which they run. */
export interface ClientGuards {
  /** Guards that run before a send. */
  readonly atSend: readonly Guard[];
  /** Guards that run before `verifications.check`. */
  readonly atCheck: readonly Guard[];
  /** Both. */
  readonly all: readonly Guard[];
}

export function createGuards(resolved: ResolvedGuards, needs: GuardNeeds): ClientGuards {
  const all = GUARD_NAMES.map((name) => createGuard(name, resolved[name], needs)).filter(
    (guard) => guard !== undefined,
  );
  const isAtCheck = ({ name }: Guard) => entryOf(name)?.at === 'check';
  return { all, atSend: all.filter((guard) => !isAtCheck(guard)), atCheck: all.filter(isAtCheck) };
}

function entryOf(name: string): GuardEntry<ConfigurableGuard> | undefined {
  return Object.hasOwn(GUARDS, name)
    ? (GUARDS[name as ConfigurableGuard] as unknown as GuardEntry<ConfigurableGuard>)
    : undefined;
}

/** Whether a guard counts a range of numbers instead of one person. */
export function countsRange({ name }: Guard): boolean {
  return entryOf(name)?.countsRange === true;
}

/** The guard's own sentence for one of its rules, if it has one. */
export function describeGuardRule(
  rule: LimitRule,
  observed: number,
  doubt?: RuleViolation['doubt'],
): string | undefined {
  if (rule.guard === 'restriction') return describeBudgetRule(rule, observed);
  return entryOf(rule.guard)?.describe?.(rule, observed, doubt);
}

/** The typed error of a guard's decision. */
export function guardError(decision: GuardDecision, message: string, clientMessageId?: string): GuardError {
  const GuardErrorClass =
    entryOf(decision.guard)?.error ?? OTHER_ERRORS[decision.guard as keyof typeof OTHER_ERRORS];
  return new GuardErrorClass({ decision, message: `${message} Nothing was sent.`, clientMessageId });
}

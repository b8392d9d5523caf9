import { ConfigurationError } from '../errors.ts';
import { type BudgetAmounts, type BudgetGuardOptions, spendingFields } from '../guards/budget-options.ts';
import { countryField } from '../guards/countries.ts';
import { purposesField } from '../purposes.ts';
import { type Field, type Fields, list, object, oneOf, refine, text, validate } from '../schema.ts';
import { subjectField } from '../sending/sms-message.ts';
import type { Purpose } from '../types.ts';

/**
 * The operations that a restricted client can have: those that every other restriction can bound. All others (exports,
 * contacts, webhook settings, consent, `guards.release`, …) reach messages and people of the whole account.
 */
export const RESTRICTABLE = [
  'messages.send',
  'messages.sendBatch',
  'messages.sendMany',
  'messages.estimate',
  'messages.get',
  'messages.cancel',
  'messages.feedback',
  'surveys.send',
  'surveys.sendBatch',
  'surveys.sendMany',
  'verifications.start',
  'verifications.check',
  'oneTimePasswords.issue',
  'oneTimePasswords.check',
] as const;

/** A method that a restricted client may have. */
export type RestrictableOperation = (typeof RESTRICTABLE)[number];

/** Money that a restricted client may spend, over all processes that share the limit store. */
export interface RestrictionBudget
  extends BudgetAmounts,
    Pick<BudgetGuardOptions, 'currency' | 'prices' | 'unknownPrice'> {}

/**
 * The most that a client may do. A field that is left out restricts nothing.
 *
 * @example { name: 'login', operations: ['messages.send'], purposes: ['otp'], countries: ['SG'], budget: { perDay: 20 } }
 */
export interface Restrictions {
  /**
   * The holder of the client, 1 to 64 characters. Clients of the same name share the budget and the idempotency keys, in all
   * processes that share the limit store. `budget` needs it. @default `subject`
   */
  readonly name?: string | undefined;
  /** Methods that the client has. `messages.get`, `cancel` and `feedback` know messages of this client only. @default all that can be restricted */
  readonly operations?: readonly RestrictableOperation[] | undefined;
  /** Purposes of its messages. @default all */
  readonly purposes?: readonly Purpose[] | undefined;
  /** Countries of its recipients, as ISO 3166-1 alpha-2 codes. A number that belongs to no country is refused. @default all */
  readonly countries?: readonly string[] | undefined;
  /**
   * Sender IDs of its messages, written exactly so. The first is the default, unless the client has a `source` of its own. Other
   * channels than SMS, which show another sender, are refused. @default all
   */
  readonly senders?: readonly string[] | undefined;
  /**
   * The visitor for whom the client acts: every message, check and report has this `subject`, also when it names none.
   * @default each call's own
   */
  readonly subject?: string | undefined;
  /** Amount that the client may spend. @default no limit of its own */
  readonly budget?: RestrictionBudget | undefined;
}

/** One call of `restrict`. */
export interface Restriction extends Restrictions {
  /** Names the counters of the holder: the names of all restrictions above, and its own. */
  readonly path: string;
}

/** Every restriction of a client, the widest first. All of them hold. */
export type RestrictionList = readonly Restriction[];

const fields: Fields<Restrictions> = {
  name: text({ max: 64 }),
  operations: list(oneOf(RESTRICTABLE), { min: 1, max: RESTRICTABLE.length }),
  purposes: purposesField,
  countries: list(countryField, { min: 1, max: 300 }),
  senders: list(text({ max: 16 }), { min: 1, max: 100 }),
  subject: subjectField,
  budget: refine<BudgetAmounts>(
    object(spendingFields, 'an object { perHour, perDay, perMonth, currency, prices, unknownPrice }'),
    ({ perHour, perDay, perMonth }) => [perHour, perDay, perMonth].some((amount) => amount !== undefined),
    'must name an amount: perHour, perDay or perMonth.',
  ),
};
const schema: Field = refine<Restrictions>(
  object(fields, 'an object of restrictions'),
  (restrictions) => Object.values(restrictions).some((value) => value !== undefined),
  'restricts nothing. Name operations, purposes, countries, senders, a subject or a budget.',
);

/**
 * Adds a restriction to those of a client.
 *
 * @throws ConfigurationError the restrictions are malformed
 */
export function addRestriction(existing: RestrictionList, restrictions: Restrictions): RestrictionList {
  const flaw = validate(schema, restrictions, 'restrict');
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  const { countries, budget, name = restrictions.subject } = restrictions;
  if (budget !== undefined && name === undefined) {
    throw new ConfigurationError(
      'restrict.name is missing: clients of the same name share the budget, in all processes.',
      'restrict.name',
    );
  }
  // A name cannot hold the sign between two names, so that no holder reaches the counters of another.
  const names = [
    ...existing.slice(-1).map(({ path }) => path),
    (name ?? '').replaceAll('%', '%25').replaceAll('/', '%2F'),
  ];
  const path = names.join('/');
  if (path.length > MAX_PATH) {
    throw new ConfigurationError(
      'restrict.name: the names of nested restrictions are too long together. Use shorter ones.',
      'restrict.name',
    );
  }
  const added: Restriction = {
    ...restrictions,
    path,
    ...(countries && { countries: countries.map((country) => country.toUpperCase()) }),
  };
  return Object.freeze([...existing, Object.freeze(added)]);
}

/** Characters of the names together: keys of the limit store have 1,024, an idempotency key of 255 included. */
const MAX_PATH = 700;

/** Options that a restricted client may change: they change how a call is made, and not what it may do. */
const CHANGEABLE: readonly string[] = [
  'timeoutMs',
  'deadlineMs',
  'retry',
  'defaultCountry',
  'bareDigits',
  'source',
];

/** The first option that a restricted client may not change. */
export function forbiddenOption(overrides: object): string | undefined {
  return Object.entries(overrides).find(
    ([name, value]) => value !== undefined && !CHANGEABLE.includes(name),
  )?.[0];
}

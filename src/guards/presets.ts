import { ConfigurationError } from '../errors.ts';
import type { BudgetGuardOptions } from './budget-options.ts';
import type { CountriesGuardOptions } from './countries.ts';
import type { GuardsOptions } from './registry.ts';

/** Options of every preset. Each guard can be overridden: with `false`, or with options that take precedence over those of the preset. */
export interface PresetOptions extends Omit<GuardsOptions, 'countries'> {
  /** The countries you send to, as ISO 3166-1 alpha-2 codes, or the options of the guard; `false`: every country. */
  readonly countries?: readonly string[] | CountriesGuardOptions | false | undefined;
  /** The most that all messages may cost in any 24 hours, in `currency` of the budget (USD); `false`: no limit. */
  readonly budgetPerDay?: number | false | undefined;
}

/** Options of {@link presets}`.otp`. */
export interface OtpPresetOptions extends PresetOptions {
  /** Required: nobody can pump a country that you refuse. */
  readonly countries: readonly string[] | CountriesGuardOptions | false;
  /** Required: an attack that no other guard notices costs no more than this. */
  readonly budgetPerDay: number | false;
  /**
   * Whether your form can show a captcha when `error.action` is `'ask'`. The guards then ask strangers instead of refusing them.
   * @default false
   */
  readonly canAsk?: boolean | undefined;
}

/** The options of one guard, over those of a preset. */
function over(preset: unknown, given: unknown): unknown {
  if (given === undefined || given === false || Array.isArray(given) || typeof preset !== 'object') {
    return given ?? preset;
  }
  return { ...preset, ...(given as object) };
}

function build(
  preset: GuardsOptions,
  { countries, budgetPerDay, ...given }: PresetOptions,
  amountsOfOtp: Pick<BudgetGuardOptions, 'onExceeded' | 'perHour'> = {},
): GuardsOptions {
  const places = Array.isArray(countries) ? { allow: countries } : (countries as GuardsOptions['countries']);
  const amounts =
    budgetPerDay === undefined || budgetPerDay === false
      ? {}
      : { perDay: budgetPerDay, onExceeded: 'refuse', ...amountsOfOtp };
  const guards: Record<string, unknown> = { ...preset, countries: places ?? false, budget: amounts };
  for (const [name, options] of Object.entries(given)) {
    guards[name] = over(guards[name], options);
  }
  return guards as GuardsOptions;
}

/** A decision that nobody can take for the team. */
function demand(options: OtpPresetOptions, option: 'countries' | 'budgetPerDay', advice: string): void {
  if (options?.[option] !== undefined) return;
  throw new ConfigurationError(`presets.otp: ${option} is missing. ${advice}`, option);
}

const DAY_MS = 86_400_000;
/**
 * A sale costs a tenth of twice the best day within an hour, a flood all of it within minutes.
 */
const HOURS_OF_A_DAY = 4;
/** Smaller amounts, in any currency, are no flood. */
const LEAST_PER_HOUR = 5;

/** The most that one hour may cost: a flood in the night leaves money for the day. */
function perHourOf(budgetPerDay: number | false | undefined): number | undefined {
  if (typeof budgetPerDay !== 'number') return undefined;
  const perHour = Math.max(LEAST_PER_HOUR, budgetPerDay / HOURS_OF_A_DAY);
  return perHour < budgetPerDay ? perHour : undefined;
}

/**
 * Settings of all guards for one kind of service, each of which can be overridden. The sources of the values are in docs/guards.md.
 *
 * @example new SmsClient({ guards: presets.otp({ countries: ['SG', 'ID'], budgetPerDay: 50, canAsk: true }) })
 */
export const presets = {
  /**
   * One-time passwords and verifications, which fraudsters request.
   *
   * @throws ConfigurationError `countries` or `budgetPerDay` is missing; `false` is an answer
   * @example presets.otp({ countries: ['SG'], budgetPerDay: 20 })
   */
  otp(options: OtpPresetOptions): GuardsOptions {
    demand(
      options,
      'countries',
      "List the countries of your customers, such as ['SG'], or pass false to allow every country.",
    );
    demand(
      options,
      'budgetPerDay',
      'Pass the amount that codes may cost per day, about twice that of your busiest day, or false for no limit.',
    );
    const { canAsk = false, ...rest } = options;
    const action = canAsk ? 'ask' : 'refuse';
    const preset: GuardsOptions = {
      phone: {},
      content: { maxParts: 2 },
      links: {},
      quietHours: false,
      duplicate: false,
      consent: {},
      human: {},
      recipient: {},
      backoff: {},
      prefix: { action },
      clientIp: { action },
      pumping: { mode: 'enforce', action },
      undeliverable: {},
      verificationAttempts: {},
    };
    return build(preset, rest, { onExceeded: action, perHour: perHourOf(rest.budgetPerDay) });
  },

  /**
   * Messages about something that the person did: orders, appointments, alerts.
   *
   * @example presets.transactional({ countries: ['SG'], budgetPerDay: 100 })
   */
  transactional(options: PresetOptions = {}): GuardsOptions {
    const preset: GuardsOptions = {
      phone: {},
      content: {},
      links: {},
      quietHours: false,
      duplicate: {},
      consent: {},
      human: {},
      recipient: { perPurpose: { transactional: [{ limit: 20, windowMs: DAY_MS }] } },
      backoff: {},
      prefix: false,
      clientIp: false,
      // As it is by default: it reports, where the limit store can keep what it needs.
      pumping: undefined,
      undeliverable: {},
      verificationAttempts: {},
    };
    return build(preset, options);
  },

  /**
   * Campaigns, to people who agreed to them.
   *
   * @example presets.marketing({ countries: ['SG'], consent: { ledger } })
   */
  marketing(options: PresetOptions = {}): GuardsOptions {
    const preset: GuardsOptions = {
      phone: {},
      content: { maxParts: 3 },
      links: {},
      quietHours: {},
      consent: { reconfirmAfterMonths: 12 },
      human: {},
      recipient: { perPurpose: { marketing: [{ limit: 1, windowMs: DAY_MS }] } },
      duplicate: { windowMs: DAY_MS },
      backoff: {},
      prefix: false,
      clientIp: false,
      // As it is by default: it reports, where the limit store can keep what it needs.
      pumping: undefined,
      undeliverable: {},
      verificationAttempts: {},
    };
    return build(preset, options);
  },
} as const;

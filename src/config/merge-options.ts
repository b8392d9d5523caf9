import { CONSENT_NAMES } from '../guards/consent-options.ts';
import { GUARD_NAMES, type GuardsOptions } from '../guards/registry.ts';
import { OPTION_NAMES, type SmsClientOptions } from './options.ts';

/** The options among these names that are set, also those defined by the class of an object. */
function named<Options extends object>(options: Options, names: readonly string[]): Options {
  const given = names.map((name) => [name, (options as Record<string, unknown>)[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Options;
}

/** Options that name a source of consent. */
const CONSENT_SOURCES = ['ledger', 'forgetSecret', 'check', 'checkMany'] as const;

/** A guard that is given replaces the previous one, but sources of consent stay, so that no opt-out is lost. */
function mergeGuards(base: GuardsOptions, overrides: GuardsOptions): GuardsOptions {
  const merged = { ...named(base, GUARD_NAMES), ...named(overrides, GUARD_NAMES) };
  const { consent } = overrides;
  if (!isObject(base.consent) || !isObject(consent)) return merged;
  return {
    ...merged,
    consent: { ...named(base.consent, CONSENT_SOURCES), ...named(consent, CONSENT_NAMES) },
  };
}

/**
 * Merges options; each guard is merged separately. `region` and `baseUrl` exclude each other, so the one that is
 * given replaces the other.
 */
export function mergeOptions(base: SmsClientOptions, overrides: SmsClientOptions): SmsClientOptions {
  const { region, baseUrl, ...rest } = named(base, OPTION_NAMES);
  const keepsHost = overrides.region === undefined && overrides.baseUrl === undefined;
  const merged = { ...rest, ...(keepsHost && { region, baseUrl }), ...named(overrides, OPTION_NAMES) };
  return isObject(base.guards) && isObject(overrides.guards)
    ? { ...merged, guards: mergeGuards(base.guards, overrides.guards) }
    : merged;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The options that are set, also those defined by the class of an object. */
export function namedOptions(options: SmsClientOptions): SmsClientOptions {
  return named(options, OPTION_NAMES);
}

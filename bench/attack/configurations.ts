import type { GuardsOptions } from '../../src/guards/registry.ts';
import type { Place } from './places.ts';

/** How a service asks a visitor for more, when a guard says so. */
export type Asking = 'nothing' | 'captcha' | 'captcha-and-channel';

export interface Configuration {
  readonly summary: string;
  /** @param markets the countries of the team's allow-list */
  guards(markets: readonly Place[]): GuardsOptions;
  /** Days of honest traffic before the attack. */
  readonly historyDays: number;
  readonly asking: Asking;
  /** Counts what guards in monitor mode would have done. */
  readonly isMonitor?: boolean;
  /** Whether the service says which numbers belong to its customers. */
  readonly saysReturning?: boolean;
  /** Part of the successes that it reports. @default 1 */
  readonly reported?: number;
}

const OFF = {
  phone: false,
  content: false,
  countries: false,
  consent: false,
  recipient: false,
  backoff: false,
  prefix: false,
  undeliverable: false,
  verificationAttempts: false,
} as const satisfies GuardsOptions;

/** Guards without memory of days need little history. */
const SHORT = { historyDays: 1, asking: 'nothing' } as const;

function allowList(markets: readonly Place[]): GuardsOptions['countries'] {
  return { allow: markets.map(({ code }) => code) };
}

export const CONFIGURATIONS = {
  none: { summary: 'no guard', guards: () => OFF, ...SHORT },
  defaults: { summary: 'what is on without options', guards: () => ({}), ...SHORT },
  recipient: { summary: 'recipient alone', guards: () => ({ ...OFF, recipient: {} }), ...SHORT },
  backoff: { summary: 'backoff alone', guards: () => ({ ...OFF, backoff: {} }), ...SHORT },
  prefix: { summary: 'prefix alone', guards: () => ({ ...OFF, prefix: {} }), ...SHORT },
  countries: {
    summary: 'countries alone',
    guards: (markets) => ({ ...OFF, countries: allowList(markets) }),
    ...SHORT,
  },
  'countries+prefix': {
    summary: 'the defaults, countries and prefix',
    guards: (markets) => ({ countries: allowList(markets), prefix: {} }),
    ...SHORT,
  },
} as const satisfies Record<string, Configuration>;

export type ConfigurationName = keyof typeof CONFIGURATIONS;

export const CONFIGURATION_NAMES = Object.keys(CONFIGURATIONS) as readonly ConfigurationName[];

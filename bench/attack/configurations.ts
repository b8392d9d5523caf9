import { presets } from '../../src/guards/presets.ts';
import { GUARD_NAMES, type GuardsOptions } from '../../src/guards/registry.ts';
import { PLACES, type Place } from './places.ts';

/** How a service asks a visitor for more, when a guard says so. */
export type Asking = 'nothing' | 'captcha' | 'captcha-and-channel';

export interface Configuration {
  readonly summary: string;
  /**
   * @param markets the countries of the team's allow-list
   * @param size honest requests per day
   */
  guards(markets: readonly Place[], size: number): GuardsOptions;
  /** Days of honest traffic before the attack. */
  readonly historyDays: number;
  readonly asking: Asking;
  /** Counts what guards in monitor mode would have done. */
  readonly isMonitor?: boolean;
  /** Whether the service says which numbers belong to its customers. */
  readonly saysReturning?: boolean;
  /** Part of the successes that it reports. @default 1 */
  readonly reported?: number;
  /** Whether it passes the visitor's address. @default true */
  readonly passesAddress?: boolean;
}

/** Every guard off. */
const OFF: GuardsOptions = Object.fromEntries(GUARD_NAMES.map((name) => [name, false]));

/** Guards without memory of days need little history. */
const SHORT = { historyDays: 1, asking: 'nothing' } as const;

function allowList(markets: readonly Place[]): GuardsOptions['countries'] {
  return { allow: markets.map(({ code }) => code) };
}

const PRICES = Object.fromEntries(PLACES.map(({ code, price }) => [code, price]));

/** The doubt budget behind `prefix`, which asks where it does. No allow-list: the study had none. */
function pumping(action: 'ask' | 'refuse') {
  return (): GuardsOptions => ({ prefix: { action }, pumping: { mode: 'enforce', action, prices: PRICES } });
}

/** The preset with about twice the money of a usual day, as it advises. */
function otpPreset(canAsk: boolean) {
  return (markets: readonly Place[], size: number): GuardsOptions => {
    const whole = markets.reduce((sum, { share }) => sum + share, 0);
    const usual = markets.reduce((sum, { share, price }) => sum + (size * share * price) / whole, 0);
    return presets.otp({
      countries: markets.map(({ code }) => code),
      budgetPerDay: Math.ceil(2 * usual),
      canAsk,
      budget: { prices: PRICES },
      pumping: { prices: PRICES },
    });
  };
}

const LEARNT = { historyDays: 14 } as const;

export const CONFIGURATIONS = {
  none: { summary: 'no guard', guards: () => OFF, ...SHORT },
  defaults: { summary: 'what is on without options', guards: () => ({}), ...SHORT },
  recipient: { summary: 'recipient alone', guards: () => ({ ...OFF, recipient: {} }), ...SHORT },
  backoff: { summary: 'backoff alone', guards: () => ({ ...OFF, backoff: {} }), ...SHORT },
  prefix: {
    summary: 'prefix alone',
    guards: () => ({ ...OFF, prefix: {} }),
    historyDays: 4,
    asking: 'nothing',
  },
  countries: {
    summary: 'countries alone',
    guards: (markets) => ({ ...OFF, countries: allowList(markets) }),
    ...SHORT,
  },
  'client-ip': {
    summary: 'clientIp alone',
    guards: () => ({ ...OFF, clientIp: {} }),
    historyDays: 3,
    asking: 'nothing',
  },
  'countries+prefix': {
    summary: 'the defaults, countries and prefix',
    guards: (markets) => ({ countries: allowList(markets), prefix: {} }),
    historyDays: 4,
    asking: 'nothing',
  },
  'countries+prefix-minutes': {
    summary: 'the same without the limit of a day, as the study measured it',
    guards: (markets) => ({ countries: allowList(markets), prefix: { day: false } }),
    ...SHORT,
  },
  'pumping-monitor': {
    summary: 'pumping in monitor mode: what it would have done',
    guards: () => ({ pumping: { action: 'refuse', prices: PRICES } }),
    asking: 'nothing',
    isMonitor: true,
    ...LEARNT,
  },
  'pumping-refuse': {
    summary: 'pumping, and no way to ask',
    guards: pumping('refuse'),
    asking: 'nothing',
    ...LEARNT,
  },
  'pumping-captcha': {
    summary: 'pumping, and a captcha',
    guards: pumping('ask'),
    asking: 'captcha',
    ...LEARNT,
  },
  'pumping-ask': {
    summary: 'pumping, a captcha, and another channel',
    guards: pumping('ask'),
    asking: 'captcha-and-channel',
    ...LEARNT,
  },
  'pumping-returning': {
    summary: 'pumping-ask, and the service says who is a customer',
    guards: pumping('ask'),
    asking: 'captcha-and-channel',
    saysReturning: true,
    ...LEARNT,
  },
  'otp-preset-refuse': {
    summary: 'the preset for one-time passwords, and no way to ask',
    guards: otpPreset(false),
    asking: 'nothing',
    ...LEARNT,
  },
  'otp-preset-ask': {
    summary: 'the preset for one-time passwords, a captcha, and another channel',
    guards: otpPreset(true),
    asking: 'captcha-and-channel',
    ...LEARNT,
  },
  'pumping-no-address': {
    summary: 'pumping-ask without clientIp',
    guards: pumping('ask'),
    asking: 'captcha-and-channel',
    passesAddress: false,
    ...LEARNT,
  },
  'pumping-half-outcomes': {
    summary: 'pumping-ask, and the service reports half of the successes',
    guards: pumping('ask'),
    asking: 'captcha-and-channel',
    reported: 0.5,
    ...LEARNT,
  },
  'pumping-no-outcomes': {
    summary: 'pumping-ask, and the service reports no success',
    guards: pumping('ask'),
    asking: 'captcha-and-channel',
    reported: 0,
    ...LEARNT,
  },
} as const satisfies Record<string, Configuration>;

export type ConfigurationName = keyof typeof CONFIGURATIONS;

export const CONFIGURATION_NAMES = Object.keys(CONFIGURATIONS) as readonly ConfigurationName[];

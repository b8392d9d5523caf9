import { adaptive } from './adaptive.ts';
import {
  burst,
  DEAREST,
  drip,
  fewNumbers,
  flood,
  hammer,
  ipv6Address,
  nobody,
  replay,
  rotating,
  SCRIPT,
  sequential,
  sleepers,
  slowGrowth,
  steady,
} from './adversaries.ts';
import {
  type Attack,
  anyNumber,
  drawBlocks,
  FARM_CAPTCHA,
  numberInBlock,
  proxy,
  server,
  timesOf,
} from './attack.ts';
import { DEAR_PLACES, LAUNCH_PLACE } from './places.ts';
import { HOUR_MS } from './traffic.ts';

/** `share` of the codes is entered. */
function fake(share: number): Attack {
  return {
    summary: `rotating-markets, ${share * 100} % of the codes are entered`,
    run: (context) => rotating(context, context.markets, () => ({ enters: context.random.chance(share) })),
  };
}

export const ATTACKS = {
  none: { summary: 'no attack', run: nobody },
  outage: { summary: 'no attack; an operator delivers nothing for two hours', outageHours: 2, run: nobody },
  launch: {
    summary: 'no attack; a market opens and brings a fifth more people',
    traffic: (fromMs) => ({ launch: { fromMs, part: 0.2 } }),
    run: nobody,
  },
  flash: {
    summary: 'no attack; a sale brings eight times as many people of the largest market for four hours',
    traffic: (startMs) => ({ flash: { fromMs: startMs + 4 * HOUR_MS, hours: 4, factor: 8 } }),
    run: nobody,
  },
  hammer: { summary: 'one number, every 5 s for six hours', run: hammer },
  sequential: { summary: 'one number after the other, every 3 s', run: sequential },
  'operator-random': {
    summary: 'random numbers of one operator, from 200 servers',
    run(context) {
      const { random } = context;
      const operator = random.below(DEAREST.operators.length);
      const draw = () => ({
        place: DEAREST,
        destination: anyNumber(DEAREST, random, operator),
        clientIp: server(random, 200),
      });
      return steady({ ...context, perDay: context.perDay * 1.1 }, draw);
    },
  },
  rotating: {
    summary: '25 dear countries in turns, four blocks in each, proxies',
    run: (context) => rotating(context, DEAR_PLACES),
  },
  'rotating-markets': {
    summary: 'the same in the countries of the allow-list',
    run: (context) => rotating(context, context.markets),
  },
  'dear-market': {
    summary: 'the dearest market, one operator, proxies',
    run(context) {
      const { random } = context;
      const operator = random.below(DEAREST.operators.length);
      return steady(context, () => {
        return {
          place: DEAREST,
          destination: anyNumber(DEAREST, random, operator),
          clientIp: proxy(random),
        };
      });
    },
  },
  'prefix-spread': {
    summary: 'all operators of the five dearest large markets, proxies',
    run(context) {
      const { random, markets } = context;
      const targets = [...markets.slice(0, 12)].sort((one, other) => other.price - one.price).slice(0, 5);
      return steady(context, () => {
        const place = random.pick(targets);
        return { place, destination: anyNumber(place, random), clientIp: proxy(random) };
      });
    },
  },
  drip: { summary: 'three blocks, one below every limit that the package ships', run: drip },
  'burst-3am': { summary: '2,000 within 20 minutes at night', run: burst },
  'few-numbers': { summary: '40 numbers, at the pace of the backoff', run: fewNumbers },
  'captcha-farm': {
    summary: 'rotating-markets, and people solve the captchas',
    run: (context) => rotating(context, context.markets, () => ({ captcha: FARM_CAPTCHA })),
  },
  'fake-10': fake(0.1),
  'fake-30': fake(0.3),
  'fake-80': fake(0.8),
  replay: { summary: 'a stolen list of 1,000 customers', run: replay },
  newborn: {
    summary: 'rotating for a day, against a service that is two days old',
    historyDays: 2,
    run: (context) => rotating(context, DEAR_PLACES, undefined, 1),
  },
  'verify-route': {
    summary: 'rotating, through verifications.start',
    run: (context) => rotating(context, DEAR_PLACES, () => ({ isVerification: true })),
  },
  adaptive: { summary: 'leaves operators where messages stop, dearest first', run: adaptive },
  'launch-cover': {
    summary: 'the market that opens, while it opens',
    traffic: (fromMs) => ({ launch: { fromMs, part: 0.2 } }),
    run(context) {
      const { random } = context;
      const blocks = drawBlocks(LAUNCH_PLACE, 8, random);
      return steady(context, () => {
        const destination = numberInBlock(random.pick(blocks), random);
        return { place: LAUNCH_PLACE, destination, clientIp: proxy(random) };
      });
    },
  },
  'flash-cover': {
    summary: 'the market of a sale, within its four hours',
    traffic: (startMs) => ({ flash: { fromMs: startMs + 4 * HOUR_MS, hours: 4, factor: 8 } }),
    *run(context) {
      const { random, startMs, perDay } = context;
      const operator = random.below(DEAREST.operators.length);
      const during = { ...context, startMs: startMs + 4 * HOUR_MS };
      for (const atMs of timesOf(during, perDay * 6, 1 / 6)) {
        const destination = anyNumber(DEAREST, random, operator);
        yield { atMs, place: DEAREST, destination, clientIp: proxy(random), ...SCRIPT };
      }
    },
  },
  accounts: {
    summary: 'rotating, from old accounts with an address each',
    run(context) {
      const { random } = context;
      const accounts = Array.from({ length: 3_000 }, (_, index) => {
        return { subject: `account-${index}`, clientIp: proxy(random) };
      });
      return rotating(context, DEAR_PLACES, () => random.pick(accounts));
    },
  },
  sleepers: {
    summary: 'rotating-markets, from 300 accounts that entered a code before',
    preparationDays: 7,
    run: sleepers,
  },
  'one-server': {
    summary: 'random numbers of all allowed countries, from one address',
    run(context) {
      const { random, markets } = context;
      return steady(context, () => {
        const place = random.pick(markets);
        return { place, destination: anyNumber(place, random), clientIp: server(random, 1) };
      });
    },
  },
  'ipv6-network': {
    summary: 'dear-market, each request from another /64',
    run(context) {
      const { random } = context;
      const operator = random.below(DEAREST.operators.length);
      return steady(context, () => {
        return {
          place: DEAREST,
          destination: anyNumber(DEAREST, random, operator),
          clientIp: ipv6Address(random),
        };
      });
    },
  },
  flood: {
    summary: '300,000 random numbers of allowed countries, 20 per second',
    size: 200,
    days: 1,
    run: (context) => flood(context, 300_000),
  },
  'slow-growth': {
    summary: '5 % more every day for 60 days',
    size: 200,
    days: 60,
    run: slowGrowth,
  },
} as const satisfies Record<string, Attack>;

export type AttackName = keyof typeof ATTACKS;

export const ATTACK_NAMES = Object.keys(ATTACKS) as readonly AttackName[];

/** Scenarios without a fraudster. */
export const CALM_NAMES: readonly AttackName[] = ['none', 'outage', 'launch', 'flash'];

export function attackOf(name: AttackName): Attack {
  return ATTACKS[name];
}

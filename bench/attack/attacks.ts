import { adaptive } from './adaptive.ts';
import {
  type Adversary,
  ATTACK_DAYS,
  type Attack,
  type AttackContext,
  type AttackRequest,
  anyNumber,
  type Block,
  BOT_CAPTCHA,
  drawBlock,
  drawBlocks,
  FARM_CAPTCHA,
  numberInBlock,
  proxy,
  server,
  timesOf,
} from './attack.ts';
import { DEAR_PLACES, LAUNCH_PLACE, type Place, placeOf } from './places.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './traffic.ts';

/** The dearest country of every allow-list. */
const DEAREST = placeOf('ID');
const SCRIPT = { enters: false, captcha: BOT_CAPTCHA } as const;

type Target = Pick<AttackRequest, 'place' | 'destination' | 'clientIp'>;

/** Sends what `draw` aims at, at random times. */
function* steady(
  context: AttackContext,
  draw: () => Target,
  more: () => Partial<AttackRequest> = () => ({}),
): Adversary {
  for (const atMs of timesOf(context, context.perDay)) yield { atMs, ...SCRIPT, ...draw(), ...more() };
}

const TURN_MS = 30 * MINUTE_MS;

/** Every half an hour another country, in each of them four blocks of numbers that earn. */
function* rotating(
  context: AttackContext,
  places: readonly Place[],
  more: (atMs: number) => Partial<AttackRequest> = () => ({}),
  days = ATTACK_DAYS,
): Adversary {
  const { random, perDay } = context;
  const blocks = new Map(places.map((place) => [place, drawBlocks(place, 4, random)]));
  let turn = -1;
  let place = random.pick(places);
  for (const atMs of timesOf(context, perDay, days)) {
    const now = Math.floor(atMs / TURN_MS);
    if (now !== turn) place = random.pick(places);
    turn = now;
    const block = random.pick(blocks.get(place) as readonly Block[]);
    const destination = numberInBlock(block, random);
    yield { atMs, place, destination, clientIp: proxy(random), ...SCRIPT, ...more(atMs) };
  }
}

/** `share` of the codes is entered. */
function fake(share: number): Attack {
  return {
    summary: `rotating-markets, ${share * 100} % of the codes are entered`,
    run: (context) => rotating(context, context.markets, () => ({ enters: context.random.chance(share) })),
  };
}

function* hammer({ random, startMs }: AttackContext): Adversary {
  const target = { place: DEAREST, destination: anyNumber(DEAREST, random), clientIp: server(random, 1) };
  for (let index = 0; index < 4_320; index += 1) {
    yield { atMs: startMs + index * 5_000, ...SCRIPT, ...target };
  }
}

function* sequential({ random, startMs }: AttackContext): Adversary {
  const { operator, block } = drawBlock(DEAREST, random);
  const first = Math.min(block * 10_000, 990_000);
  for (let index = 0; index < 7_200; index += 1) {
    const destination = `+${DEAREST.callingCode}${DEAREST.operators[operator]}${String(first + index).padStart(6, '0')}`;
    yield {
      atMs: startMs + index * 3_000,
      place: DEAREST,
      destination,
      clientIp: server(random, 20),
      ...SCRIPT,
    };
  }
}

/** Three a minute over three blocks: below every limit that the package ships. */
function* drip({ random, startMs }: AttackContext): Adversary {
  const blocks = drawBlocks(DEAREST, 3, random);
  for (let index = 0; index < 3 * 4_320; index += 1) {
    const destination = numberInBlock(blocks[index % 3] as Block, random);
    yield { atMs: startMs + index * 20_000, place: DEAREST, destination, clientIp: proxy(random), ...SCRIPT };
  }
}

/** 2,000 within 20 minutes, to ten blocks inside and ten outside of the allow-list. */
function* burst({ random, startMs, markets }: AttackContext): Adversary {
  const within = [...markets].sort((one, other) => other.price - one.price).slice(0, 5);
  const outside = [...DEAR_PLACES].sort((one, other) => other.price - one.price).slice(0, 5);
  const blocks = [...within, ...outside].flatMap((place) => drawBlocks(place, 2, random));
  for (let index = 0; index < 2_000; index += 1) {
    const block = random.pick(blocks);
    const destination = numberInBlock(block, random);
    const atMs = startMs + 3 * HOUR_MS + index * 600;
    yield { atMs, place: block.place, destination, clientIp: proxy(random), ...SCRIPT };
  }
}

/** 40 numbers, each from an address of its own and about as often as the backoff admits. */
function* fewNumbers({ random, startMs, markets }: AttackContext): Adversary {
  const phones = Array.from({ length: 40 }, (_, index) => {
    const place = random.pick(index < 24 ? markets : DEAR_PLACES);
    return {
      place,
      destination: anyNumber(place, random),
      clientIp: proxy(random),
      nextMs: startMs + random.below(30 * MINUTE_MS),
    };
  });
  for (;;) {
    phones.sort((one, other) => one.nextMs - other.nextMs);
    const { nextMs, ...target } = phones[0] as (typeof phones)[number];
    if (nextMs >= startMs + ATTACK_DAYS * DAY_MS) return;
    yield { atMs: nextMs, ...SCRIPT, ...target };
    (phones[0] as { nextMs: number }).nextMs = nextMs + Math.floor(random.between(30.1, 30.6) * MINUTE_MS);
  }
}

function* replay(context: AttackContext): Adversary {
  const { random, perDay } = context;
  const list = context.customers(1_000);
  for (const atMs of timesOf(context, (perDay * 4) / 3)) {
    const { place, destination } = random.pick(list);
    yield { atMs, place, destination, clientIp: proxy(random), ...SCRIPT };
  }
}

function* flood({ random, startMs, markets }: AttackContext, count: number): Adversary {
  for (let index = 0; index < count; index += 1) {
    const place = random.pick(markets);
    const destination = anyNumber(place, random);
    yield { atMs: startMs + index * 50, place, destination, clientIp: server(random, 500), ...SCRIPT };
  }
}

function* slowGrowth(context: AttackContext): Adversary {
  const { random, startMs } = context;
  const operator = random.below(DEAREST.operators.length);
  for (let day = 0; day < 60; day += 1) {
    const today = { ...context, startMs: startMs + day * DAY_MS };
    for (const atMs of timesOf(today, 20.6 * 1.05 ** day, 1)) {
      const destination = anyNumber(DEAREST, random, operator);
      yield { atMs, place: DEAREST, destination, clientIp: proxy(random), ...SCRIPT };
    }
  }
}

/** As `operator-random`, from a rented IPv6 network: every request has a /64 of its own. */
function ipv6Address({ below }: AttackContext['random']): string {
  return `2a02:db8:77:${below(65_536).toString(16)}::${(1 + below(65_534)).toString(16)}`;
}

const SLEEPERS = 300;

/** Accounts that each entered one code days before, and then ask for codes to numbers that earn. */
function* sleepers(context: AttackContext): Adversary {
  const { random, startMs, markets } = context;
  const accounts = Array.from({ length: SLEEPERS }, (_, index) => {
    return { subject: `sleeper-${index}`, clientIp: proxy(random) };
  });
  const cheap = [...markets].sort((one, other) => one.price - other.price).slice(0, 3);
  for (const [index, account] of accounts.entries()) {
    const place = random.pick(cheap);
    const atMs = startMs - 6 * DAY_MS + Math.floor((index / SLEEPERS) * 5 * DAY_MS);
    const destination = anyNumber(place, random);
    yield { atMs, place, destination, ...account, enters: true, captcha: BOT_CAPTCHA, isPreparation: true };
  }
  yield* rotating(context, markets, () => random.pick(accounts));
}

function* nobody(): Adversary {}

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
  sleepers: { summary: 'rotating-markets, from 300 accounts that entered a code before', run: sleepers },
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

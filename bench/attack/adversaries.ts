import {
  type Adversary,
  ATTACK_DAYS,
  type AttackContext,
  type AttackRequest,
  anyNumber,
  type Block,
  BOT_CAPTCHA,
  drawBlock,
  drawBlocks,
  numberInBlock,
  proxy,
  server,
  timesOf,
} from './attack.ts';
import { DEAR_PLACES, type Place, placeOf } from './places.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './traffic.ts';

/** The dearest country of every allow-list. */
export const DEAREST = placeOf('ID');
export const SCRIPT = { enters: false, captcha: BOT_CAPTCHA } as const;

type Target = Pick<AttackRequest, 'place' | 'destination' | 'clientIp'>;

/** Sends what `draw` aims at, at random times. */
export function* steady(
  context: AttackContext,
  draw: () => Target,
  more: () => Partial<AttackRequest> = () => ({}),
): Adversary {
  for (const atMs of timesOf(context, context.perDay)) yield { atMs, ...SCRIPT, ...draw(), ...more() };
}

const TURN_MS = 30 * MINUTE_MS;

/** Every half an hour another country, in each of them four blocks of numbers that earn. */
export function* rotating(
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

export function* hammer({ random, startMs }: AttackContext): Adversary {
  const target = { place: DEAREST, destination: anyNumber(DEAREST, random), clientIp: server(random, 1) };
  for (let index = 0; index < 4_320; index += 1) {
    yield { atMs: startMs + index * 5_000, ...SCRIPT, ...target };
  }
}

export function* sequential({ random, startMs }: AttackContext): Adversary {
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
export function* drip({ random, startMs }: AttackContext): Adversary {
  const blocks = drawBlocks(DEAREST, 3, random);
  for (let index = 0; index < 3 * 4_320; index += 1) {
    const destination = numberInBlock(blocks[index % 3] as Block, random);
    yield { atMs: startMs + index * 20_000, place: DEAREST, destination, clientIp: proxy(random), ...SCRIPT };
  }
}

/** 2,000 within 20 minutes, to ten blocks inside and ten outside of the allow-list. */
export function* burst({ random, startMs, markets }: AttackContext): Adversary {
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
export function* fewNumbers({ random, startMs, markets }: AttackContext): Adversary {
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

export function* replay(context: AttackContext): Adversary {
  const { random, perDay } = context;
  const list = context.customers(1_000);
  for (const atMs of timesOf(context, (perDay * 4) / 3)) {
    const { place, destination } = random.pick(list);
    yield { atMs, place, destination, clientIp: proxy(random), ...SCRIPT };
  }
}

export function* flood({ random, startMs, markets }: AttackContext, count: number): Adversary {
  for (let index = 0; index < count; index += 1) {
    const place = random.pick(markets);
    const destination = anyNumber(place, random);
    yield { atMs: startMs + index * 50, place, destination, clientIp: server(random, 500), ...SCRIPT };
  }
}

export function* slowGrowth(context: AttackContext): Adversary {
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
export function ipv6Address({ below }: AttackContext['random']): string {
  return `2a02:db8:77:${below(65_536).toString(16)}::${(1 + below(65_534)).toString(16)}`;
}

const SLEEPERS = 300;

/** Accounts that each entered one code days before, and then ask for codes to numbers that earn. */
export function* sleepers(context: AttackContext): Adversary {
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

export function* nobody(): Adversary {}

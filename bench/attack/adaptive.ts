import { type Adversary, type AttackContext, anyNumber, BOT_CAPTCHA, proxy, timesOf } from './attack.ts';
import { DEAR_PLACES, type Place } from './places.ts';
import { HOUR_MS } from './traffic.ts';

/** One operator, as the fraudster knows it. */
interface Spot {
  readonly place: Place;
  readonly operator: number;
  /** Messages in a row that did not arrive. */
  stopped: number;
  /** When it is tried again. */
  retryMs: number;
}

/** Messages in a row that have to stop before he leaves. */
const PATIENCE = 3;
const COME_BACK_MS = 6 * HOUR_MS;
/** Operators that he works at a time. */
const AT_ONCE = 6;

/** Works the dearest operators at which messages arrive, leaves those where they stop, and looks again six hours later. */
export function* adaptive(context: AttackContext): Adversary {
  const { random, markets } = context;
  const spots = [...new Set([...DEAR_PLACES, ...markets])]
    .sort((one, other) => other.price - one.price)
    .flatMap((place) =>
      place.operators.map((_, operator): Spot => {
        return { place, operator, stopped: 0, retryMs: 0 };
      }),
    );
  for (const atMs of timesOf(context, context.perDay)) {
    const open = spots.filter(({ retryMs }) => retryMs <= atMs);
    const spot = random.pick(open.length > 0 ? open.slice(0, AT_ONCE) : spots);
    const { place, operator } = spot;
    const destination = anyNumber(place, random, operator);
    const request = {
      atMs,
      place,
      destination,
      clientIp: proxy(random),
      enters: false,
      captcha: BOT_CAPTCHA,
    };
    const { isSent } = yield request;
    spot.stopped = isSent ? 0 : spot.stopped + 1;
    // He comes back with one message: a spot that stopped is left again at once.
    if (spot.stopped >= PATIENCE) spot.retryMs = atMs + COME_BACK_MS;
  }
}

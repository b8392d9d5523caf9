import { describe, expect, test } from 'vitest';
import { type AttackAnswer, type AttackRequest, BOT_CAPTCHA } from '../../../bench/attack/attack.ts';
import { ATTACK_NAMES, type AttackName, attackOf, CALM_NAMES } from '../../../bench/attack/attacks.ts';
import { DEAR_PLACES, marketsOf } from '../../../bench/attack/places.ts';
import { createRandom } from '../../../bench/attack/random.ts';
import { DAY_MS, formerPeople, START_MS } from '../../../bench/attack/traffic.ts';

const startMs = START_MS + 14 * DAY_MS;
const markets = marketsOf(5_000);

/** Plays an attack; `answer` decides what the fraudster sees. */
function play(
  name: AttackName,
  seed: number,
  answer: (request: AttackRequest) => AttackAnswer = () => ({ isSent: true }),
  most = 20_000,
): AttackRequest[] {
  const adversary = attackOf(name).run({
    random: createRandom(seed, 'attack'),
    startMs,
    perDay: 1_500,
    markets,
    customers: (count) => formerPeople({ seed, size: 5_000, days: 1 }, count),
  });
  const requests: AttackRequest[] = [];
  for (let step = adversary.next(); step.done !== true; step = adversary.next(answer(step.value))) {
    requests.push(step.value);
    if (requests.length === most) break;
  }
  return requests;
}

const attacks = ATTACK_NAMES.filter((name) => !CALM_NAMES.includes(name));

describe('the attacks', () => {
  test('there are at least 21', () => {
    expect(attacks.length).toBeGreaterThanOrEqual(21);
  });

  test.each(attacks)('%s is the same for the same seed, in the order of time', (name) => {
    const requests = play(name, 1, undefined, 3_000);
    expect(requests.length).toBeGreaterThan(1_000);
    expect(play(name, 1, undefined, 3_000)).toEqual(requests);
    expect(play(name, 2, undefined, 3_000)).not.toEqual(requests);
    const times = requests.map(({ atMs }) => atMs);
    expect([...times].sort((one, other) => one - other)).toEqual(times);
  });

  test.each([
    ['hammer', 4_320, 4_320],
    ['sequential', 7_200, 7_200],
    ['operator-random', 4_700, 5_200],
    ['rotating', 4_300, 4_700],
    ['drip', 12_960, 12_960],
    ['burst-3am', 2_000, 2_000],
    ['few-numbers', 5_600, 5_800],
    ['replay', 5_700, 6_300],
    ['newborn', 1_400, 1_600],
    ['flash-cover', 1_350, 1_650],
    ['slow-growth', 6_900, 7_700],
  ] as const)('%s makes %i to %i tries', (name, least, most) => {
    const tries = play(name, 3).length;
    expect(tries).toBeGreaterThanOrEqual(least);
    expect(tries).toBeLessThanOrEqual(most);
  });

  test('fake-30 enters three codes of ten, and the others none', () => {
    const entered = play('fake-30', 1).filter(({ enters }) => enters).length;
    expect(entered / play('fake-30', 1).length).toBeCloseTo(0.3, 1);
    expect(play('rotating', 1).some(({ enters }) => enters)).toBe(false);
  });

  test('a farm passes captchas, and a script hardly any', () => {
    expect(play('captcha-farm', 1)[0]?.captcha).toBe(0.95);
    expect(play('rotating', 1)[0]?.captcha).toBe(BOT_CAPTCHA);
  });

  test('drip stays below every limit that the package ships', () => {
    const requests = play('drip', 1).slice(0, 3_000);
    for (const [digits, limit] of [
      [4, 20],
      [3, 10],
    ] as const) {
      for (const { atMs, destination } of requests.slice(0, 500)) {
        const within = requests.filter((other) => {
          const isNear = other.destination.slice(0, -digits) === destination.slice(0, -digits);
          return isNear && other.atMs >= atMs && other.atMs < atMs + 600_000;
        });
        expect(within.length).toBeLessThanOrEqual(limit);
      }
    }
  });

  test('adaptive leaves an operator where messages stop, and works the dearest that are open', () => {
    const isOpen = ({ place }: AttackRequest) => place.code === 'SG' || place.code === 'ID';
    const requests = play('adaptive', 1, (request) => ({ isSent: isOpen(request) }));
    const late = requests.slice(-1_000);
    expect(late.filter(({ place }) => place.code === 'ID').length).toBeGreaterThan(700);
    const all = play('adaptive', 1);
    const dearest = [...DEAR_PLACES].sort((one, other) => other.price - one.price).slice(0, 2);
    expect(all.every(({ place }) => dearest.includes(place))).toBe(true);
  });

  test('sleepers enter one code each before they start', () => {
    const prepared = play('sleepers', 1).filter(({ isPreparation }) => isPreparation === true);
    expect(prepared).toHaveLength(300);
    expect(prepared.every(({ atMs, enters }) => enters && atMs < startMs - DAY_MS / 2)).toBe(true);
  });
});

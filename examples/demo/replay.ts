import { GuardError, type GuardsOptions, SmsClient } from '../../src/index.ts';
import type { FormRequest } from '../../src/sandbox/attack-hour.ts';
import { createEmulator } from '../../src/testing/index.ts';
import type { RandomRequest } from './random-numbers.ts';

/** What an hour at the form came to. */
export interface Replay {
  readonly sent: number;
  readonly spent: number;
  /** Refusals, by the guard that refused; a visitor whom a guard asks counts too. */
  readonly blocked: Readonly<Record<string, number>>;
  /** Messages that reached the robots' numbers, by kind of robot. */
  readonly pumped: Readonly<Record<string, number>>;
  /** People who were refused, who were asked for a captcha, and who got in neither way. */
  readonly refused: number;
  readonly asked: number;
  readonly lost: number;
  /** The first refusal that says when to try again. */
  readonly sample: GuardError | undefined;
}

const START_MS = Date.UTC(2026, 10, 22, 1, 0, 0);
/** One of 33 people gives up at a captcha, and one of 50 robots passes it: assumed, as in bench/attack. */
const PEOPLE_FAIL = 33;
const ROBOTS_PASS = 50;

/** A person at the form. */
interface Person {
  isIn: boolean;
  wasRefused: boolean;
  wasAsked: boolean;
}

/** Plays the same hour against a fresh emulator with these guards. */
export async function replay(
  requests: readonly (FormRequest | RandomRequest)[],
  guards: GuardsOptions,
): Promise<Replay> {
  let nowMs = START_MS;
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  const emulator = createEmulator({ apiKey: 'demo-key', clock });
  const sms = new SmsClient({
    apiKey: 'demo-key',
    subAccountId: 'shop',
    fetch: emulator.fetch,
    clock,
    guards,
  });
  const blocked: Record<string, number> = {};
  const pumped: Record<string, number> = {};
  const people = new Map<string, Person>();
  let sample: GuardError | undefined;
  const captchas = { people: 0, robots: 0 };

  /** Sends a code; the error of a guard is an answer. */
  async function send(destination: string, isHuman: boolean): Promise<string | GuardError> {
    try {
      const human = isHuman ? { passed: true } : undefined;
      const message = { destination, text: 'Your code is 4711', purpose: 'otp', human } as const;
      return (await sms.messages.send(message)).umid;
    } catch (error) {
      if (!GuardError.isInstance(error)) throw error;
      blocked[error.guard] = (blocked[error.guard] ?? 0) + 1;
      if (error.retryAfterMs !== undefined && error.action === 'refuse') sample ??= error;
      return error;
    }
  }

  function passesCaptcha(isRobot: boolean): boolean {
    if (isRobot) {
      captchas.robots += 1;
      return captchas.robots % ROBOTS_PASS === 0;
    }
    captchas.people += 1;
    return captchas.people % PEOPLE_FAIL !== 0;
  }

  for (const { atMs, who, destination, verifies } of requests) {
    nowMs = START_MS + atMs;
    const isRobot = who !== 'honest';
    const person = people.get(destination) ?? { isIn: false, wasRefused: false, wasAsked: false };
    if (!isRobot) people.set(destination, person);
    let answer = await send(destination, false);
    if (typeof answer !== 'string' && answer.action === 'ask') {
      person.wasAsked = true;
      if (passesCaptcha(isRobot)) answer = await send(destination, true);
    }
    if (typeof answer === 'string') {
      person.isIn = true;
      if (isRobot) pumped[who] = (pumped[who] ?? 0) + 1;
      if (verifies) await sms.messages.feedback(answer, { outcome: 'success', destination });
    } else if (answer.action === 'refuse') person.wasRefused = true;
  }

  await sms.close();
  const all = [...people.values()];
  return {
    sent: emulator.messages.length,
    spent: emulator.cost(),
    blocked,
    pumped,
    refused: all.filter(({ isIn, wasRefused }) => wasRefused && !isIn).length,
    asked: all.filter(({ wasAsked }) => wasAsked).length,
    lost: all.filter(({ isIn }) => !isIn).length,
    sample,
  };
}

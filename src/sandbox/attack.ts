import { SmsClient } from '../client.ts';
import { GuardError } from '../errors.ts';
import type { SmsEvent } from '../events.ts';
import type { GuardsOptions } from '../guards/registry.ts';
import type { Fetch } from '../types.ts';
import { hourAtTheForm } from './attack-hour.ts';
import type { AttackView } from './inbox/views.ts';

/** The guards of a replay. */
export type AttackGuards = AttackView['guards'];

/** A replay of an hour at a sign-up form under attack. */
export interface Attack {
  /** Begins a replay; one that runs is stopped. */
  start(guards: AttackGuards): void;
  stop(): Promise<void>;
  /** The last replay; undefined before the first. */
  readonly view: () => AttackView | undefined;
}

export interface AttackOptions {
  readonly fetch: Fetch;
  readonly apiKey: string;
  readonly report: (event: SmsEvent) => void;
  readonly changed: () => void;
  /** How many times faster than half a minute. */
  readonly speed: number;
}

export const ATTACK_GUARDS: Readonly<Record<AttackGuards, GuardsOptions>> = {
  none: { phone: false, content: false, consent: false, recipient: false, backoff: false },
  defaults: {},
  configured: { countries: { allow: ['SG', 'ID', 'PH'] }, prefix: {} },
};

/** An hour takes half a minute at speed 1. */
const TURNS = 300;
const TURN_MS = 100;

export function createAttack({ fetch, apiKey, report, changed, speed }: AttackOptions): Attack {
  let view: AttackView | undefined;
  let stopping = new AbortController();
  let running: Promise<void> | undefined;

  async function replay(guards: AttackGuards, signal: AbortSignal): Promise<void> {
    const hour = hourAtTheForm();
    const startMs = Date.now();
    let nowMs = startMs;
    const clock = { now: () => nowMs, monotonic: () => nowMs };
    const sms = new SmsClient({
      apiKey,
      subAccountId: 'attack',
      baseUrl: 'http://127.0.0.1',
      fetch,
      clock,
      retry: false,
      pace: false,
      logLevel: 'off',
      guards: ATTACK_GUARDS[guards],
      // The events have the time of the replay, the page shows that of the developer.
      onEvent: (event) => report({ ...event, at: Date.now() }),
    });
    let [sent, refused] = [0, 0];
    const perTurn = Math.ceil(hour.length / TURNS);
    for (let done = 0; done < hour.length && !signal.aborted; done += perTurn) {
      for (const { atMs, destination, verifies } of hour.slice(done, done + perTurn)) {
        nowMs = startMs + atMs;
        try {
          const text = `Your code is ${1_000 + ((done * 7_919) % 9_000)}`;
          const { umid } = await sms.messages.send({ destination, text, purpose: 'otp' });
          sent += 1;
          if (verifies) await sms.messages.feedback(umid, { outcome: 'success', destination });
        } catch (error) {
          if (GuardError.isInstance(error)) refused += 1;
        }
      }
      const reached = Math.min(done + perTurn, hour.length);
      view = { guards, isRunning: reached < hour.length, done: reached, total: hour.length, sent, refused };
      changed();
      await new Promise((resolve) => setTimeout(resolve, TURN_MS / speed));
    }
    if (view !== undefined) view = { ...view, isRunning: false };
    changed();
    await sms.close();
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await running;
  }

  return {
    start(guards) {
      stopping.abort();
      stopping = new AbortController();
      const { signal } = stopping;
      const before = running ?? Promise.resolve();
      view = { guards, isRunning: true, done: 0, total: 1, sent: 0, refused: 0 };
      running = before.then(() => replay(guards, signal));
      changed();
    },
    stop,
    view: () => view,
  };
}

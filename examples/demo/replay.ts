import { GuardError, type GuardsOptions, SmsClient } from '../../src/index.ts';
import type { FormRequest } from '../../src/sandbox/attack-hour.ts';
import { createEmulator } from '../../src/testing/index.ts';

/** What an hour at the form came to. */
export interface Replay {
  readonly sent: number;
  readonly spent: number;
  /** Refused messages, by the guard that refused. */
  readonly blocked: Readonly<Record<string, number>>;
  /** Messages that reached the robots' numbers, by kind of robot. */
  readonly pumped: Readonly<Record<string, number>>;
  /** People who got no code at all. */
  readonly honestRefused: number;
  /** The first refusal that says when to try again. */
  readonly sample: GuardError | undefined;
}

const START_MS = Date.UTC(2026, 10, 22, 1, 0, 0);

/** Plays the same hour against a fresh emulator with these guards. */
export async function replay(requests: readonly FormRequest[], guards: GuardsOptions): Promise<Replay> {
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
  const people = new Map<string, boolean>();
  let sample: GuardError | undefined;

  for (const { atMs, who, destination, verifies } of requests) {
    nowMs = START_MS + atMs;
    let gotCode = false;
    try {
      const { umid } = await sms.messages.send({ destination, text: 'Your code is 4711', purpose: 'otp' });
      gotCode = true;
      if (verifies) await sms.messages.feedback(umid, { outcome: 'success', destination });
    } catch (error) {
      if (!GuardError.isInstance(error)) throw error;
      blocked[error.guard] = (blocked[error.guard] ?? 0) + 1;
      if (error.retryAfterMs !== undefined) sample ??= error;
    }
    if (who === 'honest') people.set(destination, gotCode || people.get(destination) === true);
    else if (gotCode) pumped[who] = (pumped[who] ?? 0) + 1;
  }

  await sms.close();
  const honestRefused = [...people.values()].filter((gotCode) => !gotCode).length;
  return { sent: emulator.messages.length, spent: emulator.cost(), blocked, pumped, honestRefused, sample };
}

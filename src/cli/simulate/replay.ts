import type { GuardsOptions } from '../../index.ts';
import type { FormRequest } from '../../sandbox/attack-hour.ts';

/** The tally of the hour at the form so far. */
export interface Tally {
  readonly sent: number;
  /** In the emulator's invented prices. */
  readonly spent: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Messages that reached the robots' numbers. */
  readonly pumped: number;
  /** People who asked, and have no code yet. */
  readonly withoutCode: number;
}

/** One hour at the form, with the guards of one setup. */
export interface Replay {
  readonly name: string;
  play(request: FormRequest): Promise<void>;
  tally(): Tally;
  close(): Promise<void>;
}

const START_MS = Date.UTC(2026, 10, 22, 1, 0, 0);

/** Creates a replay against an emulator of its own: no account, no network, no store. */
export async function createReplay(name: string, guards: GuardsOptions): Promise<Replay> {
  // Loaded when they are needed: a static import would load both for every command.
  const [{ GuardError, SmsClient }, { createEmulator }] = await Promise.all([
    import('../../index.ts'),
    import('../../testing/index.ts'),
  ]);
  let nowMs = START_MS;
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  const emulator = createEmulator({ apiKey: 'sandbox_simulate', clock });
  const sms = new SmsClient({
    apiKey: 'sandbox_simulate',
    subAccountId: 'simulate',
    baseUrl: 'http://127.0.0.1',
    fetch: emulator.fetch,
    clock,
    retry: false,
    pace: false,
    logLevel: 'off',
    guards,
  });
  const refused: Record<string, number> = {};
  const people = new Map<string, boolean>();
  let pumped = 0;
  return {
    name,
    async play({ atMs, who, destination, verifies }) {
      nowMs = START_MS + atMs;
      let gotCode = false;
      try {
        const { umid } = await sms.messages.send({ destination, text: 'Your code is 4711', purpose: 'otp' });
        gotCode = true;
        if (verifies) await sms.messages.feedback(umid, { outcome: 'success', destination });
      } catch (error) {
        if (!GuardError.isInstance(error)) throw error;
        refused[error.guard] = (refused[error.guard] ?? 0) + 1;
      }
      if (who === 'honest') people.set(destination, gotCode || people.get(destination) === true);
      else if (gotCode) pumped += 1;
    },
    tally: () => ({
      sent: emulator.messages.length,
      spent: emulator.cost(),
      refused: { ...refused },
      pumped,
      withoutCode: [...people.values()].filter((has) => !has).length,
    }),
    close: () => sms.close(),
  };
}

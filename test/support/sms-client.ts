import './load-ky.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts';
import { SmsClient, type SmsClientOptions, type SmsEvent } from '../../src/index.ts';
import { ACCOUNT_ID, START } from './emulator.ts';

export const KEY = 'a-key-of-the-tests';
export const SUB_ACCOUNT_ID = 'team_otp';

export interface TestClient {
  readonly sms: SmsClient;
  readonly emulator: Emulator;
  readonly events: SmsEvent[];
  /** Moves the clock of both sides. */
  advance(milliseconds: number): void;
  /** Method and path of every request, without sub-account and account. */
  calls(): readonly string[];
  /** Parsed body of the last request. */
  lastBody(): unknown;
}

/** A client whose 8x8 is an emulator; both read one clock. */
export function startClient(
  emulatorOptions: EmulatorOptions = {},
  clientOptions: SmsClientOptions = {},
): TestClient {
  let now = START;
  const clock = { now: () => now, monotonic: () => now };
  const events: SmsEvent[] = [];
  const emulator = createEmulator({
    apiKey: KEY,
    accountId: ACCOUNT_ID,
    subAccountIds: [SUB_ACCOUNT_ID],
    clock,
    seed: 1,
    ...emulatorOptions,
  });
  const sms = new SmsClient({
    apiKey: KEY,
    subAccountId: SUB_ACCOUNT_ID,
    accountId: ACCOUNT_ID,
    fetch: emulator.fetch,
    clock,
    retry: false,
    onEvent: (event) => {
      events.push(event);
    },
    ...clientOptions,
  });
  return {
    sms,
    emulator,
    events,
    advance(milliseconds) {
      now += milliseconds;
    },
    calls: () =>
      emulator.requests.map(
        ({ method, path }) => `${method} ${path.replace(/^\/api\/v1\/(sub)?accounts\/[^/]+/, '')}`,
      ),
    lastBody: () => emulator.requests.at(-1)?.body,
  };
}

/** The rejection of a promise. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was not rejected');
}

import './load-ky.ts';
import { SmsClient } from '../../src/client.ts';
import type { SmsClientOptions } from '../../src/config/options.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { SmsEvent } from '../../src/events.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

export const API_KEY = 'test-key-51d0a9';
export const SUB_ACCOUNT_ID = 'team_otp';

export interface TestClient {
  readonly sms: SmsClient;
  readonly emulator: Emulator;
  readonly events: SmsEvent[];
  readonly clock: FakeClock;
  /** The events of one type. */
  of<Type extends SmsEvent['type']>(type: Type): Extract<SmsEvent, { readonly type: Type }>[];
}

/** A client with its own counters, a clock that stands still, no retries, and an emulated 8x8. */
export function testClient(options: SmsClientOptions = {}, emulated: EmulatorOptions = {}): TestClient {
  const clock = createFakeClock();
  const emulator = createEmulator({
    apiKey: [API_KEY, ...(typeof options.apiKey === 'string' ? [options.apiKey] : [])],
    clock,
    seed: 1,
    ...emulated,
  });
  const events: SmsEvent[] = [];
  const sms = new SmsClient({
    apiKey: API_KEY,
    subAccountId: SUB_ACCOUNT_ID,
    fetch: emulator.fetch,
    retry: false,
    clock,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return {
    sms,
    emulator,
    events,
    clock,
    of: (type) => events.filter((event) => event.type === type) as never,
  };
}

/** A mobile number of Singapore, a different one for every index from 0 to 999,999. */
export function numberOf(index: number): string {
  return `+65${91_000_000 + index}`;
}

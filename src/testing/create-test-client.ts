import { SmsClient } from '../client.ts';
import type { SmsClientOptions } from '../config/options.ts';
import { memoryConsentLedger } from '../consent/memory-consent-ledger.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from '../emulator/emulator.ts';
import { ConfigurationError } from '../errors.ts';
import type { SmsEvent } from '../events.ts';
import type { GuardsOptions } from '../guards/registry.ts';
import { showWhole } from '../internal/user-code.ts';
import type { Purpose } from '../types.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

/** Options that {@link createTestClient} sets itself. */
type ReservedOption = 'fetch' | 'clock' | 'baseUrl' | 'dangerouslyAllowBrowser';

/**
 * The options of the client, with defaults for tests and without environment variables. The defaults are those of
 * production except for `retry`, `pace` and the consent ledger.
 */
export interface TestClientOptions extends Omit<SmsClientOptions, ReservedOption> {
  /** The API key. @default `test-key` */
  readonly apiKey?: SmsClientOptions['apiKey'];
  /** The sub-account. @default `test` */
  readonly subAccountId?: string | undefined;
  /** The account. @default `test-account` */
  readonly accountId?: string | undefined;
  /** How failed attempts are repeated. @default as many attempts as in production, but 1 ms apart */
  readonly retry?: SmsClientOptions['retry'];
  /** Called with every exception of your own code. @default `console.error` shows the whole exception, whatever `NODE_ENV` is */
  readonly onError?: SmsClientOptions['onError'];
  /** How requests are paced. @default false */
  readonly pace?: SmsClientOptions['pace'];
  /**
   * Options of the guards.
   * @default as in production; a consent guard without `ledger`, `check` or `checkMany` gets a `memoryConsentLedger()`
   */
  readonly guards?: GuardsOptions | undefined;
  /**
   * Options of the emulated 8x8.
   * @default those of `createEmulator`, with `requestsPerSecond: false`, because a second never ends on a clock that
   * only a test advances
   */
  readonly emulator?: Omit<EmulatorOptions, 'clock'> | undefined;
  /** The initial time of the clock. @default the real time */
  readonly now?: Date | string | number | undefined;
}

/** A client, the emulated 8x8 behind it, and the observations of a test. */
export interface TestClient {
  /** The client. */
  readonly sms: SmsClient;
  /** The emulated 8x8: faults, people, receipts, requests. */
  readonly emulator: Emulator;
  /** The messages that people received. */
  readonly outbox: Outbox;
  /** The clock of client, limits and emulator. */
  readonly clock: TestClock;
  /** Every event so far, oldest first. */
  readonly events: readonly SmsEvent[];
  /** Closes the client; needed only when calls are still in progress. */
  close(): Promise<void>;
  /** Closes the client at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

const RESERVED_OPTIONS: readonly ReservedOption[] = ['fetch', 'clock', 'baseUrl', 'dangerouslyAllowBrowser'];

function withLedger(guards: GuardsOptions = {}): GuardsOptions {
  const { consent = {} } = guards;
  if (consent === false || consent.ledger || consent.check || consent.checkMany) return guards;
  return { ...guards, consent: { ...consent, ledger: memoryConsentLedger() } };
}

/** Collects events, and the purposes and refusals that they report. */
function createEventRecorder() {
  const events: SmsEvent[] = [];
  const purposes = new Map<string | undefined, Purpose>();
  const blocks = new Map<string, string>();
  return {
    events,
    purposeOf: (clientMessageId: string | undefined) => purposes.get(clientMessageId),
    blockOf: (maskedNumber: string) => blocks.get(maskedNumber),
    record(event: SmsEvent) {
      events.push(event);
      if (event.type === 'message-admitted') purposes.set(event.clientMessageId, event.purpose);
      if (event.type === 'message-blocked') {
        blocks.set(event.destination, `${event.decision.guard}, ${event.decision.reason}`);
      }
    },
  };
}

/**
 * Creates a client for one test: without network, account or environment variables, with its own counters, and with a
 * clock that the test moves. Create a new one in every test.
 *
 * @throws ConfigurationError an option is unknown or malformed, or one that this function sets itself
 * @throws ValidationError `now` is not a date
 * @example
 * ```ts
 * const { sms, outbox, clock } = createTestClient();
 * await sms.messages.send({ destination: '+6591234567', text: 'Your code is 4711', purpose: 'otp' });
 * outbox.lastTo('+6591234567').text; // 'Your code is 4711'
 * clock.advance(30_000); // now the next code may be requested
 * ```
 */
export function createTestClient(options: TestClientOptions = {}): TestClient {
  const { emulator: emulatorOptions, now, guards, onEvent, ...rest } = options;
  const reserved = RESERVED_OPTIONS.find((name) => (rest as SmsClientOptions)[name] !== undefined);
  if (reserved !== undefined) {
    throw new ConfigurationError(
      `createTestClient sets ${reserved} itself: omit it, or use new SmsClient().`,
      reserved,
    );
  }
  const clock = createTestClock(now);
  const subAccountId = rest.subAccountId ?? 'test';
  const emulator = createEmulator({
    requestsPerSecond: false,
    defaultSubAccountId: subAccountId,
    ...emulatorOptions,
    clock,
  });
  const recorder = createEventRecorder();
  const sms = new SmsClient({
    ...rest,
    apiKey: rest.apiKey ?? 'test-key',
    subAccountId,
    accountId: rest.accountId ?? 'test-account',
    // Set explicitly, so that region and base URL of the environment are ignored.
    region: rest.region ?? 'apac',
    retry: rest.retry ?? { baseMs: 1, maxMs: 1 },
    pace: rest.pace ?? false,
    guards: withLedger(guards),
    fetch: emulator.fetch,
    clock,
    // A test runner that emulates a browser is safe, and the key is not a real one.
    dangerouslyAllowBrowser: true,
    // Nobody logs in to an emulated 8x8, whatever `NODE_ENV` is.
    dangerouslyAllowTestNumbers: true,
    onError: rest.onError ?? showWhole,
    onEvent(event, details) {
      recorder.record(event);
      return onEvent?.(event, details);
    },
  });
  const close = () => sms.close();
  return {
    sms,
    emulator,
    outbox: createOutbox({
      messages: () => emulator.messages,
      phoneDefaults: { defaultCountry: rest.defaultCountry, bareDigits: rest.bareDigits },
      purposeOf: recorder.purposeOf,
      blockOf: recorder.blockOf,
    }),
    clock,
    events: recorder.events,
    close,
    [Symbol.asyncDispose]: close,
  };
}

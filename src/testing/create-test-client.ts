import { SmsClient } from '../client.ts';
import { memoryConsentLedger } from '../consent/memory-consent-ledger.ts';
import { createEmulator, type Emulator, type EmulatorOptions } from '../emulator/emulator.ts';
import { ConfigurationError } from '../errors.ts';
import type { SmsEvent } from '../events.ts';
import type { GuardsOptions } from '../guards/registry.ts';
import type { SmsClientOptions } from '../options.ts';
import type { Purpose } from '../types.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

/** Set by {@link createTestClient} itself. */
type ReservedOption = 'fetch' | 'clock' | 'baseUrl' | 'dangerouslyAllowBrowser';

/**
 * The client's options with defaults for tests; no environment variable reaches in. As in production unless you say
 * otherwise, but for `retry`, `pace` and the consent ledger.
 */
export interface TestClientOptions extends Omit<SmsClientOptions, ReservedOption> {
  /** @default `test-key` */
  readonly apiKey?: SmsClientOptions['apiKey'];
  /** @default `test` */
  readonly subAccountId?: string | undefined;
  /** @default `test-account` */
  readonly accountId?: string | undefined;
  /** @default as many attempts as in production, but 1 ms apart */
  readonly retry?: SmsClientOptions['retry'];
  /** @default false */
  readonly pace?: SmsClientOptions['pace'];
  /** As in production; a consent guard without `ledger`, `check` or `checkMany` gets a `memoryConsentLedger()`. */
  readonly guards?: GuardsOptions | undefined;
  /** The pretend 8x8. Its `requestsPerSecond` is `false` by default: a second never ends on a clock that stands still. */
  readonly emulator?: Omit<EmulatorOptions, 'clock'> | undefined;
  /** Where the clock stands at first. @default the real time */
  readonly now?: Date | string | number | undefined;
}

/** A client, the pretend 8x8 behind it, and what a test looks at. */
export interface TestClient {
  readonly sms: SmsClient;
  readonly emulator: Emulator;
  /** What people got. */
  readonly outbox: Outbox;
  /** Client, limits and emulator read it. */
  readonly clock: TestClock;
  /** Every event so far, oldest first. */
  readonly events: readonly SmsEvent[];
  /** Closes the client. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const RESERVED_OPTIONS: readonly ReservedOption[] = ['fetch', 'clock', 'baseUrl', 'dangerouslyAllowBrowser'];

function withLedger(guards: GuardsOptions = {}): GuardsOptions {
  const { consent = {} } = guards;
  if (consent === false || consent.ledger || consent.check || consent.checkMany) return guards;
  return { ...guards, consent: { ...consent, ledger: memoryConsentLedger() } };
}

/** What the events tell of messages. */
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
 * A client for one test: no network, no account, no environment, counts of its own, a clock that you move. Make a fresh
 * one for every test.
 *
 * @throws ConfigurationError an option is unknown or malformed, or one that this function sets itself
 * @throws ValidationError `now` is no date
 * @example
 * ```ts
 * const { sms, outbox, clock } = createTestClient();
 * await sms.messages.send({ destination: '+6591234567', text: 'Your code is 4711', purpose: 'otp' });
 * outbox.lastTo('+6591234567').text; // 'Your code is 4711'
 * clock.advance(30_000); // the next code may be asked for now
 * ```
 */
export function createTestClient(options: TestClientOptions = {}): TestClient {
  const { emulator: emulatorOptions, now, guards, onEvent, ...rest } = options;
  const reserved = RESERVED_OPTIONS.find((name) => (rest as SmsClientOptions)[name] !== undefined);
  if (reserved !== undefined) {
    throw new ConfigurationError(
      `createTestClient sets ${reserved} itself: leave it out, or use new SmsClient().`,
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
    // Named, so that the environment's region or base URL has no say.
    region: rest.region ?? 'apac',
    retry: rest.retry ?? { baseMs: 1, maxMs: 1 },
    pace: rest.pace ?? false,
    guards: withLedger(guards),
    fetch: emulator.fetch,
    clock,
    // A test runner with a pretend browser is no browser, and the key is none either.
    dangerouslyAllowBrowser: true,
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
      defaultCountry: rest.defaultCountry,
      purposeOf: recorder.purposeOf,
      blockOf: recorder.blockOf,
    }),
    clock,
    events: recorder.events,
    close,
    [Symbol.asyncDispose]: close,
  };
}

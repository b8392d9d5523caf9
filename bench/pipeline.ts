import { pathToFileURL } from 'node:url';
import { createSentAtCache } from '../src/api/sent-at-cache.ts';
import { createCalls } from '../src/call.ts';
import type { ClientContext } from '../src/client-context.ts';
import { presets } from '../src/guards/presets.ts';
import { createReportPumpingOutcome, pumpingFor } from '../src/guards/pumping-outcomes.ts';
import { createGuards, type GuardsOptions, resolveGuards } from '../src/guards/registry.ts';
import { createRememberSuccess } from '../src/guards/remember-success.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { memoryLimits } from '../src/limits/memory-limits.ts';
import { normalisePhone, type Phone } from '../src/phone/normalise-phone.ts';
import { createAdmission } from '../src/sending/admission.ts';
import { createSendBatch } from '../src/sending/send-batch.ts';
import type { BatchMessage } from '../src/sending/sms-message.ts';
import { createEmit } from '../src/telemetry/create-emit.ts';
import type { TransportRequest } from '../src/transport/transport.ts';
import type { Clock } from '../src/types.ts';
import { best, goalRow, median, type Row } from './row.ts';

const NUMBERS = 40_000;
/** Typical batch sizes: a page of a list, a chunk of `sendMany`, the most that 8x8 accepts. */
const BATCHES = [100, 1_000, 10_000];
const ROUNDS = 15;
/** A one-time password waits for its backoff too. */
const TARGET_US = { otp: 5, transactional: 3 } as const;

/** One-time passwords of a round, each to a person of its own. */
const PEOPLE = 10_000;
const OTP_ROUNDS = 9;
const OTP_BATCHES = [1, 100];
const OTP_TARGET_US = 8;

interface BatchBody {
  readonly messages: readonly { readonly destination: string; readonly clientMessageId: string }[];
}

/** 8x8's response to a batch. */
function answerOf({ messages }: BatchBody): unknown {
  const answers = messages.map(({ destination, clientMessageId }) => {
    return {
      umid: clientMessageId,
      destination,
      clientMessageId,
      encoding: 'GSM7',
      status: { code: 'QUEUED' },
    };
  });
  return { batchId: '3e2f9a60-52a1-4c4e-9d1b-7f1f8f0a6b21', messages: answers };
}

/** CPU time of this process in milliseconds: a neighbour on a shared machine does not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * A client with the default guards and no network. The time of the fake network is measured separately, as
 * `outsideMs`.
 */
function createClient(clock: Clock, options: GuardsOptions = {}) {
  const emit = createEmit(undefined, clock.now);
  const limiter = createLimiter({ limits: memoryLimits({ clock }), scope: 'bench', clock, emit });
  const resolved = resolveGuards(options);
  const pumping = pumpingFor(resolved.pumping, limiter);
  const find = () => ({ perPart: 0.03, currency: 'USD' });
  const unasked = async () => undefined as never;
  const guards = createGuards(
    { ...resolved, pumping },
    {
      holdsKey: (text) => text.includes('bench-key'),
      emit,
      limiter,
      clock,
      prices: { find, load: unasked, balance: unasked },
    },
  ).atSend;
  const admission = createAdmission({ guards, limiter, clock, emit });
  const calls = createCalls(undefined);
  const rememberSuccess = createRememberSuccess({
    backoff: resolved.backoff,
    remembersAddresses: resolved.clientIp !== false,
    reportPumpingOutcome: createReportPumpingOutcome(pumping, { limiter, priceOf: find }),
    limiter,
    emit,
  });
  let outsideMs = 0;
  async function request({ body }: TransportRequest) {
    const startedAt = performance.now();
    const answer = answerOf(body as BatchBody);
    outsideMs += performance.now() - startedAt;
    return { status: 200, body: answer, attempts: 1 };
  }
  const client = {
    calls,
    transport: { request },
    admission,
    limiter,
    sentAtCache: createSentAtCache(clock),
    outcomeCache: { recordLost() {} },
    emit,
    clock,
    costOf: () => ({}),
    phoneDefaults: { defaultCountry: undefined, acceptUnknownCallingCodes: false, source: undefined },
    subAccountId: 'bench',
    accountId: () => 'bench',
    rewrite: (text: string) => text,
  } as unknown as ClientContext;
  return {
    sendBatch: createSendBatch(client),
    outsideMs: () => outsideMs,
    enterCode: (phone: Phone, { subject, clientIp }: BatchMessage) =>
      calls.run(undefined, (call) => rememberSuccess(phone, { subject, clientIp }, call)),
  };
}

/** Microseconds per message, one figure per round. Hours pass between two rounds, so no message is refused. */
async function timesOf(
  batch: number,
  destinations: readonly string[],
  purpose: keyof typeof TARGET_US,
): Promise<number[]> {
  let skippedMs = 0;
  const now = () => Date.now() + skippedMs;
  const { sendBatch, outsideMs } = createClient({ now, monotonic: now });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    skippedMs += 4 * 3_600_000;
    let spentMs = 0;
    const outsideBefore = outsideMs();
    for (let from = 0; from < NUMBERS; from += batch) {
      const messages = destinations.slice(from, from + batch).map((destination) => {
        return { destination, text: 'Your code is 4711', purpose };
      });
      const startedAt = performance.now();
      const { counts } = await sendBatch({ messages });
      spentMs += performance.now() - startedAt;
      if (counts.accepted !== batch) throw new Error('a message was refused');
    }
    times.push(((spentMs - (outsideMs() - outsideBefore)) * 1000) / NUMBERS);
  }
  return times;
}

/** A message to a person of Indonesia, in a block of its own, from an address that eight people share. */
function otpTo(
  person: number,
  hasSubject: boolean,
): { readonly phone: Phone; readonly message: BatchMessage } {
  const result = normalisePhone(`+628${1_110_000_000 + ((person * 65_537) % 880_000_000)}`, undefined);
  if (!result.ok) throw new Error(result.hint);
  const place = Math.floor(person / 8);
  const message: BatchMessage = {
    destination: result.phone.e164,
    text: 'Your code is 4711',
    purpose: 'otp',
    clientIp: `10.${(place >>> 16) & 255}.${(place >>> 8) & 255}.${place & 255}`,
    ...(hasSubject && { subject: `account-${person}` }),
  };
  return { phone: result.phone, message };
}

/**
 * Microseconds of CPU per one-time password under `presets.otp`, one figure per round. A round is a few hours of a service, four of
 * whose five visitors enter their codes.
 */
async function otpTimesOf(batch: number, hasSubject: boolean): Promise<number[]> {
  let skippedMs = 0;
  const now = () => Date.now() + skippedMs;
  const guards = presets.otp({ countries: ['ID'], budgetPerDay: 100_000 });
  const { sendBatch, enterCode, outsideMs } = createClient({ now, monotonic: now }, guards);
  const times: number[] = [];
  for (let round = 0; round < OTP_ROUNDS; round += 1) {
    skippedMs += 7 * 3_600_000;
    const people = Array.from({ length: PEOPLE }, (_, index) => otpTo(round * PEOPLE + index, hasSubject));
    const outsideBefore = outsideMs();
    const startedMs = cpuMs();
    for (let from = 0; from < PEOPLE; from += batch) {
      const messages = people.slice(from, from + batch).map(({ message }) => message);
      const { counts, results } = await sendBatch({ messages });
      if (counts.accepted !== batch) throw new Error(`a message was refused: ${results[0]?.status}`);
    }
    times.push(((cpuMs() - startedMs - (outsideMs() - outsideBefore)) * 1000) / PEOPLE);
    for (const [index, { phone, message }] of people.entries())
      if (index % 5 > 0) await enterCode(phone, message);
  }
  return times;
}

const figures = (times: readonly number[]) =>
  `${best(times).toFixed(2)} µs (median ${median(times).toFixed(2)} µs)`;

/** The preset for one-time passwords, which has every guard that counts. */
async function otpRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const hasSubject of [false, true]) {
    for (const batch of OTP_BATCHES) {
      const times = await otpTimesOf(batch, hasSubject);
      const named = hasSubject ? 'clientIp and subject' : 'clientIp';
      const measure = `whole pipeline of presets.otp, ${named}, warm, CPU per message, ${batch} at once`;
      rows.push(
        goalRow(measure, figures(times), `at most ${OTP_TARGET_US} µs`, best(times) <= OTP_TARGET_US),
      );
    }
  }
  return rows;
}

/** Time of the whole default pipeline, from the caller's messages to their results: 40,000 messages to numbers that are in the cache. */
async function defaultRows(): Promise<Row[]> {
  const destinations = Array.from(
    { length: NUMBERS },
    (_, index) => `+6591${String(index).padStart(6, '0')}`,
  );
  for (const destination of destinations) normalisePhone(destination, undefined);
  const rows: Row[] = [];
  for (const purpose of ['otp', 'transactional'] as const) {
    const target = TARGET_US[purpose];
    for (const batch of BATCHES) {
      const times = await timesOf(batch, destinations, purpose);
      const measure = `whole default pipeline, ${purpose}, warm, per message, ${batch.toLocaleString('en')} at once`;
      rows.push(goalRow(measure, figures(times), `at most ${target} µs`, best(times) <= target));
    }
  }
  return rows;
}

/** The whole pipeline, from the caller's messages to their results, without a network. */
export async function benchPipeline(): Promise<Row[]> {
  return [...(await defaultRows()), ...(await otpRows())];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(process.argv.includes('--otp') ? await otpRows() : await benchPipeline());
}

import { pathToFileURL } from 'node:url';
import { createCalls } from '../src/call.ts';
import type { OutgoingMessage } from '../src/guards/guard.ts';
import { presets } from '../src/guards/presets.ts';
import { createReportPumpingOutcome, pumpingFor } from '../src/guards/pumping-outcomes.ts';
import { createGuards, resolveGuards } from '../src/guards/registry.ts';
import { createRememberSuccess } from '../src/guards/remember-success.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { memoryLimits } from '../src/limits/memory-limits.ts';
import { normalisePhone } from '../src/phone/normalise-phone.ts';
import { createAdmission } from '../src/sending/admission.ts';
import { createEmit } from '../src/telemetry/create-emit.ts';
import { measureText } from '../src/text/measure-text.ts';
import type { Row } from './row.ts';

/** A service of 100,000 one-time passwords a day, at a fiftieth of its size. */
const PER_DAY = 2_000;
const SCALE = 50;
const DAYS = 90;
const DAY_MS = 86_400_000;
const BATCH = 50;
const TEXT = 'Your code is 4711';
const MIB = 1024 * 1024;

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Nobody comes twice: the most that there can be to remember. */
function messageOf(turn: number): OutgoingMessage {
  const result = normalisePhone(`+628${String(1_100_000_000 + turn * 3_989)}`, undefined);
  if (!result.ok) throw new Error(result.hint);
  return {
    index: 0,
    clientMessageId: String(turn),
    purpose: 'otp',
    phone: result.phone,
    subject: `account-${turn}`,
    clientIp: `203.${(turn >>> 16) & 255}.${(turn >>> 8) & 255}.${turn & 255}`,
    content: { text: TEXT, encoding: 'AUTO', measure: measureText(TEXT, 'AUTO') },
  };
}

/** 90 days of the preset for one-time passwords: bytes after each day. Four of five people enter their code. */
async function daysOfOtp(): Promise<readonly number[]> {
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  const emit = createEmit(undefined, clock.now);
  const limits = memoryLimits({ clock });
  const limiter = createLimiter({ limits, scope: 'bench', clock, emit });
  const options = resolveGuards(presets.otp({ countries: ['ID'], budgetPerDay: 100_000 }));
  const pumping = pumpingFor(options.pumping, limiter);
  const unasked = async () => undefined as never;
  const price = { perPart: 0.03, currency: 'USD' };
  const prices = { find: () => price, load: unasked, balance: unasked };
  const needs = { holdsKey: () => false, prices, emit, limiter, clock };
  const { atSend } = createGuards({ ...options, pumping }, needs);
  const admission = createAdmission({ guards: atSend, limiter, clock, emit });
  const rememberSuccess = createRememberSuccess({
    backoff: options.backoff,
    remembersAddresses: true,
    reportPumpingOutcome: createReportPumpingOutcome(pumping, { limiter, priceOf: () => price }),
    limiter,
    emit,
  });
  const start = bytesInUse();
  const days: number[] = [];
  let turn = 0;
  for (let day = 0; day < DAYS; day += 1) {
    await createCalls(undefined).run(undefined, async (call) => {
      for (let sent = 0; sent < PER_DAY; sent += BATCH) {
        const messages = Array.from({ length: BATCH }, (_, index) => messageOf(turn + index));
        turn += BATCH;
        const results = await admission.admit(messages, call);
        await limiter.settle(
          results.flatMap((result) =>
            result.kind === 'admitted' ? [{ reservation: result.reservation, outcome: 'keep' as const }] : [],
          ),
        );
        nowMs += (DAY_MS * BATCH) / PER_DAY;
        for (const [index, result] of results.entries()) {
          const { phone, subject, clientIp } = messages[index] as OutgoingMessage;
          if (result.kind === 'admitted' && index % 5 > 0) {
            await rememberSuccess(phone, { subject, clientIp }, call);
          }
        }
      }
    });
    days.push(bytesInUse() - start);
  }
  return days;
}

/** The memory of a service under the preset for one-time passwords. Needs `node --expose-gc`. */
export async function benchMemory(): Promise<Row[]> {
  const days = await daysOfOtp();
  const at = (day: number) => days[day - 1] as number;
  const mib = (day: number) => `${((at(day) * SCALE) / MIB).toFixed(0)} MiB`;
  const perPerson = (at(DAYS) - at(DAYS / 2)) / (PER_DAY * (DAYS / 2));
  return [
    {
      measure: 'otp preset, 100,000 messages a day to people who never come twice: memory after 90 days',
      ours: `${mib(DAYS)} (a day ${mib(1)}, a week ${mib(7)}, 30 days ${mib(30)}, 45 days ${mib(45)})`,
      compared: '-',
      ratio: `${perPerson.toFixed(0)} B a person more`,
      target: 'no target',
    },
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await benchMemory());
}

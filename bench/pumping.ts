import { pathToFileURL } from 'node:url';
import { createCalls } from '../src/call.ts';
import type { OutgoingMessage } from '../src/guards/guard.ts';
import { createPumpingGuard } from '../src/guards/pumping.ts';
import { createGuards, type GuardsOptions, resolveGuards } from '../src/guards/registry.ts';
import { DoubtTable } from '../src/limits/doubt/doubt-table.ts';
import type { DoubtRule } from '../src/limits/limit-store.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { memoryLimits } from '../src/limits/memory-limits.ts';
import { normalisePhone } from '../src/phone/normalise-phone.ts';
import { createAdmission } from '../src/sending/admission.ts';
import { createEmit } from '../src/telemetry/create-emit.ts';
import { best, median, type Row } from './row.ts';

const STRANGERS = 5_000;
const ROUNDS = 9;
const TARGET_US = 8;
const PEOPLE = 200_000;
const SEED = { first: 1, second: 2 };

/** CPU time of this process in microseconds: a neighbour on a shared machine does not count. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** One-time passwords to people of one country, each from an address of a network. */
function messages(): readonly OutgoingMessage[] {
  return Array.from({ length: STRANGERS }, (_, index) => {
    const result = normalisePhone(`+6281${String(210_000_000 + index * 4_111)}`, undefined);
    if (!result.ok) throw new Error(result.hint);
    return {
      index,
      clientMessageId: String(index),
      purpose: 'otp',
      phone: result.phone,
      clientIp: `203.0.${index % 200}.${index % 250}`,
    };
  });
}

/** All guards that count, as the preset for one-time passwords has them, with or without pumping. */
const COUNTING: GuardsOptions = {
  phone: false,
  content: false,
  consent: false,
  human: false,
  undeliverable: false,
  verificationAttempts: false,
  prefix: {
    ranges: [
      { removedDigits: 2, limit: 1_000, windowMs: 600_000 },
      { removedDigits: 3, limit: 1_000, windowMs: 600_000 },
      { removedDigits: 4, limit: 10_000, windowMs: 600_000 },
    ],
  },
};

async function admissionTimes(
  pumping: GuardsOptions['pumping'],
  people: readonly OutgoingMessage[],
): Promise<number[]> {
  let skippedMs = 0;
  const now = () => Date.now() + skippedMs;
  const clock = { now, monotonic: now };
  const emit = createEmit(undefined, now);
  const limiter = createLimiter({ limits: memoryLimits({ clock }), scope: 'bench', clock, emit });
  const unasked = async () => undefined as never;
  const prices = { find: () => undefined, load: unasked, balance: unasked };
  const needs = { holdsKey: () => false, prices, emit, limiter, clock };
  const { atSend } = createGuards(resolveGuards({ ...COUNTING, pumping }), needs);
  const admission = createAdmission({ guards: atSend, limiter, clock, emit });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    skippedMs += 7 * 3_600_000;
    await createCalls(undefined).run(undefined, async (call) => {
      const startedUs = cpuUs();
      for (let from = 0; from < people.length; from += 100) {
        const results = await admission.admit(people.slice(from, from + 100), call);
        await limiter.settle(
          results.flatMap((result) =>
            result.kind === 'admitted' ? [{ reservation: result.reservation, outcome: 'keep' as const }] : [],
          ),
        );
      }
      times.push((cpuUs() - startedUs) / people.length);
    });
  }
  return times;
}

const ruleOf = (options: object, message: OutgoingMessage) =>
  createPumpingGuard(options, { prices: { find: () => undefined } }).rules?.(message)?.[0] as DoubtRule;

/** A judgement that is counted, of strangers whose places have doubt, and the outcome of the code. */
function tableTimes(people: readonly OutgoingMessage[]): {
  readonly take: number[];
  readonly enter: number[];
} {
  const rules = people.map((message) => ruleOf({ mode: 'enforce', action: 'ask' }, message));
  const table = new DoubtTable(
    rules[0] as DoubtRule,
    { maxEntries: 1_000_000, maxRecipients: 1_000_000 },
    SEED,
  );
  const take: number[] = [];
  const enter: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Acquaintances after six hours: each round is another week's people.
    const week = rules.map((rule) => ({ ...rule, key: (rule.key as number) + round * 1_000 }));
    const nowMs = round * 7 * 24 * 3_600_000;
    const startedUs = cpuUs();
    for (const rule of week) if (table.check(rule, nowMs) === undefined) table.write(rule, nowMs);
    const takenUs = cpuUs();
    for (const rule of week) table.enter({ rule, outcome: 'entered' }, nowMs + 20_000);
    take.push((takenUs - startedUs) / rules.length);
    enter.push((cpuUs() - takenUs) / rules.length);
  }
  return { take, enter };
}

/** Bytes for each of many numbers: a code on its way with cells of its own, and one that was entered. */
function measureBytes(): { readonly stranger: number; readonly acquaintance: number } {
  const sizes = { maxEntries: 4_000_000, maxRecipients: 4_000_000 };
  const rule = (index: number): DoubtRule => ({
    kind: 'doubt',
    id: 'pumping',
    guard: 'pumping',
    mode: 'monitor',
    key: 6_281_000_000_000 + index * 10_007,
    country: 'ID',
    action: 'ask',
    allowance: 1_000_000,
  });
  const before = bytesInUse();
  const strangers = new DoubtTable(rule(0), sizes, SEED);
  for (let index = 0; index < PEOPLE; index += 1) strangers.write(rule(index), 0);
  const between = bytesInUse();
  const known = new DoubtTable(rule(0), sizes, SEED);
  for (let index = 0; index < PEOPLE; index += 1) known.enter({ rule: rule(index), outcome: 'entered' }, 0);
  const after = bytesInUse();
  if (strangers.size === 0 || known.size > 0) throw new Error('The bench did not count what it says.');
  return { stranger: (between - before) / PEOPLE, acquaintance: (after - between) / PEOPLE };
}

/** The guard against SMS pumping: its part of an admission, and its memory. */
export async function benchPumping(): Promise<Row[]> {
  const people = messages();
  const without = await admissionTimes(false, people);
  const all = await admissionTimes({ mode: 'monitor', action: 'ask' }, people);
  const { take, enter } = tableTimes(people);
  const { stranger, acquaintance } = measureBytes();
  const us = (times: readonly number[]) =>
    `${best(times).toFixed(2)} µs (median ${median(times).toFixed(2)} µs)`;
  const shown = (measure: string, ours: string, target = 'no target') => ({
    measure,
    ours,
    compared: '-',
    ratio: '-',
    target,
  });
  return [
    {
      ...shown(
        'recipient, backoff, prefix and pumping: admit and settle, per one-time password',
        us(all),
        `at most ${TARGET_US} µs`,
      ),
      compared: `without pumping ${us(without)}`,
      ratio: `${(best(all) / best(without)).toFixed(2)} of its time`,
      met: best(all) <= TARGET_US,
    },
    shown('pumping: one take of a stranger, in the store', us(take)),
    shown('pumping: one code that was entered, in the store', us(enter)),
    shown(
      'pumping: bytes of a stranger with a range, block and crowd of its own',
      `${stranger.toFixed(0)} B`,
    ),
    shown('pumping: bytes of an acquaintance, 90 days', `${acquaintance.toFixed(0)} B`),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await benchPumping());
}

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SmsError } from '../../../src/errors.ts';
import { createFaultyStore, type Fault, type FaultyStore } from './faulty-store.ts';
import { countOf, type Process, startProcess, windowRule } from './kit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const WINDOW_MS = 8_000;

type Step =
  | { readonly kind: 'take'; readonly process: number; readonly outcome: 'keep' | 'return' }
  | { readonly kind: 'burst'; readonly process: number; readonly messages: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'thaw' };

const process = fc.nat({ max: 2 });
const take = fc.record({
  kind: fc.constant('take' as const),
  process,
  outcome: fc.constantFrom('keep' as const, 'keep' as const, 'return' as const),
});
const burst = fc.record({
  kind: fc.constant('burst' as const),
  process,
  messages: fc.integer({ min: 2, max: 5 }),
});
const pass = fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 5_000 }) });
const fault = fc.record({
  kind: fc.constant('fault' as const),
  fault: fc.constantFrom<Fault>('none', 'none', 'error', 'lost', 'hang', 'late', { lateMs: 200 }),
});
const thaw = fc.constant({ kind: 'thaw' as const });

const inOrder = fc.array(fc.oneof(take, take, take, pass, fault, thaw), { maxLength: 60 });
const atOnce = fc.array(fc.oneof(take, burst, burst, pass, fault, thaw), { maxLength: 40 });

/** Runs a schedule; returns the times of grants that count. */
class Run {
  readonly sentAt: number[] = [];
  readonly faulty: FaultyStore = createFaultyStore();
  readonly #rule;
  readonly #processes: Process[];
  readonly #closings: Promise<void>[] = [];
  #messages = 0;

  constructor(
    limit: number,
    windowMs: number,
    processes: number,
    onStoreError: Parameters<typeof startProcess>[1],
  ) {
    this.#rule = windowRule(limit, { windowMs });
    this.#processes = Array.from({ length: processes }, () => startProcess(this.faulty, onStoreError));
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === 'fault') this.faulty.fault = step.fault;
      if (step.kind === 'pass') await vi.advanceTimersByTimeAsync(step.ms);
      if (step.kind === 'thaw') await this.faulty.thaw();
      if (step.kind === 'take') await this.#inTime([this.#send(step.process, step.outcome)]);
      if (step.kind !== 'burst') continue;
      await this.#inTime(Array.from({ length: step.messages }, () => this.#send(step.process, 'keep')));
    }
  }

  /** Everything has recovered, and everything was written back. */
  async heal(): Promise<void> {
    this.faulty.fault = 'none';
    await this.faulty.thaw();
    await vi.advanceTimersByTimeAsync(3_000);
    await Promise.all(this.#closings);
    expect(vi.getTimerCount()).toBe(0);
  }

  /** The most grants in any window. */
  worst(windowMs: number): number {
    return Math.max(0, ...this.sentAt.map((end) => this.#within(end, windowMs)));
  }

  sentWithin(windowMs: number): number {
    return this.#within(Date.now(), windowMs);
  }

  counted(): Promise<number> {
    return countOf(this.faulty.truth, this.#rule);
  }

  #within(end: number, windowMs: number): number {
    return this.sentAt.filter((at) => at > end - windowMs && at <= end).length;
  }

  /** Nobody waits longer than the deadline. */
  async #inTime(sending: readonly Promise<void>[]): Promise<void> {
    const startMs = Date.now();
    let endMs = Number.NaN;
    const all = Promise.all(sending).then(() => {
      endMs = Date.now();
    });
    await vi.advanceTimersByTimeAsync(0);
    if (Number.isNaN(endMs)) await vi.advanceTimersByTimeAsync(150);
    expect(endMs - startMs).toBeLessThanOrEqual(150);
    await all;
  }

  async #send(process: number, outcome: 'keep' | 'return'): Promise<void> {
    const sender = this.#processes[process % this.#processes.length] as Process;
    this.#messages += 1;
    const reservation = `m${this.#messages}`;
    try {
      const { granted } = await sender.take(reservation, this.#rule);
      if (!granted) return;
    } catch (error) {
      expect(SmsError.isInstance(error) && error.code).toBe('store');
      return;
    }
    if (outcome === 'keep') this.sentAt.push(Date.now());
    this.#closings.push(sender.settle(reservation, outcome, this.#rule));
  }
}

const runs = { numRuns: 400 };

describe('whatever fails, and whenever', () => {
  it('no window holds more than the limit when everything is refused', async () => {
    await fc.assert(
      fc.asyncProperty(inOrder, async (steps) => {
        const run = new Run(3, WINDOW_MS, 3, 'refuse');
        await run.play(steps);
        expect(run.worst(WINDOW_MS)).toBeLessThanOrEqual(3);
        await run.heal();
        expect(await run.counted()).toBeGreaterThanOrEqual(run.sentWithin(WINDOW_MS));
      }),
      runs,
    );
  });

  it('nor do messages sent at once', async () => {
    const forEverMs = 3_600_000;
    await fc.assert(
      fc.asyncProperty(atOnce, async (steps) => {
        const run = new Run(4, forEverMs, 3, 'refuse');
        await run.play(steps);
        expect(run.sentAt.length).toBeLessThanOrEqual(4);
        await run.heal();
        expect(await run.counted()).toBe(run.sentAt.length);
      }),
      runs,
    );
  });

  it('and every message is counted once after all reports, regardless of who admitted it', async () => {
    const forEverMs = 3_600_000;
    for (const limit of [2, 7]) {
      const shares = 3 * Math.max(1, Math.floor(limit / 3));
      await fc.assert(
        fc.asyncProperty(atOnce, async (steps) => {
          const run = new Run(limit, forEverMs, 3, { processes: 3, once: 'refuse' });
          await run.play(steps);
          expect(run.sentAt.length).toBeLessThanOrEqual(limit + shares);
          await run.heal();
          expect(await run.counted()).toBe(run.sentAt.length);
        }),
        runs,
      );
    }
  });

  it('one process that counts on its own keeps the limit too', async () => {
    await fc.assert(
      fc.asyncProperty(inOrder, async (steps) => {
        const run = new Run(3, WINDOW_MS, 1, { processes: 1, once: 'refuse' });
        await run.play(steps);
        expect(run.worst(WINDOW_MS)).toBeLessThanOrEqual(3);
        await run.heal();
        expect(await run.counted()).toBeGreaterThanOrEqual(run.sentWithin(WINDOW_MS));
      }),
      runs,
    );
  });

  it('three processes let through no more than the limit and their shares, and the shared store learns of all', async () => {
    for (const limit of [2, 7]) {
      const shares = 3 * Math.max(1, Math.floor(limit / 3));
      await fc.assert(
        fc.asyncProperty(inOrder, async (steps) => {
          const run = new Run(limit, WINDOW_MS, 3, { processes: 3, once: 'refuse' });
          await run.play(steps);
          expect(run.worst(WINDOW_MS)).toBeLessThanOrEqual(limit + shares);
          await run.heal();
          expect(await run.counted()).toBeGreaterThanOrEqual(run.sentWithin(WINDOW_MS));
        }),
        runs,
      );
    }
  });
});

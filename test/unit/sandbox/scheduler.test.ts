import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createScheduler } from '../../../src/sandbox/scheduler.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a scheduler', () => {
  test('runs tasks in the order of their time, and of their arrival', async () => {
    const done: string[] = [];
    const scheduler = createScheduler(1);
    for (const [name, delayMs] of [
      ['d', 300],
      ['b', 100],
      ['c', 200],
      ['a', 50],
      ['b2', 100],
    ] as const) {
      scheduler.after(delayMs, () => done.push(name));
    }
    await vi.advanceTimersByTimeAsync(99);
    expect(done).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(done).toEqual(['a', 'b', 'b2', 'c', 'd']);
  });

  test('shortens delays by its speed, and leaves times of the clock as they are', async () => {
    const done: string[] = [];
    const scheduler = createScheduler(10);
    scheduler.after(1_000, () => done.push('after'));
    scheduler.at(Date.now() + 1_000, () => done.push('at'));
    await vi.advanceTimersByTimeAsync(100);
    expect(done).toEqual(['after']);
    await vi.advanceTimersByTimeAsync(900);
    expect(done).toEqual(['after', 'at']);
  });

  test('runs thousands of tasks of one moment, in turns', async () => {
    let count = 0;
    const scheduler = createScheduler(1);
    for (let index = 0; index < 5_000; index += 1) {
      scheduler.after((index * 7_919) % 1_000, () => {
        count += 1;
      });
    }
    await vi.advanceTimersByTimeAsync(1_100);
    expect(count).toBe(5_000);
  });

  test('takes tasks that a task adds', async () => {
    const done: number[] = [];
    const scheduler = createScheduler(1);
    const again = (left: number) => {
      done.push(left);
      if (left > 0) scheduler.after(10, () => again(left - 1));
    };
    scheduler.after(10, () => again(3));
    await vi.advanceTimersByTimeAsync(100);
    expect(done).toEqual([3, 2, 1, 0]);
  });

  test('waits longer than a timer of the platform can', async () => {
    let isDone = false;
    const scheduler = createScheduler(1);
    scheduler.after(30 * 24 * 3_600_000, () => {
      isDone = true;
    });
    await vi.advanceTimersByTimeAsync(29 * 24 * 3_600_000);
    expect(isDone).toBe(false);
    await vi.advanceTimersByTimeAsync(24 * 3_600_000);
    expect(isDone).toBe(true);
  });

  test('drops its tasks, and takes new ones', async () => {
    const done: string[] = [];
    const scheduler = createScheduler(1);
    scheduler.after(10, () => done.push('old'));
    scheduler.clear();
    expect(vi.getTimerCount()).toBe(0);
    scheduler.after(20, () => done.push('new'));
    await vi.advanceTimersByTimeAsync(100);
    expect(done).toEqual(['new']);
  });
});

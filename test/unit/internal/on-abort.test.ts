import { describe, expect, it } from 'vitest';
import { onAbort } from '../../../src/internal/on-abort.ts';
import { countingSignal } from '../../support/counting-signal.ts';

describe('onAbort', () => {
  it('has one listener however many wait, and none when they are gone', () => {
    const counting = countingSignal();
    const forget = Array.from({ length: 50 }, () => onAbort(counting.signal, () => {}));
    expect(counting.listeners).toBe(1);
    for (const each of forget) each();
    expect(counting.listeners).toBe(0);
    forget[0]?.();
    const again = onAbort(counting.signal, () => {});
    expect(counting.listeners).toBe(1);
    again();
  });

  it('calls each callback once, in order, but none that was taken back meanwhile', () => {
    const counting = countingSignal();
    const called: string[] = [];
    onAbort(counting.signal, () => {
      called.push('first');
      forgetThird();
    });
    const same = () => void called.push('same');
    onAbort(counting.signal, same);
    onAbort(counting.signal, same);
    const forgetThird = onAbort(counting.signal, () => void called.push('third'));
    counting.abort();
    expect(called).toEqual(['first', 'same', 'same']);
    expect(counting.listeners).toBe(0);
  });

  it('works with a polyfilled signal, whose methods need `this` and whose listeners get none', () => {
    const [first, second] = [new PolyfilledSignal(), new PolyfilledSignal()];
    const called: string[] = [];
    const forget = onAbort(first as never, () => void called.push('taken back'));
    onAbort(first as never, () => void called.push('first'));
    onAbort(second as never, () => void called.push('second'));
    forget();
    first.fire();
    expect(called).toEqual(['first']);
    second.fire();
    expect(called).toEqual(['first', 'second']);
    onAbort(first as never, () => {})();
    expect(first.listeners).toBe(0);
  });
});

/** As the packages for runtimes without `AbortController` have it. */
class PolyfilledSignal {
  #listeners = new Set<() => void>();

  addEventListener(_type: string, listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: () => void): void {
    this.#listeners.delete(listener);
  }

  fire(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

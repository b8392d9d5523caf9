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
});

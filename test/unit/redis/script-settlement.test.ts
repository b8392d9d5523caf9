import { describe, expect, it } from 'vitest';
import { toScriptSettlement } from '../../../src/redis/script-settlement.ts';
import { onceRule, windowRule } from '../../../src/testing/limit-conformance/kit.ts';

const long = windowRule(6591234567, 10, 1_800_000);
const short = windowRule(6591234567, 10, 59_999);
const once = onceRule('order-1', 'print', 3_600_000);
const rules = [long, short, once];
const verdict = { granted: true, observed: [] } as const;
const take = { stamp: 1_000, rules, skipped: [], openedAt: 0, verdict };
const settled = (outcome: 'keep' | 'return', delayMs?: number) =>
  toScriptSettlement({ reservation: 'r', rules, outcome, delayMs }, take);

describe('a settlement for the script', () => {
  it.each([
    [0, undefined, [once]],
    [1, 1_050, [short, once]],
    [250, 13_500, [short, once]],
    [251, 13_550, [long, short, once]],
  ])('kept %s ms after the take moves what it must', (delayMs, movedTo, concerned) => {
    expect(settled('keep', delayMs)).toMatchObject({ movedTo, rules: concerned });
  });

  it('given back concerns every rule and moves none', () => {
    expect(settled('return', 300)).toMatchObject({ movedTo: undefined, rules });
  });
});

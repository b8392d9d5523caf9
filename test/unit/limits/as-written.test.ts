import { describe, expect, it } from 'vitest';
import { isMet } from '../../../src/limits/conditions.ts';
import type {
  LimitRule,
  LimitStore,
  RuleViolation,
  Settlement,
  TakeVerdict,
} from '../../../src/limits/limit-store.ts';
import { type Entry, Oracle } from '../../../src/testing/limit-conformance/oracle.ts';
import { limitStoreConformance } from '../../../src/testing/limit-store-conformance.ts';
import { EPOCH_MS } from './memory-under-test.ts';

/**
 * A store for one scope that counts a take as written when it is taken, as one on a server may: the oracle behind the
 * store's interface, and settlements that change nothing skipped.
 */
function plainStore(nowMs: () => number, isSkippable: (settlement: Settlement) => boolean): LimitStore {
  const oracle = new Oracle('as-written');
  const entriesOf = new Map<string, Entry[]>();
  const answers = new Map<string, TakeVerdict>();
  return {
    async take(_, requests) {
      return requests.map(({ reservation, rules }) => {
        const answered = answers.get(reservation);
        if (answered !== undefined) return answered;
        const noted: RuleViolation[] = [];
        let unmet: readonly LimitRule[] = [];
        const violations = rules.flatMap((rule): RuleViolation[] => {
          if (!isMet(rule, rules, noted, unmet)) {
            unmet = [...unmet, rule];
            return [];
          }
          const {
            refuses,
            reason = 'over-limit',
            observed = 0,
            retryAfterMs = 60_000,
            result,
          } = oracle.expect(rule, nowMs());
          const kept = result === undefined ? {} : { result };
          const found = refuses === true ? [{ rule, reason, observed, retryAfterMs, ...kept }] : [];
          if (rule.mode === 'note') noted.push(...found);
          return found;
        });
        const refusals = violations.filter(({ rule }) => rule.mode === 'enforce');
        const observed = violations.filter(({ rule }) => rule.mode === 'monitor');
        const isOver = (rule: LimitRule) =>
          rule.kind !== 'known' && violations.some((violation) => violation.rule === rule);
        const written = rules.filter((rule) => !unmet.includes(rule) && !isOver(rule));
        const details = noted.length === 0 ? {} : { noted };
        let verdict: TakeVerdict = { granted: false, refusals, observed, ...details };
        if (refusals.length === 0) {
          entriesOf.set(
            reservation,
            written.map((rule) => oracle.add(rule, nowMs())),
          );
          const waits = written.flatMap((rule) => ('baseMs' in rule ? [oracle.waitMs(rule)] : []));
          verdict = {
            granted: true,
            observed,
            ...details,
            ...(waits.length > 0 && { waitMs: Math.max(...waits) }),
          };
        }
        answers.set(reservation, verdict);
        return verdict;
      });
    },
    async settle(_, settlements) {
      for (const settlement of settlements) {
        if (isSkippable(settlement)) continue;
        const { reservation, outcome, delayMs = 0, result } = settlement;
        for (const entry of entriesOf.get(reservation) ?? []) {
          if (outcome === 'keep') oracle.keep(entry, delayMs, nowMs(), result);
          else oracle.giveBack(entry);
        }
        entriesOf.delete(reservation);
      }
    },
    inspect: async (_, rules) =>
      rules.map((rule) => ({ rule, count: oracle.countOf(rule, nowMs()) ?? Number.NaN })),
    async release(_, rules) {
      for (const rule of rules) oracle.release(rule);
    },
  };
}

function casesFor(isSkippable: (settlement: Settlement) => boolean) {
  return limitStoreConformance({
    create: () => {
      let elapsedMs = 0;
      return {
        store: plainStore(() => elapsedMs, isSkippable),
        now: () => EPOCH_MS + elapsedMs,
        advance(ms) {
          elapsedMs += ms;
        },
      };
    },
    openTakes: 'as-written',
    records: false,
    doubts: false,
    operations: 3000,
    bounded: false,
  });
}

const changesNothing = ({ outcome, result, delayMs = 0, rules }: Settlement) =>
  outcome === 'keep' && result === undefined && delayMs <= 250 && rules.every(({ kind }) => kind !== 'once');

describe('limitStoreConformance for a store that counts a take as written', () => {
  const random = (cases: ReturnType<typeof casesFor>) => cases.find(({ name }) => name.includes('random'));

  it('agrees when settlements that change nothing are skipped', async () => {
    await expect(random(casesFor(changesNothing))?.run()).resolves.toBeUndefined();
  });

  it('fails one that skips what matters', async () => {
    const skipsReturns = casesFor(({ outcome }) => outcome === 'return');
    await expect(random(skipsReturns)?.run()).rejects.toThrow('Limit store:');
    const skipsDelays = casesFor(
      ({ outcome, rules }) => outcome === 'keep' && rules.every(({ kind }) => kind !== 'once'),
    );
    await expect(random(skipsDelays)?.run()).rejects.toThrow('Limit store:');
  });

  it.each([
    'a reservation is settled once',
    'a reservation is taken once',
    'a window ends to the millisecond',
  ])('holds: %s', async (wanted) => {
    const found = casesFor(changesNothing).find(({ name }) => name === wanted);
    await expect(found?.run()).resolves.toBeUndefined();
  });

  it('leaves out what only counting open takes can hold', () => {
    expect(casesFor(changesNothing).map(({ name }) => name)).not.toContain(
      'an open take counts however old, and settles where it was written',
    );
  });
});

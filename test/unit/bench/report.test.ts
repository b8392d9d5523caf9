import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge } from '../../../bench/attack/acceptance.ts';
import { CALM_NAMES } from '../../../bench/attack/attacks.ts';
import { EventQueue } from '../../../bench/attack/event-queue.ts';
import type { Job, Outcome } from '../../../bench/attack/jobs.ts';
import {
  ACCEPTANCE_SEED,
  acceptanceJobs,
  largeJobs,
  MAIN,
  partsJobs,
  quickJobs,
  REPORT_SEED,
  reportJobs,
  SMALL,
  TUNING_SEED,
} from '../../../bench/attack/plans.ts';
import { aloneTable, chartOf, handedInTable, sizesTable, tableOf } from '../../../bench/attack/report.ts';
import { summaries } from '../../../bench/attack/summary.ts';
import { attackCell, cutOffCell, honestCell, minutes, worstCell } from '../../../bench/attack/table.ts';
import { type Figures, Tally } from '../../../bench/attack/tally.ts';

const perfect: Figures = {
  tried: 4_500,
  sent: 45,
  stopped: 99,
  lost: 15,
  lostPerDay: 5,
  sentPerDay: 15,
  minutesToCutOff: 12,
  honest: 15_000,
  refused: 0,
  asked: 0.4,
  waited: 5,
  foreign: 1,
  peopleLost: 0.1,
  worstGroup: { name: 'home', lost: 0.2, asked: 3 },
};

function outcomeOf(job: Job, figures: Partial<Figures> = {}): Outcome {
  const tried = CALM_NAMES.includes(job.attack) ? 0 : 4_500;
  return { job, result: { figures: { ...perfect, tried, ...figures }, groups: {}, reasons: {}, seconds: 1 } };
}

describe('the tally', () => {
  test('counts what was stopped, and the money of the rest', () => {
    const tally = new Tally();
    for (let index = 0; index < 100; index += 1) tally.countTry(index * 60_000, index < 10, 0.3);
    const figures = tally.figures(2);
    expect(figures).toMatchObject({ tried: 100, sent: 10, stopped: 90, sentPerDay: 5 });
    expect(figures.lost).toBeCloseTo(3);
    expect(figures.lostPerDay).toBeCloseTo(1.5);
  });

  test('an attack is cut off when hardly anything goes out any more', () => {
    const cut = new Tally();
    for (let index = 0; index < 300; index += 1) cut.countTry(index * 60_000, index < 50, 0.3);
    // Three of the next thirty may still go out.
    expect(cut.figures(1).minutesToCutOff).toBe(47);
    const never = new Tally();
    for (let index = 0; index < 300; index += 1) never.countTry(index * 60_000, index % 5 === 0, 0.3);
    expect(never.figures(1).minutesToCutOff).toBeUndefined();
    const late = new Tally();
    for (let index = 0; index < 300; index += 1) late.countTry(index * 60_000, index < 280, 0.3);
    expect(late.figures(1).minutesToCutOff).toBeUndefined();
  });

  test('names the group that lost most, and none that is too small to say', () => {
    const tally = new Tally();
    const visit = (groups: readonly string[], isLost: boolean) =>
      tally.countVisit(groups, { wasRefused: false, wasAsked: isLost, isLost });
    for (let index = 0; index < 1_000; index += 1) visit(['home'], index < 10);
    for (let index = 0; index < 1_000; index += 1) visit(['carrier'], index < 20);
    for (let index = 0; index < 10; index += 1) visit(['office'], true);
    const { peopleLost, worstGroup } = tally.figures(1);
    expect(worstGroup).toEqual({ name: 'carrier', lost: 2, asked: 2 });
    expect(peopleLost).toBeCloseTo((100 * 40) / 2_010);
  });

  test('keeps people who wait and numbers of other countries apart from those who are refused', () => {
    const tally = new Tally();
    tally.countRequest('sent', undefined);
    tally.countRequest('refused', 'recipient: over-limit');
    tally.countRequest('asked', 'pumping: captcha-needed');
    tally.countRequest('waited', 'backoff: too-soon');
    tally.countRequest('foreign', 'countries: country-not-allowed');
    expect(tally.figures(1)).toMatchObject({ honest: 5, refused: 20, asked: 20, waited: 20, foreign: 20 });
    expect(tally.reasons).toHaveProperty('recipient: over-limit', 1);
  });
});

describe('the plans', () => {
  test('never report on the seeds that one may tune on', () => {
    const reported = [
      ...reportJobs(REPORT_SEED),
      ...largeJobs(REPORT_SEED),
      ...acceptanceJobs(ACCEPTANCE_SEED),
    ];
    expect(reported.every(({ seed }) => seed >= 200)).toBe(true);
    expect(quickJobs(TUNING_SEED).every(({ seed }) => seed < 100)).toBe(true);
    const accepted = new Set(acceptanceJobs(ACCEPTANCE_SEED).map(({ seed }) => seed));
    expect(reportJobs(REPORT_SEED).some(({ seed }) => accepted.has(seed))).toBe(false);
  });

  test('name no run twice', () => {
    for (const jobs of [reportJobs(REPORT_SEED), partsJobs(REPORT_SEED), acceptanceJobs(ACCEPTANCE_SEED)]) {
      expect(new Set(jobs.map((job) => JSON.stringify(job))).size).toBe(jobs.length);
    }
  });
});

describe('the acceptance', () => {
  const jobs = acceptanceJobs(ACCEPTANCE_SEED);

  test('passes when every figure is good', () => {
    const criteria = judge(summaries(jobs.map((job) => outcomeOf(job))));
    expect(criteria.filter(({ isMet }) => !isMet)).toEqual([]);
    expect(criteria.length).toBeGreaterThan(100);
  });

  test.each([
    ['rotating', { stopped: 92.9 }, 'rotating, 5,000 per day: stopped'],
    ['fake-30', { stopped: 74.9 }, 'fake-30, 200 per day: stopped'],
    ['none', { asked: 0.51 }, 'none, 5,000 per day: honest asked'],
    ['outage', { refused: 0.06 }, 'outage, 200 per day: honest refused'],
    ['adaptive', { refused: 0.11 }, 'adaptive, 5,000 per day: honest refused'],
    ['drip', { peopleLost: 0.71 }, 'drip, 5,000 per day: people lost'],
    ['replay', { peopleLost: 1.21 }, 'replay, 5,000 per day: people lost'],
    ['flood', { lost: 201 }, 'flood: lost'],
    ['dear-market', { lostPerDay: 66 }, 'dear-market, 500 tried per day: lost per day'],
  ] as const)('fails %s for %j', (attack, figures, name) => {
    const outcomes = jobs.map((job) => outcomeOf(job, job.attack === attack ? figures : {}));
    const failed = judge(summaries(outcomes)).filter(({ isMet }) => !isMet);
    expect(failed.map((criterion) => criterion.name)).toContain(name);
  });

  test('fails for a run that is missing', () => {
    const outcomes = jobs.filter(({ attack }) => attack !== 'flood').map((job) => outcomeOf(job));
    expect(judge(summaries(outcomes)).filter(({ isMet }) => !isMet)).toMatchObject([
      { name: 'flood, 200 per day' },
    ]);
  });
});

describe('the report', () => {
  const jobs = [...reportJobs(REPORT_SEED), ...partsJobs(REPORT_SEED)];
  const all = summaries(jobs.map((job) => outcomeOf(job)));

  test('has a row for each attack, and every cell', () => {
    const table = tableOf(all, 5_000, MAIN).split('\n');
    const cells = (row: string | undefined) => (row ?? '').split('|').length;
    expect(table.every((row) => cells(row) === cells(table[0]))).toBe(true);
    expect(table.find((row) => row.startsWith('| rotating |'))).toContain('99.0 %, $5 per day');
    expect(tableOf(all, 200, SMALL)).toContain('| flood |');
    expect(aloneTable(all, 200)).toContain('| rotating | 99.0 % | 99.0 % |');
    expect(handedInTable(all, 5_000)).toContain('reports no success | 0.40 % | 99.0 %, 0.4 % asked |');
    expect(sizesTable(all)).toContain('| 5,000 | 15, $5 (99.0 %) |');
  });

  test('means are over the seeds, the worst group is the worst of any', () => {
    const job = { attack: 'rotating', configuration: 'pumping-ask', size: 5_000 } as const;
    const [summary] = summaries([
      outcomeOf({ ...job, seed: 201 }, { stopped: 90, minutesToCutOff: 5 }),
      outcomeOf({ ...job, seed: 202 }, { stopped: 96, worstGroup: { name: 'ipv6', lost: 2, asked: 9 } }),
    ]);
    expect(summary).toMatchObject({ stopped: 93, minutesToCutOff: [5, 12], seeds: [201, 202] });
    expect(attackCell(summary)).toBe('93.0 %, $5 per day');
    expect(honestCell(summary)).toBe('0.00 / 0.40 / 0.10');
    expect(cutOffCell(summary)).toBe('5 min to 12 min');
    expect(worstCell(summary)).toBe('ipv6: 2.0 % lost, 9.0 % asked');
    expect(minutes(0.4)).toBe('at once');
    expect(minutes(240)).toBe('4.0 h');
  });

  test('the picture shows every attack, and no text that breaks it', () => {
    const picture = chartOf(all, 5_000);
    expect(picture).toContain('>rotating</text>');
    expect(picture).not.toContain('NaN');
    expect(picture).not.toContain('undefined');
    expect(picture.match(/<text/g)?.length).toBe(picture.match(/<\/text>/g)?.length);
  });
});

test('the queue gives events by time, and those of one time in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (times) => {
      const queue = new EventQueue<{ atMs: number; serial: number }>();
      for (const [serial, atMs] of times.entries()) queue.add(atMs, { atMs, serial });
      const taken = times.map(() => {
        const nextMs = queue.nextMs;
        const event = queue.take();
        expect(event?.atMs).toBe(nextMs);
        return event;
      });
      const sorted = times
        .map((atMs, serial) => ({ atMs, serial }))
        .sort((one, other) => one.atMs - other.atMs || one.serial - other.serial);
      expect(taken).toEqual(sorted);
      expect(queue.take()).toBeUndefined();
      expect(queue.nextMs).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});

import { ATTACK_NAMES, type AttackName, attackOf, CALM_NAMES } from './attacks.ts';
import { type ChartRow, drawChart } from './chart.ts';
import { CONFIGURATIONS, type ConfigurationName } from './configurations.ts';
import { ALONE, ASKING, HANDED_IN, SIZED_ATTACKS, TRIED_PER_DAY, USUAL_ATTACKS } from './plans.ts';
import { find, type Summary } from './summary.ts';
import { attackCell, cutOffCell, dollars, honestCell, markdownTable, percent, worstCell } from './table.ts';

function titleOf(name: ConfigurationName): string {
  return name.replaceAll('-', ', ').replaceAll('+', ' + ');
}

/** The effect of each configuration on every attack on a service of this size; the last two columns are about the last one. */
export function tableOf(
  all: readonly Summary[],
  size: number,
  configurations: readonly ConfigurationName[],
): string {
  const asks = (name: ConfigurationName) => name.startsWith('pumping');
  const heads = configurations.flatMap((name) => {
    const title = titleOf(name);
    return asks(name) ? [`${title}: stopped, lost`, 'refused / asked / people lost'] : [title];
  });
  const last = configurations.at(-1) as ConfigurationName;
  const rows = ATTACK_NAMES.flatMap((attack) => {
    const of = (configuration: ConfigurationName) => find(all, { attack, configuration, size });
    if (of(last) === undefined) return [];
    const cells = configurations.flatMap((name) =>
      asks(name) ? [attackCell(of(name)), honestCell(of(name))] : [attackCell(of(name))],
    );
    return [[attack, ...cells, cutOffCell(of(last)), worstCell(of(last))]];
  });
  return markdownTable(['attack', ...heads, 'cut off after', 'worst group'], rows);
}

/** The part that each guard stops alone, in per cent of the messages. */
export function aloneTable(all: readonly Summary[], size: number): string {
  const rows = USUAL_ATTACKS.filter((attack) => !CALM_NAMES.includes(attack)).map((attack) => {
    const found = ALONE.map((configuration) => find(all, { attack, configuration, size }));
    return [attack, ...found.map((summary) => (summary === undefined ? '' : percent(summary.stopped)))];
  });
  return markdownTable(['attack', ...ALONE], rows);
}

/** The worth of each thing that a service hands in: stopped and people asked. */
export function handedInTable(all: readonly Summary[], size: number): string {
  const rows = HANDED_IN.map((configuration) => {
    const cells = SIZED_ATTACKS.map((attack) => {
      const summary = find(all, { attack, configuration, size });
      return summary === undefined ? '' : `${percent(summary.stopped)}, ${percent(summary.asked)} asked`;
    });
    const calm = find(all, { attack: 'none', configuration, size });
    return [CONFIGURATIONS[configuration].summary, percent(calm?.asked ?? 0, 2), ...cells];
  });
  return markdownTable(['', 'no attack: asked', ...SIZED_ATTACKS], rows);
}

/** The part of attacks of different sizes that gets through. */
export function sizesTable(all: readonly Summary[]): string {
  const rows = TRIED_PER_DAY.map((perDay) => [
    perDay.toLocaleString('en'),
    ...SIZED_ATTACKS.map((attack) => {
      const summary = find(all, { attack, configuration: ASKING, size: 5_000, perDay });
      if (summary === undefined) return '';
      const { sentPerDay, lostPerDay, stopped } = summary;
      return `${Math.round(sentPerDay)}, ${dollars(lostPerDay)} (${percent(stopped)})`;
    }),
  ]);
  return markdownTable(['tried per day', ...SIZED_ATTACKS], rows);
}

/** The attacks by name, with a sentence each. */
export function attacksTable(): string {
  return markdownTable(
    ['attack', 'what it does'],
    ATTACK_NAMES.map((name) => [name, attackOf(name).summary]),
  );
}

/** The picture: today's guards beside the doubt budget. */
export function chartOf(all: readonly Summary[], size: number): string {
  const shown: readonly ConfigurationName[] = ['defaults', 'countries+prefix', ASKING];
  const rows = ATTACK_NAMES.flatMap((attack: AttackName): ChartRow[] => {
    const found = shown.map((configuration) => find(all, { attack, configuration, size }));
    const [before, , after] = found;
    if (before === undefined || after === undefined || before.tried === 0) return [];
    return [
      {
        name: attack,
        stopped: found.map((summary) => summary?.stopped ?? 0),
        before: dollars(before.lostPerDay),
        after: dollars(after.lostPerDay),
        people: `${after.asked.toFixed(1)} / ${after.peopleLost.toFixed(2)}`,
      },
    ];
  });
  return drawChart({
    title: `What the guards stop: a service of ${size.toLocaleString('en')} codes per day, simulated`,
    description:
      'For each attack the part of its messages that was stopped by the defaults, by countries and prefix, and by pumping with a captcha and another channel; the money lost per day before and after; people asked and lost.',
    legend: ['defaults', 'countries + prefix', 'pumping, asking'],
    rows,
  });
}

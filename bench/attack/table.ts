import type { Summary } from './summary.ts';

/** A table in Markdown. */
export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function percent(value: number, digits = 1): string {
  return `${value.toFixed(digits)} %`;
}

export function dollars(value: number): string {
  return `$${Math.round(value).toLocaleString('en')}`;
}

/** Minutes as people say them. */
export function minutes(value: number): string {
  if (value < 1) return 'at once';
  if (value < 90) return `${Math.round(value)} min`;
  return `${(value / 60).toFixed(1)} h`;
}

/** The outcome of an attack: `95.0 %, $38 per day`. */
export function attackCell(summary: Summary | undefined): string {
  if (summary === undefined) return '';
  return summary.tried === 0 ? '-' : `${percent(summary.stopped)}, ${dollars(summary.lostPerDay)} per day`;
}

/** The price that honest people paid: `0.00 / 2.61 / 0.15`. */
export function honestCell(summary: Summary | undefined): string {
  if (summary === undefined) return '';
  return [summary.refused, summary.asked, summary.peopleLost].map((part) => part.toFixed(2)).join(' / ');
}

export function cutOffCell(summary: Summary | undefined): string {
  if (summary === undefined || summary.tried === 0) return '';
  const range = summary.minutesToCutOff;
  if (range === undefined) return 'never';
  const [shortest, longest] = range.map(minutes);
  return shortest === longest ? `${shortest}` : `${shortest} to ${longest}`;
}

/** The people who paid most: `people of ID: 0.4 % lost, 12 % asked`. */
export function worstCell(summary: Summary | undefined): string {
  if (summary === undefined) return '';
  const { name, lost, asked } = summary.worstGroup;
  return lost === 0 && asked === 0 ? '-' : `${name}: ${percent(lost)} lost, ${percent(asked)} asked`;
}

import { BUCKET_MS, type Bucket } from './attack-metrics.ts';

const STYLE = `
    .page { fill: #ffffff }
    .panel { fill: #f5f7fa }
    text { fill: #1c2430 }
    .soft { fill: #556070 }
    .head { font-weight: 600 }
    .end { text-anchor: end }
    .rule { stroke: #c9cfd8; fill: none }
    .attack { fill: #d9822b; opacity: .14 }
    .fill0 { fill: #2f7d4f } .fill1 { fill: #c2410c } .fill2 { fill: #3b73c4 } .fill3 { fill: #7a4fb5 } .fill4 { fill: #b3bbc7 }
    .line { fill: none; stroke-width: 2.5 }
    .stroke0 { stroke: #2f7d4f } .stroke2 { stroke: #3b73c4 } .stroke3 { stroke: #7a4fb5 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0f141b }
      .panel { fill: #171e28 }
      text { fill: #e8ecf2 }
      .soft { fill: #a7b1bf }
      .rule { stroke: #37414f }
      .fill0 { fill: #63c08a } .fill1 { fill: #f08a5d } .fill2 { fill: #6ea3f0 } .fill3 { fill: #b795e8 } .fill4 { fill: #6b7686 }
      .stroke0 { stroke: #63c08a } .stroke2 { stroke: #6ea3f0 } .stroke3 { stroke: #b795e8 }
    }`;

const WIDTH = 920;
const PANEL = { width: 436, height: 226, plotLeft: 46, plotTop: 54, plotWidth: 374, plotHeight: 136 };

interface Series {
  readonly name: string;
  /** Number of its colour. */
  readonly colour: number;
  /** One value per bucket; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

interface Panel {
  readonly title: string;
  readonly kind: 'stacked' | 'lines';
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** The top of the scale. @default the highest value, rounded up */
  readonly top?: number;
}

/** The next of 1, 2, 5, 10, 20, … */
function niceTop(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 5, 10].find((factor) => factor * unit >= value) ?? 10) * unit;
}

function drawPanel({ title, kind, series, format, top }: Panel, left: number, upper: number): string {
  const { width, height, plotLeft, plotTop, plotWidth, plotHeight } = PANEL;
  const count = series[0]?.values.length ?? 0;
  const totals = Array.from({ length: count }, (_, index) =>
    series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0),
  );
  const highest =
    kind === 'stacked'
      ? Math.max(...totals)
      : Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const scale = top ?? niceTop(highest);
  const x = (index: number) => left + plotLeft + (plotWidth * index) / count;
  const y = (value: number) => upper + plotTop + plotHeight * (1 - value / scale);
  const hours = HOURS.map((label, index) => {
    const at = left + plotLeft + (plotWidth * index) / 3;
    const anchor = index === 3 ? 'end' : 'middle';
    return `<text class="soft" text-anchor="${anchor}" x="${at.toFixed(1)}" y="${upper + height - 12}">${label}</text>`;
  });
  const grid = [0, 0.5, 1].map((part) => {
    const at = y(part * scale).toFixed(1);
    return `<path class="rule" d="M${left + plotLeft} ${at}h${plotWidth}"/><text class="soft end" x="${left + plotLeft - 6}" y="${Number(at) + 4}">${format(part * scale)}</text>`;
  });
  const step = plotWidth / count;
  const floor = new Array<number>(count).fill(0);
  const marks = series.map(({ values, colour }) => {
    if (kind === 'lines') {
      const points = values.flatMap((value, index) =>
        value === undefined ? [] : [`${(x(index) + step / 2).toFixed(1)},${y(value).toFixed(1)}`],
      );
      return `<polyline class="line stroke${colour}" points="${points.join(' ')}"/>`;
    }
    return values
      .map((value = 0, index) => {
        if (value === 0) return '';
        const base = floor[index] ?? 0;
        floor[index] = base + value;
        const barHeight = y(base) - y(base + value);
        return `<rect class="fill${colour}" x="${(x(index) + 0.8).toFixed(1)}" y="${y(base + value).toFixed(1)}" width="${(step - 1.6).toFixed(1)}" height="${barHeight.toFixed(1)}"/>`;
      })
      .join('');
  });
  let legendAt = left + 14;
  const legend = series.map(({ name, colour }) => {
    const item = `<rect class="fill${colour}" x="${legendAt}" y="${upper + 32}" width="10" height="10"/><text class="soft" x="${legendAt + 15}" y="${upper + 41}">${name}</text>`;
    legendAt += 30 + name.length * 6.6;
    return item;
  });
  return [
    `<rect class="panel" x="${left}" y="${upper}" width="${width}" height="${height}" rx="8"/>`,
    `<rect class="attack" x="${x(count / 3).toFixed(1)}" y="${upper + plotTop}" width="${(plotWidth / 3).toFixed(1)}" height="${plotHeight}"/>`,
    `<text class="head" x="${left + 14}" y="${upper + 22}">${title}</text>`,
    ...legend,
    ...grid,
    ...hours,
    ...marks,
  ].join('\n  ');
}

const HOURS = ['08:00', '09:00', '10:00', '11:00'];

const sum = (values: Readonly<Record<string, number>> = {}) =>
  Object.values(values).reduce((all, value) => all + value, 0);

/** Codes entered per code sent, over the last hour. */
function conversionOf(buckets: readonly Bucket[], country: string): (number | undefined)[] {
  const perHour = 3_600_000 / BUCKET_MS;
  return buckets.map((_, index) => {
    const hour = buckets.slice(Math.max(0, index + 1 - perHour), index + 1);
    const of = (name: string) => hour.reduce((all, bucket) => all + (bucket[name]?.[country] ?? 0), 0);
    const sent = of('messaging.client.sent.messages');
    return sent < 10 ? undefined : Math.min(1, of('sms_guard.codes.entered') / sent);
  });
}

/** Draws four panels of the dashboard. */
export function drawDashboard(buckets: readonly Bucket[]): string {
  const by = (metric: string, name: string) => buckets.map((bucket) => bucket[metric]?.[name] ?? 0);
  const total = (metric: string) => buckets.map((bucket) => sum(bucket[metric]));
  const refused = (guard: string, colour: number): Series => ({
    name: guard,
    colour,
    values: by('sms_guard.messages.refused', guard),
  });
  const dollars = (value: number) => `$${value}`;
  const panels: readonly Panel[] = [
    {
      title: 'Admitted, and refused by guard, in 5 minutes',
      kind: 'stacked',
      format: String,
      series: [
        { name: 'admitted', colour: 0, values: total('sms_guard.messages.admitted') },
        refused('backoff', 2),
        refused('countries', 1),
        refused('prefix', 3),
      ],
    },
    {
      title: 'Conversion by country, last hour',
      kind: 'lines',
      format: (value) => `${Math.round(value * 100)} %`,
      top: 1,
      series: [
        { name: 'SG', colour: 0, values: conversionOf(buckets, 'SG') },
        { name: 'ID', colour: 2, values: conversionOf(buckets, 'ID') },
        { name: 'PH', colour: 3, values: conversionOf(buckets, 'PH') },
      ],
    },
    {
      title: 'Spent in 5 minutes',
      kind: 'stacked',
      format: dollars,
      series: [{ name: 'USD, invented prices', colour: 2, values: total('sms_guard.money.spent') }],
    },
    {
      title: 'Not spent in 5 minutes: refused messages',
      kind: 'stacked',
      format: dollars,
      series: [{ name: 'USD, invented prices', colour: 0, values: total('sms_guard.money.saved') }],
    },
  ];
  const drawn = panels.map((panel, index) =>
    drawPanel(panel, 16 + (index % 2) * (PANEL.width + 16), 52 + Math.floor(index / 2) * (PANEL.height + 16)),
  );
  const height = 52 + 2 * (PANEL.height + 16);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12" role="img" aria-labelledby="title description">
  <title id="title">The metrics of an attack on the demo's form</title>
  <desc id="description">Three hours; robots attack in the second one. Admitted messages stay the same while guards refuse the rest, conversion falls in the attacked country, and the money that was not spent rises.</desc>
  <style>${STYLE}
  </style>
  <rect class="page" width="${WIDTH}" height="${height}" rx="10"/>
  <text class="head" font-size="15" x="16" y="30">An attack on the demo's form, as the metrics show it</text>
  <rect class="attack" x="640" y="19" width="14" height="14"/><text class="soft" x="660" y="30">the hour with the robots</text>
  ${drawn.join('\n  ')}
</svg>
`;
}

/** One attack in the picture: per cent stopped under each configuration, and dollars lost per day with the last of them. */
export interface ChartRow {
  readonly name: string;
  readonly stopped: readonly number[];
  readonly before: string;
  readonly after: string;
  readonly people: string;
}

export interface Chart {
  readonly title: string;
  readonly description: string;
  /** Names of the configurations, at most three. */
  readonly legend: readonly string[];
  readonly rows: readonly ChartRow[];
}

const STYLE = `
    .page { fill: #ffffff }
    text { fill: #1c2430 }
    .soft { fill: #556070 }
    .head { font-weight: 600 }
    .end { text-anchor: end }
    .rule { stroke: #c9cfd8 }
    .bar0 { fill: #b3bbc7 }
    .bar1 { fill: #3b73c4 }
    .bar2 { fill: #2f7d4f }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0f141b }
      text { fill: #e8ecf2 }
      .soft { fill: #a7b1bf }
      .rule { stroke: #37414f }
      .bar0 { fill: #6b7686 }
      .bar1 { fill: #6ea3f0 }
      .bar2 { fill: #63c08a }
    }`;

const WIDTH = 920;
const LEFT = 160;
const BARS = 400;
const TOP = 118;
const ROW = 34;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function barsOf({ name, stopped, before, after, people }: ChartRow, index: number): string {
  const top = TOP + index * ROW;
  const height = Math.floor((ROW - 10) / stopped.length);
  const bars = stopped.map((part, place) => {
    const width = Math.max(1.5, (BARS * part) / 100).toFixed(1);
    return `<rect class="bar${place}" x="${LEFT}" y="${top + place * height}" width="${width}" height="${height - 1}"/>`;
  });
  const middle = top + 16;
  return [
    `<text class="end" x="${LEFT - 12}" y="${middle}">${escaped(name)}</text>`,
    ...bars,
    `<text class="end soft" x="660" y="${middle}">${escaped(before)}</text>`,
    `<text class="end head" x="740" y="${middle}">${escaped(after)}</text>`,
    `<text class="end" x="890" y="${middle}">${escaped(people)}</text>`,
  ].join('\n  ');
}

/** Bars of what was stopped, money before and after, and the price in people. */
export function drawChart({ title, description, legend, rows }: Chart): string {
  const height = TOP + rows.length * ROW + 16;
  const legendItems = legend.map((name, place) => {
    const x = LEFT + place * 210;
    return `<rect class="bar${place}" x="${x}" y="46" width="12" height="12"/><text x="${x + 18}" y="57">${escaped(name)}</text>`;
  });
  const grid = [0, 25, 50, 75, 100].map((part) => {
    const x = LEFT + (BARS * part) / 100;
    return `<path class="rule" d="M${x} ${TOP - 8}V${height - 14}"/><text class="soft" text-anchor="middle" x="${x}" y="${TOP - 14}">${part} %</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="13" role="img" aria-labelledby="title description">
  <title id="title">${escaped(title)}</title>
  <desc id="description">${escaped(description)}</desc>
  <style>${STYLE}
  </style>
  <rect class="page" width="${WIDTH}" height="${height}" rx="10"/>
  <text class="head" font-size="16" x="28" y="30">${escaped(title)}</text>
  ${legendItems.join('\n  ')}
  <text class="soft" x="${LEFT}" y="84">messages of the attack that were stopped</text>
  <text class="end soft" x="660" y="84">lost per day</text>
  <text class="end soft" x="660" y="104">before</text>
  <text class="end soft" x="740" y="104">after</text>
  <text class="end soft" x="890" y="84">people asked / lost</text>
  <text class="end soft" x="890" y="104">after, in per cent</text>
  ${grid.join('\n  ')}
  ${rows.map(barsOf).join('\n  ')}
</svg>
`;
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../src/otel/metric-list.ts';
import { labelsBySeries, metricsTable, prometheusSeries } from '../../support/metrics.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('docs/observe.md', () => {
  it('lists every metric, as the code has it', () => {
    const [, table] =
      /<!-- metrics -->\n+([\s\S]*?)\n+<!-- \/metrics -->/.exec(read('docs/observe.md')) ?? [];
    expect(table).toBe(metricsTable());
  });
});

/** Not every exporter puts the unit into the name, so that queries ask for both. */
function withUnits(query: string): string {
  return query.replace(/\{__name__=~"(\w+)\(_seconds\)\?(_\w+)"(?:, )?/g, '$1_seconds$2{');
}

/** The queries of the dashboard and the alerts. */
function queries(): readonly (readonly [string, string])[] {
  const { panels } = JSON.parse(read('docs/observability/grafana-dashboard.json')) as {
    readonly panels: readonly {
      readonly title: string;
      readonly targets?: readonly { readonly expr: string }[];
    }[];
  };
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [title, expr] as const),
  );
  const rules = read('docs/observability/prometheus-alerts.yaml')
    .split(/^ +- alert: /m)
    .slice(1);
  const ofAlerts = rules.map((rule) => {
    const [name = ''] = rule.split('\n');
    return [name, /expr: (?:\|\n)?([\s\S]*?)\n {8}(?:for|labels):/.exec(rule)?.[1] ?? ''] as const;
  });
  return [...ofPanels, ...ofAlerts].map(([name, query]) => [name, withUnits(query)]);
}

const SERIES =
  /\b(?:sms_guard|messaging|http)_[a-z_]+_(?:total|bucket|sum|count)\b|\bsms_guard_(?:pace_queued|store_state)\b/g;
const LABELS = /\{([^}]*)\}|\bby \(([^)]*)\)/g;

/** The labels that a query names. */
function labelsIn(query: string): readonly string[] {
  return Array.from(query.matchAll(LABELS), ([, matchers, list]) =>
    matchers === undefined
      ? (list ?? '').split(/, */)
      : Array.from(matchers.matchAll(/([a-z_]+) *(?:=|!=|=~|!~) *"/g), ([, label = '']) => label),
  ).flat();
}

describe('docs/observability', () => {
  it.each(queries())('%s asks for series and labels that exist', (_, query) => {
    const known = labelsBySeries();
    const series = query.match(SERIES) ?? [];
    expect(series).not.toEqual([]);
    // Every word that looks like one of ours is a series or a label.
    const labels = new Set(series.flatMap((each) => [...(known.get(each) ?? [`no series ${each}`])]));
    expect([...labels].filter((label) => label.startsWith('no series'))).toEqual([]);
    for (const label of labelsIn(query)) expect(labels, label).toContain(label);
    const words = query.match(/\b(?:sms_guard|messaging|http)_\w+/g) ?? [];
    for (const word of words) expect(known.has(word) || labels.has(word), word).toBe(true);
  });

  it('every metric is on the dashboard', () => {
    const all = queries()
      .map(([, query]) => query)
      .join('\n');
    for (const [name, definition] of Object.entries(METRICS)) {
      expect(
        prometheusSeries(name, definition).some((series) => all.includes(series)),
        name,
      ).toBe(true);
    }
  });

  it('every alert is in the table of docs/observe.md, and every name there is an alert', () => {
    const alerts = Array.from(
      read('docs/observability/prometheus-alerts.yaml').matchAll(/- alert: (\w+)/g),
      ([, name]) => name,
    );
    const named = Array.from(read('docs/observe.md').matchAll(/`(Sms[A-Z]\w+)`/g), ([, name]) => name).filter(
      (name) => name !== 'SmsClient',
    );
    expect([...new Set(named)].sort()).toEqual(alerts.sort());
  });
});

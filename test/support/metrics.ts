import { METRICS, type MetricDefinition } from '../../src/otel/metric-list.ts';

/** The units that the Prometheus exporter of OpenTelemetry puts into names; one in braces is dropped. */
const UNITS: Readonly<Record<string, string>> = { s: '_seconds' };

/** The series of a metric, as the Prometheus exporter of OpenTelemetry names them. */
export function prometheusSeries(name: string, { kind, unit }: MetricDefinition): readonly string[] {
  const base = `${name.replace(/[^a-zA-Z0-9_:]/g, '_')}${UNITS[unit] ?? ''}`;
  if (kind === 'histogram') return [`${base}_bucket`, `${base}_sum`, `${base}_count`];
  return [kind === 'counter' ? `${base}_total` : base];
}

const prometheusLabel = (attribute: string) => attribute.replace(/[^a-zA-Z0-9_]/g, '_');

/** Labels by series. `le` is that of buckets. */
export function labelsBySeries(): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    Object.entries(METRICS).flatMap(([name, definition]) =>
      prometheusSeries(name, definition).map((series) => {
        const labels = definition.attributes.map(prometheusLabel);
        return [series, new Set(series.endsWith('_bucket') ? [...labels, 'le'] : labels)] as const;
      }),
    ),
  );
}

/** The table of docs/observe.md. */
export function metricsTable(): string {
  const rows = Object.entries(METRICS).map(([name, definition]: [string, MetricDefinition]) => {
    const { kind, description, attributes } = definition;
    const [series = ''] = prometheusSeries(name, definition);
    const shown = attributes.map((attribute) => `\`${attribute}\``).join(', ');
    return `| \`${name}\` | ${kind} | ${description} | ${shown} | \`${series.replace(/_bucket$/, '')}\` |`;
  });
  return ['| metric | kind | tells | attributes | in Prometheus |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { GuardError, SmsClient } from '../../src/index.ts';
import { openTelemetry } from '../../src/otel/index.ts';
import { hourAtTheForm } from '../../src/sandbox/attack-hour.ts';
import { createEmulator } from '../../src/testing/index.ts';

/** The metrics of some minutes: values of a metric by one of its attributes. */
export type Bucket = Readonly<Record<string, Readonly<Record<string, number>>>>;

export const BUCKET_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 22, 8, 0, 0);

/** The attribute by which each metric is drawn. */
const DRAWN_BY = {
  'sms_guard.messages.admitted': 'sms_guard.purpose',
  'sms_guard.messages.refused': 'sms_guard.guard',
  'sms_guard.money.spent': 'sms_guard.currency',
  'sms_guard.money.saved': 'sms_guard.currency',
  'sms_guard.codes.entered': 'sms_guard.country',
  'messaging.client.sent.messages': 'sms_guard.country',
} as const;

/** Three hours of the demo's form: honest people alone, with the robots of the attack, alone again. */
function threeHours() {
  const hour = hourAtTheForm();
  const honest = hour.filter(({ who }) => who === 'honest');
  return [honest, hour, honest]
    .flatMap((requests, index) =>
      requests.map((request) => ({ ...request, atMs: request.atMs + index * HOUR_MS })),
    )
    .sort((one, other) => one.atMs - other.atMs);
}

/** Plays the three hours against the emulator, and gives what OpenTelemetry recorded in each five minutes. */
export async function attackMetrics(): Promise<readonly Bucket[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 86_400_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  let nowMs = START_MS;
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  const sms = new SmsClient({
    apiKey: 'demo-key',
    subAccountId: 'shop',
    fetch: createEmulator({ apiKey: 'demo-key', clock }).fetch,
    clock,
    pace: false,
    telemetry: openTelemetry({ traces: false }),
    guards: {
      countries: { allow: ['SG', 'ID', 'PH'] },
      prefix: {},
      // Invented.
      budget: { prices: { SG: 0.05, ID: 0.25, PH: 0.15, AZ: 0.4 } },
    },
  });

  async function collect(): Promise<Bucket> {
    await provider.forceFlush();
    const recorded = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    exporter.reset();
    const bucket: Record<string, Record<string, number>> = {};
    for (const { descriptor, dataPoints } of recorded) {
      const by = (DRAWN_BY as Readonly<Record<string, string>>)[descriptor.name];
      if (by === undefined) continue;
      bucket[descriptor.name] ??= {};
      const values = bucket[descriptor.name] as Record<string, number>;
      for (const { attributes, value } of dataPoints) {
        const name = String(attributes[by]);
        values[name] = (values[name] ?? 0) + (value as number);
      }
    }
    return bucket;
  }

  const buckets: Bucket[] = [];
  for (const { atMs, destination, verifies } of threeHours()) {
    while (atMs >= (buckets.length + 1) * BUCKET_MS) buckets.push(await collect());
    nowMs = START_MS + atMs;
    try {
      const { umid } = await sms.messages.send({ destination, text: 'Your code is 4711', purpose: 'otp' });
      if (verifies) await sms.messages.feedback(umid, { outcome: 'success', destination });
    } catch (error) {
      if (!GuardError.isInstance(error)) throw error;
    }
  }
  while (buckets.length < (3 * HOUR_MS) / BUCKET_MS) buckets.push(await collect());
  await sms.close();
  metrics.disable();
  await provider.shutdown();
  return buckets;
}

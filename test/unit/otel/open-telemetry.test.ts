import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsClientOptions } from '../../../src/config/options.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import type { EmulatorOptions } from '../../../src/emulator/emulator.ts';
import type { LimitStore } from '../../../src/limits/limit-store.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { METRICS } from '../../../src/otel/metric-list.ts';
import { openTelemetry } from '../../../src/otel/open-telemetry.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { jsonResponse, refusedConnection, respondWith } from '../../support/respond-with.ts';
import { post, receiptBody, testReceiver } from '../../support/webhooks.ts';

const spans = new InMemorySpanExporter();
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const meterProvider = new MeterProvider({ readers: [reader] });
const contextManager = new AsyncLocalStorageContextManager();

const message = { destination: '+6591234567', text: 'Your code is 471147', purpose: 'otp' } as const;

beforeAll(() => {
  context.setGlobalContextManager(contextManager.enable());
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
});
afterAll(async () => {
  trace.disable();
  metrics.disable();
  context.disable();
  await meterProvider.shutdown();
});
beforeEach(() => spans.reset());

/** A store that answers later, as one on a server does: only that is an operation. */
function remoteLimits(): LimitStore {
  const limits = memoryLimits();
  return Object.assign(limits, { take: limits.take.bind(limits) });
}

function start(options: SmsClientOptions = {}, emulated: EmulatorOptions = {}) {
  return testClient({ telemetry: openTelemetry(), limits: remoteLimits(), ...options }, emulated);
}

/** Each span with the names above it: `messages.send > admission > limits.take`. */
function tree(): string[] {
  const all = spans.getFinishedSpans();
  const byId = new Map(all.map((span) => [span.spanContext().spanId, span]));
  const pathOf = (span: ReadableSpan): string => {
    const parent = byId.get(span.parentSpanContext?.spanId ?? '');
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  return all.map(pathOf).sort();
}

const spanOf = (name: string) => spans.getFinishedSpans().find((span) => span.name === name) as ReadableSpan;

/** The sum, or the count, of one metric by its attributes. */
async function valuesOf(name: string): Promise<Record<string, number>> {
  measured.reset();
  await meterProvider.forceFlush();
  const all = measured
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics));
  const points = all.filter(({ descriptor }) => descriptor.name === name).at(-1)?.dataPoints ?? [];
  return Object.fromEntries(
    points.map(({ attributes, value }) => [
      Object.values(attributes).join(' '),
      typeof value === 'number' ? value : (value as { readonly count: number }).count,
    ]),
  );
}

/** The growth of a metric while `work` ran. */
async function growthOf(name: string, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await valuesOf(name);
  await work();
  const after = await valuesOf(name);
  return Object.fromEntries(
    Object.entries(after)
      .map(([key, value]) => [key, Math.round((value - (before[key] ?? 0)) * 1e6) / 1e6] as const)
      .filter(([, grown]) => grown !== 0),
  );
}

const POST = 'POST /api/v1/subaccounts/{subAccountId}/messages';

describe('spans', () => {
  it("for a send are children of the caller's span", async () => {
    const { sms } = start();
    await trace.getTracer('team').startActiveSpan('sign-up', async (span) => {
      await sms.messages.send(message);
      span.end();
    });
    expect(tree()).toEqual([
      'sign-up',
      'sign-up > messages.send',
      `sign-up > messages.send > ${POST}`,
      'sign-up > messages.send > admission',
      'sign-up > messages.send > admission > limits.take',
      'sign-up > messages.send > limits.settle',
    ]);
    const { attributes, kind, status } = spanOf('messages.send');
    expect(attributes).toEqual({
      'messaging.system': '8x8',
      'messaging.operation.name': 'messages.send',
      'messaging.operation.type': 'send',
      'messaging.message.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'sms_guard.parts': 1,
    });
    expect([kind, status.code]).toEqual([SpanKind.CLIENT, SpanStatusCode.UNSET]);
    expect(spanOf(POST).attributes).toEqual({
      'http.request.method': 'POST',
      'server.address': 'sms.8x8.com',
      'server.port': 443,
      'url.full': 'https://sms.8x8.com/api/v1/subaccounts/{subAccountId}/messages',
      'url.template': '/api/v1/subaccounts/{subAccountId}/messages',
      'http.response.status_code': 200,
    });
  });

  it('for concurrent sends do not mix', async () => {
    const { sms } = start();
    const tracer = trace.getTracer('team');
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        tracer.startActiveSpan(`visitor-${index}`, async (span) => {
          await sms.messages.send({ ...message, destination: numberOf(index) });
          span.end();
        }),
      ),
    );
    const found = tree();
    for (let index = 0; index < 20; index += 1) {
      const own = found.filter(
        (path) => path.startsWith(`visitor-${index} >`) || path === `visitor-${index}`,
      );
      expect(own).toHaveLength(6);
    }
    expect(found).toHaveLength(120);
  });

  it('for attempts are siblings, and the later one counts', async () => {
    const accepted = {
      umid: 'bda3d56d-1424-e711-813c-06ed3428fe67',
      status: { code: 'QUEUED', description: 'ok' },
    };
    const { fetch } = respondWith([jsonResponse({}, 429), jsonResponse(accepted)]);
    const { sms } = start({ fetch, retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } });
    await sms.messages.send(message).catch(() => {});
    const attempts = spans.getFinishedSpans().filter(({ name }) => name === POST);
    expect(
      attempts.map(({ attributes, status }) => [
        attributes['http.response.status_code'],
        attributes['error.type'],
        attributes['http.request.resend_count'],
        status.code,
      ]),
    ).toEqual([
      [429, '429', undefined, SpanStatusCode.ERROR],
      [200, undefined, 1, SpanStatusCode.UNSET],
    ]);
    expect(new Set(attempts.map(({ parentSpanContext }) => parentSpanContext?.spanId)).size).toBe(1);
  });

  it('for a refusal say guard and reason, and are no error', async () => {
    const { sms } = start({ guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    await sms.messages.send({ ...message, purpose: 'transactional' });
    spans.reset();
    await expect(sms.messages.send({ ...message, purpose: 'transactional' })).rejects.toThrow();
    const { attributes, status, events } = spanOf('messages.send');
    expect(attributes).toMatchObject({ 'sms_guard.guard': 'recipient', 'sms_guard.reason': 'over-limit' });
    expect(attributes).not.toHaveProperty('error.type');
    expect([status.code, events]).toEqual([SpanStatusCode.UNSET, []]);
    expect(spanOf('admission').attributes['sms_guard.admitted']).toBe(0);
  });

  it('for a failure have its class, and no text', async () => {
    const { fetch } = respondWith([refusedConnection()]);
    const { sms } = start({ fetch });
    await expect(sms.messages.send(message)).rejects.toThrow();
    for (const name of ['messages.send', POST]) {
      const { attributes, status, events } = spanOf(name);
      expect(attributes['error.type'], name).toBe(name === POST ? 'refused' : 'connection');
      expect([status, events]).toEqual([{ code: SpanStatusCode.ERROR }, []]);
    }
  });

  it('for a batch count its outcomes', async () => {
    const { sms } = start();
    await sms.messages.sendBatch({
      destinations: [numberOf(1), numberOf(2), 'nobody'],
      template: { text: 'Hello' },
    });
    expect(spanOf('messages.sendBatch').attributes).toMatchObject({
      'messaging.batch.message_count': 3,
      'sms_guard.accepted': 2,
      'sms_guard.refused': 1,
    });
  });

  it('show a failed store and a slow hook', async () => {
    const limits = Object.assign(memoryLimits(), {
      take: async () => {
        throw new Error('+6591234567 is not reachable');
      },
    });
    const consent = { ledger: memoryConsentLedger(), check: () => true };
    const { sms } = start({ limits, guards: { consent: { check: consent.check } }, onError: () => {} });
    await expect(sms.messages.send({ ...message, purpose: 'marketing' })).rejects.toThrow();
    expect(spanOf('limits.take').attributes).toEqual({
      'sms_guard.store': 'limits',
      'sms_guard.store.method': 'take',
      'error.type': 'store',
    });
    expect(spanOf('guards.consent.check').attributes).toEqual({ 'sms_guard.hook': 'guards.consent.check' });
    await start({ guards: { consent: { ledger: consent.ledger } } }).sms.messages.send(message);
    expect(spanOf('consent.get').attributes).toEqual({
      'sms_guard.store': 'consent',
      'sms_guard.store.method': 'get',
    });
  });

  it('for a webhook cover the handler', async () => {
    const tracer = trace.getTracer('team');
    const { receiver } = testReceiver(
      { handlers: { onDeliveryReceipt: async () => tracer.startSpan('own').end() } },
      { telemetry: openTelemetry() },
    );
    await receiver.receive(post(receiptBody()));
    expect(tree()).toContain('webhooks.receive > own');
    const { attributes, kind } = spanOf('webhooks.receive');
    expect(kind).toBe(SpanKind.CONSUMER);
    expect(attributes).toMatchObject({
      'messaging.operation.type': 'process',
      'sms_guard.webhook.event': 'delivery-receipt',
      'sms_guard.webhook.duplicate': false,
    });
  });

  it('are not recorded with traces: false, and metrics not with metrics: false', async () => {
    await start({ telemetry: openTelemetry({ traces: false }) }).sms.messages.send(message);
    expect(spans.getFinishedSpans()).toEqual([]);
    const grown = await growthOf('sms_guard.messages.admitted', () =>
      start({ telemetry: openTelemetry({ metrics: false }) }).sms.messages.send(message),
    );
    expect(grown).toEqual({});
    expect(() => openTelemetry({ trace: true } as object)).toThrow(/trace/);
  });
});

describe('metrics', () => {
  const prices = { SG: 0.05, default: 0.1 };

  it('count admitted, sent, parts and money', async () => {
    const { sms } = start({ guards: { budget: { perDay: 100, prices } } });
    const send = () => sms.messages.send({ ...message, text: `471147 ${'x'.repeat(200)}` });
    expect(await growthOf('sms_guard.money.spent', send)).toEqual({ 'SG otp USD': 0.1 });
    const next = (index: number) => () => sms.messages.send({ ...message, destination: numberOf(index) });
    expect(await growthOf('sms_guard.messages.admitted', next(1))).toEqual({ otp: 1 });
    expect(await growthOf('sms_guard.parts', next(2))).toEqual({ 'SG otp': 1 });
    expect(await growthOf('messaging.client.sent.messages', next(3))).toEqual({ '8x8 send otp SG': 1 });
    expect(await growthOf('http.client.request.duration', next(4))).toEqual({
      'POST sms.8x8.com 443 /api/v1/subaccounts/{subAccountId}/messages 200': 1,
    });
    expect(await growthOf('messaging.client.operation.duration', next(5))).toEqual({
      '8x8 messages.send send false': 1,
    });
    expect(await growthOf('sms_guard.store.duration', next(6))).toEqual({
      'limits take': 1,
      'limits settle': 1,
    });
  });

  it('count refusals by guard and reason, and the money that they saved', async () => {
    const { sms } = start({
      guards: { recipient: { limit: 1, windowMs: 60_000 }, budget: { perDay: 100, prices } },
    });
    const again = { ...message, purpose: 'transactional' } as const;
    await sms.messages.send(again);
    const refused = () => sms.messages.send(again).catch(() => {});
    expect(await growthOf('sms_guard.messages.refused', refused)).toEqual({
      'recipient over-limit transactional': 1,
    });
    expect(await growthOf('sms_guard.money.saved', refused)).toEqual({ 'USD SG': 0.05 });
    const watching = start({ guards: { recipient: { limit: 1, windowMs: 60_000, mode: 'monitor' } } });
    await watching.sms.messages.send(again);
    expect(await growthOf('sms_guard.messages.observed', () => watching.sms.messages.send(again))).toEqual({
      'recipient over-limit transactional': 1,
    });
  });

  it('count codes that were entered, by country', async () => {
    const { sms } = start({ testNumbers: { [numberOf(1)]: '123456' } });
    await sms.oneTimePasswords.issue({
      destination: numberOf(1),
      subject: 'visitor',
      text: ({ code }) => `Your code is ${code}`,
    });
    const check = () =>
      sms.oneTimePasswords.check({ destination: numberOf(1), subject: 'visitor', code: '123456' });
    expect(await growthOf('sms_guard.codes.entered', check)).toEqual({ SG: 1 });
    expect((await valuesOf('sms_guard.codes.checked')).VERIFIED).toBe(1);
  });

  it('count the requests that wait', async () => {
    const { sms } = start({ pace: { requestsPerSecond: 1 } });
    await sms.messages.send(message);
    const controller = new AbortController();
    const waiting = sms.messages.send(
      { ...message, destination: numberOf(1) },
      { signal: controller.signal },
    );
    const ended = waiting.catch(() => {});
    await vi.waitFor(async () => expect((await valuesOf('sms_guard.pace.queued'))['']).toBe(1));
    controller.abort();
    await ended;
    expect((await valuesOf('sms_guard.pace.queued'))['']).toBe(0);
  });

  it('tell the state of a shared store', async () => {
    const { onLimitsEvent } = openTelemetry();
    onLimitsEvent({ type: 'limits-switched', to: 'local', reason: 'timeout', at: 0 });
    expect(await valuesOf('sms_guard.store.state')).toEqual({
      'limits shared': 0,
      'limits local': 1,
      'limits refuse': 0,
    });
    const call = async () => onLimitsEvent({ type: 'limits-call-failed', reason: 'error', at: 0 });
    expect(await growthOf('sms_guard.events', call)).toEqual({ 'limits-call-failed': 1 });
  });

  it('have the attributes of the list, and no others', async () => {
    await meterProvider.forceFlush();
    const all = measured
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics));
    for (const { descriptor, dataPoints } of all) {
      const { name, unit, description } = descriptor;
      const definition = METRICS[name as keyof typeof METRICS];
      expect(definition, name).toMatchObject({ unit, description });
      for (const { attributes } of dataPoints) {
        expect(definition.attributes, name).toEqual(expect.arrayContaining(Object.keys(attributes)));
      }
    }
  });
});

import { createOutcomeCache } from '../../src/api/outcome-cache.ts';
import { createSentAtCache } from '../../src/api/sent-at-cache.ts';
import { type Call, createCalls } from '../../src/call.ts';
import type { ClientContext } from '../../src/client-context.ts';
import type { SmsEvent } from '../../src/events.ts';
import { createLimiter } from '../../src/limits/limiter.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createAdmission } from '../../src/sending/admission.ts';
import type { SendResult } from '../../src/sending/results.ts';
import { createSendMany } from '../../src/sending/send-many/send-many.ts';
import type { BatchMessage } from '../../src/sending/sms-message.ts';
import { createEmit } from '../../src/telemetry/create-emit.ts';
import type { TransportRequest, TransportResponse } from '../../src/transport/transport.ts';

export interface WireMessage {
  readonly destination: string;
  readonly clientMessageId: string;
}

/** The messages of a request. */
export function messagesOf(request: TransportRequest): readonly WireMessage[] {
  return (request.body as { messages: readonly WireMessage[] }).messages;
}

/** 8x8's response when it accepts everything. */
export function acceptAll(request: TransportRequest): TransportResponse {
  const messages = messagesOf(request).map(({ destination, clientMessageId }) => ({
    umid: `umid-${clientMessageId}`,
    clientMessageId,
    destination: destination.slice(1),
    status: { code: 'QUEUED', description: '' },
  }));
  return { status: 200, attempts: 1, body: { batchId: `batch-of-${messages.length}`, messages } };
}

/** `sendMany` over the real pipeline without guards, and a transport of the test. */
export function manyOver(
  respond: (request: TransportRequest, call: Call) => TransportResponse | Promise<TransportResponse>,
) {
  const requests: TransportRequest[] = [];
  const openCalls: Call[] = [];
  const events: SmsEvent[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const clock = { now: () => 0 };
  const emit = createEmit((event) => void events.push(event), clock.now);
  const limiter = createLimiter({ limits: memoryLimits(), scope: 'test', clock, emit });
  const admission = createAdmission({ guards: [], limiter, clock, emit });
  const calls = createCalls(undefined);
  const client = {
    calls,
    scheduledMessages: { remember: async () => undefined },
    costOf: () => ({}),
    emit,
    admission,
    limiter,
    sentAtCache: createSentAtCache(clock),
    outcomeCache: createOutcomeCache(clock),
    subAccountId: 'test',
    phoneDefaults: { defaultCountry: undefined, acceptUnknownCallingCodes: false, source: undefined },
    rewrite: (text: string) => text,
    transport: {
      async request(request: TransportRequest, call: Call) {
        requests.push(request);
        openCalls.push(call);
        inFlight += 1;
        mostInFlight = Math.max(mostInFlight, inFlight);
        try {
          return await respond(request, call);
        } finally {
          inFlight -= 1;
        }
      },
    },
  } as unknown as ClientContext;
  return {
    sendMany: createSendMany(client),
    calls,
    requests,
    openCalls,
    events,
    /** Index of every row that was written, by request. */
    written: () =>
      requests.map((request) => messagesOf(request).map(({ destination }) => rowOf(destination))),
    mostInFlight: () => mostInFlight,
  };
}

/** A valid number for each row of a test. */
export function numberOf(row: number): string {
  return `+659${String(1_000_000 + row)}`;
}

export function rowOf(destination: string): number {
  return Number(destination.slice(4)) - 1_000_000;
}

/** A number of rows, and how many of them were read. */
export function countedRows(count: number) {
  const state = { pulled: 0, returned: 0 };
  function* rows(): Generator<BatchMessage> {
    try {
      for (let row = 0; row < count; row += 1) {
        state.pulled += 1;
        yield { destination: numberOf(row), text: 'Hello' };
      }
    } finally {
      state.returned += 1;
    }
  }
  return { state, rows };
}

/** All results, and the error at the end if there is one. */
export async function collect(run: AsyncIterable<SendResult>) {
  const results: SendResult[] = [];
  try {
    for await (const result of run) results.push(result);
  } catch (error) {
    return { results, error };
  }
  return { results, error: undefined };
}

/** `3 accepted`, `4 failed not-submitted`: the outcome of each row, short enough to compare. */
export function summary(results: readonly SendResult[]): readonly string[] {
  return results.map((result) =>
    result.status === 'accepted'
      ? `${result.index} accepted`
      : `${result.index} ${result.status} ${result.error.submission}`,
  );
}

/** A promise with its resolve and reject functions. */
export function gate<Value = void>() {
  let open: (value: Value) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

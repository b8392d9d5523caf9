import { describe, expect, it } from 'vitest';
import { createCalls } from '../../../src/call.ts';
import type { ClientContext } from '../../../src/client-context.ts';
import {
  ApiError,
  ConfigurationError,
  ConnectionError,
  type SmsError,
  TimeoutError,
  ValidationError,
} from '../../../src/errors.ts';
import type { SmsEvent } from '../../../src/events.ts';
import type { OutgoingMessage } from '../../../src/guards/guard.ts';
import type { ReservationOutcome } from '../../../src/limits/limiter.ts';
import { unknown } from '../../../src/schema.ts';
import type { AdmissionResult, AdmittedMessage } from '../../../src/sending/admission.ts';
import { sendMessages } from '../../../src/sending/pipeline.ts';
import type { SendResult } from '../../../src/sending/results.ts';
import type { SendOperation } from '../../../src/sending/send-operation.ts';
import type { Addressing } from '../../../src/sending/sms-message.ts';
import { createEmit } from '../../../src/telemetry/create-emit.ts';
import type { Operation } from '../../../src/transport/operation.ts';
import { numberOf } from '../../support/client.ts';
import { failureOf } from '../../support/transport.ts';

const reservation = { reservation: 'r-1', rules: [], takenAt: 0, decision: undefined };
type Decided = Omit<AdmittedMessage, 'message'> | Exclude<AdmissionResult, AdmittedMessage>;

const admitted: Decided = {
  kind: 'admitted',
  reservation,
  lookedAt: { clockMs: 0, runtimeMs: 0 },
  waitMs: undefined,
};

const operation: SendOperation<Addressing> = {
  reader: { schema: unknown(), content: () => undefined, wire: () => ({}) },
  segments: {},
  request: () => ({ operation: {} as Operation }),
  read: () => [],
};

/** Sends two messages past guards that decide so, over a network of the test. */
function sendWith(
  request: ClientContext['transport']['request'],
  decisions: readonly Decided[] = [admitted, admitted],
  more: Partial<ClientContext['admission']> = {},
) {
  const outcomes: ReservationOutcome[] = [];
  const events: SmsEvent[] = [];
  const emit = createEmit(
    (event) => void events.push(event),
    () => 0,
  );
  const client = {
    emit,
    phoneDefaults: { defaultCountry: undefined, acceptUnknownCallingCodes: false, source: undefined },
    admission: {
      admit: async (messages: readonly OutgoingMessage[]) =>
        decisions.map((decision, index) => ({ ...decision, message: messages[index] })),
      ...more,
    },
    limiter: {
      settleNow: () => false,
      settle: async (given: readonly ReservationOutcome[]) => void outcomes.push(...given),
      elapsed: () => 0,
    },
    transport: { request },
    sentAtCache: { record: () => {} },
    outcomeCache: { recordLost: () => {} },
    scheduledMessages: { remember: async () => undefined },
    costOf: () => ({}),
    subAccountId: 'team',
  } as unknown as ClientContext;
  const inputs = ['one', 'two'].map((clientMessageId, index) => ({
    index,
    list: '' as const,
    input: { destination: numberOf(index), clientMessageId },
  }));
  const results: Promise<readonly SendResult[]> = createCalls(undefined).run(undefined, (call) =>
    sendMessages(client, inputs, operation, call),
  );
  return { results, outcomes, events };
}

describe('an error of the whole request', () => {
  const fields = { message: 'x', submission: 'unknown', attempts: 2 } as const;
  it.each([
    [new ConnectionError({ ...fields, reason: 'reset' }), 'failed', 'keep'],
    [new TimeoutError({ ...fields, reason: 'timeout' }), 'failed', 'keep'],
    [new ApiError({ ...fields, status: 500, apiCode: 7, retryAfterMs: 5 }), 'failed', 'keep'],
    [new ApiError({ ...fields, status: 400, submission: 'rejected' }), 'rejected', 'return'],
    [new ConnectionError({ ...fields, reason: 'refused', submission: 'not-submitted' }), 'failed', 'return'],
  ])('is one of each message: %o', async (error, status, outcome) => {
    const { results, outcomes, events } = sendWith(async () => {
      throw error;
    });
    const [one, two] = await results;
    expect(outcomes).toMatchObject([{ outcome }, { outcome }]);
    for (const [result, clientMessageId] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      expect(result).toMatchObject({ status, clientMessageId });
      const given = (result as { error: SmsError }).error;
      expect(given).toBeInstanceOf(error.constructor);
      expect(given).toMatchObject({ ...error, clientMessageId });
    }
    expect(events).toHaveLength(2);
  });

  it('is left as it is when it has no place for an id', async () => {
    const error = new ConfigurationError('no key', 'apiKey');
    const { results } = sendWith(async () => {
      throw error;
    });
    for (const result of await results) expect((result as { error: SmsError }).error).toBe(error);
  });

  it('keeps the id that it has', async () => {
    const error = new ConnectionError({ ...fields, reason: 'reset', clientMessageId: 'own' });
    const { results } = sendWith(async () => {
      throw error;
    });
    expect(await results).toMatchObject([
      { error: { clientMessageId: 'own' } },
      { error: { clientMessageId: 'own' } },
    ]);
  });
});

const fault = new TypeError('a bug');

describe('a fault of our own', () => {
  it('is not dressed up as an answer of 8x8', async () => {
    const write = async () => {
      throw fault;
    };
    const { results, outcomes } = sendWith(write);
    expect(await failureOf(results)).toBe(fault);
    // What was taken stays taken: nobody knows whether it left.
    expect(outcomes).toEqual([]);
    const admit = async () => {
      throw fault;
    };
    expect(await failureOf(sendWith(async () => fault as never, [], { admit }).results)).toBe(fault);
  });
});

describe('a decision of the guards', () => {
  it('that refuses is told once', async () => {
    const error = new ValidationError('x', 'idempotencyKey', 'one');
    const { results, events, outcomes } = sendWith(
      async () => fault as never,
      [
        { kind: 'refused', error },
        { kind: 'repeated', stored: undefined },
      ],
    );
    expect(await results).toMatchObject([
      { status: 'failed', error },
      { status: 'failed', error: { submission: 'unknown', clientMessageId: 'two' } },
    ]);
    expect(events.map(({ type }) => type)).toEqual(['message-failed', 'message-repeated']);
    expect(outcomes).toEqual([]);
  });
});

import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { readId } from './input.ts';
import { numberIn, parseResponse, toFields } from './parse-response.ts';

const MESSAGES = '/api/v1/subaccounts/{subAccountId}/messages';

const CANCEL: Operation = {
  name: 'messages.cancel',
  operationId: 'cancel-scheduled-message',
  product: 'sms',
  method: 'DELETE',
  path: `${MESSAGES}/{umid}`,
  repeat: 'safe',
  responseBody: 'json',
};

const CANCEL_BATCH: Operation = {
  name: 'messages.cancelBatch',
  operationId: 'cancel-many-sms-messages',
  product: 'sms',
  method: 'DELETE',
  path: `${MESSAGES}/batch/{batchId}`,
  repeat: 'safe',
  responseBody: 'json',
};

const DELETE_PII: Operation = {
  name: 'messages.deletePii',
  operationId: 'delete-pii',
  product: 'sms',
  method: 'DELETE',
  path: `${MESSAGES}/{umid}/pii`,
  repeat: 'safe',
  responseBody: 'empty',
};

/** Outcome of a cancellation. */
export interface Cancellation {
  /** Number of cancelled messages; 0 when they were already sent or cancelled. */
  readonly cancelledCount: number;
}

/** Cancels one message on the sub-account that sent it, within a call, and returns how many that were: 1 or 0. */
export function createCancelOne(
  transport: ClientContext['transport'],
): (subAccountId: string, umid: string, call: Call) => Promise<number> {
  return async (subAccountId, umid, call) => {
    const answer = await transport.request({ operation: CANCEL, segments: { subAccountId, umid } }, call);
    return parseResponse(CANCEL, answer, (body) => numberIn(toFields(body), 'cancelledCount'));
  };
}

export function createCancelling({ calls, transport, subAccountId }: ClientContext) {
  function cancelWith(
    operation: Operation,
    ids: Readonly<Record<string, string>>,
    options: CallOptions | undefined,
  ): Promise<Cancellation> {
    return calls.run(options, async (call) => {
      const segments: Record<string, string> = { subAccountId };
      for (const [name, id] of Object.entries(ids)) segments[name] = readId(id, name);
      const response = await transport.request({ operation, segments }, call);
      return parseResponse(operation, response, (body) => ({
        cancelledCount: numberIn(toFields(body), 'cancelledCount'),
      }));
    });
  }

  return {
    cancel: (umid: string, options?: CallOptions): Promise<Cancellation> =>
      cancelWith(CANCEL, { umid }, options),
    cancelBatch: (batchId: string, options?: CallOptions): Promise<Cancellation> =>
      cancelWith(CANCEL_BATCH, { batchId }, options),
    deletePii: (umid: string, options?: CallOptions): Promise<void> =>
      calls.run(options, async (call) => {
        const segments = { subAccountId, umid: readId(umid, 'umid') };
        await transport.request({ operation: DELETE_PII, segments }, call);
      }),
  };
}

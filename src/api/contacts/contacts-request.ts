import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import type { Operation } from '../../transport/operation.ts';
import type { TransportRequest } from '../../transport/transport.ts';
import type { CallOptions } from '../../types.ts';
import { parseResponse } from '../parse-response.ts';

/** The parts of one request except the account. */
export type AccountRequest = Partial<Pick<TransportRequest, 'segments' | 'query' | 'body' | 'upload'>>;

/** Sends requests of the Contacts API, whose paths all begin with the account. */
export interface AccountCalls {
  /**
   * Sends one request as one call of the client. `buildRequest` validates the input and throws before anything is
   * sent.
   */
  ask<Result>(
    operation: Operation,
    options: CallOptions | undefined,
    buildRequest: () => AccountRequest,
    read: (body: unknown, status: number) => Result,
  ): Promise<Result>;
  /** Sends one request within a call that has begun. */
  send<Result>(
    operation: Operation,
    call: Call,
    request: AccountRequest,
    read: (body: unknown, status: number) => Result,
  ): Promise<Result>;
}

export function createAccountCalls({ calls, transport, accountId }: ClientContext): AccountCalls {
  async function send<Result>(
    operation: Operation,
    call: Call,
    request: AccountRequest,
    read: (body: unknown, status: number) => Result,
  ): Promise<Result> {
    const segments = { ...request.segments, accountId: accountId() };
    const response = await transport.request({ ...request, operation, segments }, call);
    return parseResponse(operation, response, read);
  }

  return {
    send,
    ask: (operation, options, buildRequest, read) =>
      calls.run(options, async (call) => send(operation, call, buildRequest(), read)),
  };
}

/** Reads an empty response. */
export function readNothing(): void {}

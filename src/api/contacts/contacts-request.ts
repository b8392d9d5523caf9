import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import type { Operation } from '../../transport/operation.ts';
import type { TransportRequest } from '../../transport/transport.ts';
import type { CallOptions } from '../../types.ts';
import { parseResponse } from '../parse-response.ts';

/** What one request holds, the account left out. */
export type AccountRequest = Partial<Pick<TransportRequest, 'segments' | 'query' | 'body' | 'upload'>>;

/** Sends requests of the Contacts API: each of its paths begins with the account. */
export interface AccountCalls {
  /** One request as one call of the client. `prepare` checks what was given and throws before anything is sent. */
  ask<Result>(
    operation: Operation,
    options: CallOptions | undefined,
    prepare: () => AccountRequest,
    read: (body: unknown, status: number) => Result,
  ): Promise<Result>;
  /** One request of a call that is under way. */
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

/** For answers that are empty. */
export function readNothing(): void {}

import type { TransportRequest, TransportResponse } from '../transport/transport.ts';
import type { MessageReader, PreparedMessage } from './prepare.ts';
import type { AcceptedResult, FailedResult, RejectedResult, SendResult } from './results.ts';
import type { Addressing } from './sms-message.ts';

/** The outcome of one message on the wire. */
export type WireResult = AcceptedResult | RejectedResult | FailedResult;

/** A request that carries messages, as data and functions that neither ask nor wait. */
export interface SendOperation<Input extends Addressing> {
  readonly reader: MessageReader<Input>;
  /** Values of the path's `{name}` segments: who sends, and for surveys which one. */
  readonly segments: TransportRequest['segments'];
  /** The request for the messages that the guards admitted. */
  request(
    admitted: readonly PreparedMessage[],
  ): Pick<TransportRequest, 'operation' | 'body' | 'messageCount' | 'clientMessageId'>;
  /** The outcome of each message by the response, in order. */
  read(response: TransportResponse, admitted: readonly PreparedMessage[]): readonly WireResult[];
  /** A last look before the guards: a message that must not go on gets its result here. */
  reject?(messages: readonly PreparedMessage[]): ReadonlyMap<PreparedMessage, SendResult>;
  /** Done right before the request; when it throws an `SmsError` nothing is sent. */
  beforeWrite?(): Promise<void>;
  /** Messages with one identity are sent once; the duplicates get the result of the original. */
  identityOf?(message: PreparedMessage): string;
}

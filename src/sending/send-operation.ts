import type { TransportRequest, TransportResponse } from '../transport/transport.ts';
import type { MessageReader, PreparedMessage } from './prepare.ts';
import type { AcceptedResult, FailedResult, RejectedResult, SendResult } from './results.ts';
import type { Addressing } from './sms-message.ts';

/** The outcome of one message on the wire. */
export type WireResult = AcceptedResult | RejectedResult | FailedResult;

/** A request that carries messages, as data and synchronous functions. */
export interface SendOperation<Input extends Addressing> {
  readonly reader: MessageReader<Input>;
  /** Values of the path's `{name}` segments: the sub-account, and for surveys the survey. */
  readonly segments: TransportRequest['segments'];
  /** Builds the request for the messages that the guards admitted. */
  request(
    admitted: readonly PreparedMessage[],
  ): Pick<TransportRequest, 'operation' | 'body' | 'messageCount' | 'clientMessageId'>;
  /** Reads the outcome of each message from the response, in order. */
  read(
    response: TransportResponse,
    admitted: readonly PreparedMessage[],
  ): readonly WireResult[] | Promise<readonly WireResult[]>;
  /** Checks before the guards: a message that must not be sent gets its result here. */
  reject?(messages: readonly PreparedMessage[]): ReadonlyMap<PreparedMessage, SendResult>;
  /** Called right before the request; when it throws an `SmsError`, nothing is sent. */
  beforeWrite?(): Promise<void>;
  /** Answers in the place of 8x8, to which then nothing is sent. Undefined: 8x8 is asked. */
  answer?(admitted: readonly PreparedMessage[]): Promise<TransportResponse | undefined>;
  /**
   * Identity of a message: messages with the same identity are sent once, and the duplicates get the result of the
   * original.
   */
  identityOf?(message: PreparedMessage): string;
}

/** The messages of the emulator, as tests and demos see them. */

/** The state of a message: `scheduled`, `sent`, `cancelled`, or the state of its furthest receipt. */
export type EmulatedMessageState = 'scheduled' | 'sent' | 'cancelled' | EmulatedReceipt['state'];

/** The status of a delivery receipt in 8x8's format. */
export interface EmulatedReceipt {
  /** The state that the network reported. */
  readonly state:
    | 'queued'
    | 'sent'
    | 'delivered'
    | 'undelivered'
    | 'failed'
    | 'rejected'
    | 'read'
    | 'unknown'
    | (string & {});
  /** 8x8's detail of the state. */
  readonly detail?:
    | 'delivered_to_operator'
    | 'delivered_to_recipient'
    | 'delivered_to_carrier'
    | 'rejected_by_operator'
    | 'undelivered_to_recipient'
    | (string & {});
  /** When it happened, ISO 8601. */
  readonly timestamp: string;
  /** 8x8's delivery error code; absent or 0 without an error. */
  readonly errorCode?: number;
  /** 8x8's description of the error. */
  readonly errorMessage?: string;
}

/** The outcome that was reported for a message with `messages.feedback`. */
export interface EmulatedFeedback {
  /** Whether the message did its job, for example whether the code was entered. */
  readonly outcome: 'success' | 'failure';
  /** Time of the report in epoch milliseconds. */
  readonly at: number;
  /** False for a report more than 15 minutes after the send, which makes 8x8's conversion rate less accurate. */
  readonly inTime: boolean;
}

/** A message after validation, before it is accepted. */
export interface MessageDraft {
  /** The recipient in E.164 with a plus, for example `+6591234567`. */
  readonly destination: string;
  /** The recipient's country, ISO 3166-1 alpha-2; absent for satellite and premium services. */
  readonly country?: string;
  /** The sender ID; `EMULATOR` when the request had none. */
  readonly source: string;
  /** The text that is sent, cut to 10 parts. `**MASKED**` after the removal of personal data. */
  readonly text: string;
  /** The encoding that was used. */
  readonly encoding: 'GSM7' | 'UCS2';
  /** Number of parts, 1 to 10. */
  readonly parts: number;
  /** True when the text had more than 10 parts and its end was lost. */
  readonly cut: boolean;
  /** Your id of the message. */
  readonly clientMessageId?: string;
  /** The end user's IP address, as given in the request. */
  readonly clientIp?: string;
  /** The address for receipts of this message, in place of the account's webhook. */
  readonly dlrCallbackUrl?: string;
  /** Whether conversion tracking was requested. */
  readonly track?: 'None' | 'Outcome';
  /** The variables of a survey; absent for a plain message, empty after the removal of personal data. */
  readonly templateVariables?: Readonly<Record<string, unknown>>;
  /** When the message is due, in epoch milliseconds; absent for an immediate one. */
  readonly scheduledAt?: number;
  /** When the message expires, in epoch milliseconds. */
  readonly expiresAt?: number;
}

/** The request that carried a message. */
export interface MessageOrigin {
  /** The sub-account that sent the message. */
  readonly subAccountId: string;
  /** 8x8's id of the batch; absent for a single message. */
  readonly batchId?: string;
  /** Your id of the batch. */
  readonly clientBatchId?: string;
  /** The survey; absent for a plain message. */
  readonly surveyId?: string;
}

/** A message that the emulator accepted. */
export interface EmulatedMessage extends MessageDraft, MessageOrigin {
  /** 8x8's id of the message. */
  readonly umid: string;
  /** The current state. */
  readonly state: EmulatedMessageState;
  /** When the message was accepted, in epoch milliseconds. */
  readonly createdAt: number;
  /** When `state` last changed, in epoch milliseconds. */
  readonly updatedAt: number;
  /** The invented price, see the option `prices`; after a receipt, the price it reported. The total is 0 when cancelled. */
  readonly price: { readonly perSms: number; readonly total: number; readonly currency: string };
  /** The outcome that was reported with `messages.feedback`. */
  readonly feedback?: EmulatedFeedback;
  /** The furthest delivery receipt; absent before the first. */
  readonly receipt?: EmulatedReceipt;
  /** True after the removal of personal data. */
  readonly personalDataRemoved: boolean;
}

/** 8x8's placeholder for a masked text. */
export const MASKED = '**MASKED**';

/** Hides the last four digits as in 8x8's examples: `+63922110xxxx`. */
export function maskedDestination(destination: string): string {
  return `${destination.slice(0, -4)}xxxx`;
}

/** What one message of the emulator is: readable by tests and demos. */

/** Where a message stands: after `sent`, what `report` said. */
export type EmulatedMessageState = 'scheduled' | 'sent' | 'cancelled' | EmulatedReceipt['state'];

/** The status of a delivery receipt, as 8x8 writes it. */
export interface EmulatedReceipt {
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
  readonly detail?:
    | 'delivered_to_operator'
    | 'delivered_to_recipient'
    | 'delivered_to_carrier'
    | 'rejected_by_operator'
    | 'undelivered_to_recipient'
    | (string & {});
  /** ISO 8601. */
  readonly timestamp: string;
  readonly errorCode?: number;
  readonly errorMessage?: string;
}

/** The outcome that was reported for a message. */
export interface EmulatedFeedback {
  readonly outcome: 'success' | 'failure';
  /** When the report came, epoch milliseconds. */
  readonly at: number;
  /** False when it came more than 15 minutes after the send: 8x8 makes nothing of it then. */
  readonly useful: boolean;
}

/** What is known of a message when it is accepted. */
export interface MessageDraft {
  /** E.164 with a plus, for example `+6591234567`. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2; absent for satellite and premium services. */
  readonly country?: string;
  readonly source: string;
  /** What goes out: a text of more than 10 parts is cut. `**MASKED**` after the removal of personal data. */
  readonly text: string;
  readonly encoding: 'GSM7' | 'UCS2';
  readonly parts: number;
  /** True when the end of the text was lost because it had more than 10 parts. */
  readonly cut: boolean;
  readonly clientMessageId?: string;
  readonly clientIp?: string;
  readonly dlrCallbackUrl?: string;
  readonly track?: 'None' | 'Outcome';
  /** Epoch milliseconds. */
  readonly scheduledAt?: number;
  readonly expiresAt?: number;
}

/** What the call that carried it adds. */
export interface MessageOrigin {
  readonly subAccountId: string;
  readonly batchId?: string;
  readonly clientBatchId?: string;
  readonly surveyId?: string;
}

/** A message that the emulator accepted. */
export interface EmulatedMessage extends MessageDraft, MessageOrigin {
  readonly umid: string;
  readonly state: EmulatedMessageState;
  /** Epoch milliseconds of the acceptance. */
  readonly createdAt: number;
  /** Epoch milliseconds of the last change of `state`. */
  readonly updatedAt: number;
  /** Invented prices, see `prices`; after a receipt, its price. 0 when cancelled. */
  readonly price: { readonly perSms: number; readonly total: number; readonly currency: string };
  readonly feedback?: EmulatedFeedback;
  /** The delivery receipt that got furthest; absent before the first. */
  readonly receipt?: EmulatedReceipt;
  /** True after the removal of personal data. */
  readonly personalDataRemoved: boolean;
}

/** How 8x8 shows what it does not show. */
export const MASKED = '**MASKED**';

/** The last four digits hidden, as in 8x8's examples: `+63922110xxxx`. */
export function maskedDestination(destination: string): string {
  return `${destination.slice(0, -4)}xxxx`;
}

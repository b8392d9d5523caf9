import type { MessagePrice, MessageStatus } from '../api/message-details.ts';

interface WebhookEventBase {
  /** The JSON as it came, also with fields that this version does not know. It holds whole numbers and texts. */
  readonly raw: unknown;
}

/** What a network reported of a message you sent. Several come for one message, in any order. */
export interface DeliveryReceipt extends WebhookEventBase {
  readonly type: 'delivery-receipt';
  readonly umid: string;
  readonly subAccountId: string;
  /** The id by which you know it; absent for a message that had none. */
  readonly clientMessageId?: string;
  readonly batchId?: string;
  readonly clientBatchId?: string;
  /** The person: E.164 where it can be read as that, else as it came. */
  readonly destination: string;
  /** The sender ID. */
  readonly source?: string;
  readonly status: MessageStatus;
  /** Absent when nothing was charged. */
  readonly price?: MessagePrice;
  /** Parts. */
  readonly smsCount?: number;
}

/** What a person wrote to one of your numbers. */
export interface InboundMessage extends WebhookEventBase {
  readonly type: 'inbound';
  readonly umid: string;
  readonly subAccountId: string;
  /** The person: E.164 where it can be read as that, else as it came. */
  readonly source: string;
  /** Your number. */
  readonly destination: string;
  readonly body: string;
  /** ISO 8601, when the person wrote it. */
  readonly timestamp: string;
  readonly encoding?: string;
  /** Parts. */
  readonly smsCount?: number;
  readonly price?: MessagePrice;
}

/** A person opened a short link of a message. */
export interface ShortUrlClick extends WebhookEventBase {
  readonly type: 'short-url-click';
  readonly eventId: string;
  /** ISO 8601. */
  readonly occurredAt: string;
  readonly umid: string;
  readonly destination: string;
  readonly shortUrl: string;
  readonly targetUrl: string;
}

/** A person answered an SMS Engage survey. */
export interface SurveyAnswer extends WebhookEventBase {
  readonly type: 'survey-answer';
  readonly umid: string;
  readonly surveyId: string;
  /** ISO 8601. */
  readonly surveyStartedAt?: string;
  /** ISO 8601. */
  readonly surveySubmittedAt?: string;
  readonly templateVariables: readonly { readonly name: string; readonly value: string }[];
  readonly answers: readonly {
    readonly questionId: string;
    /** Null for an answer in the person's own words. */
    readonly answerId: string | null;
    readonly question: string;
    readonly answer: string;
  }[];
}

/** Anything else at this address: ChatApps, or an event that 8x8 added later. Acknowledged, so that 8x8 stops sending it. */
export interface UnknownWebhookEvent extends WebhookEventBase {
  readonly type: 'unknown';
  readonly namespace?: string;
  readonly eventType?: string;
}

/** What 8x8 posts. Tell them apart by `type`. */
export type WebhookEvent =
  | DeliveryReceipt
  | InboundMessage
  | ShortUrlClick
  | SurveyAnswer
  | UnknownWebhookEvent;

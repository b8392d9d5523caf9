import type { MessagePrice, MessageStatus } from '../api/message-details.ts';

interface WebhookEventBase {
  /**
   * The JSON as 8x8 sent it, including fields that this version does not know. It contains whole numbers and texts: do
   * not log it.
   */
  readonly raw: unknown;
}

/** A network reported on a message that you sent. One message has several receipts, in any order. */
export interface DeliveryReceipt extends WebhookEventBase {
  /** Tells the kind of event: a delivery receipt. */
  readonly type: 'delivery-receipt';
  /** 8x8's id of the message, as `messages.send` returned it. */
  readonly umid: string;
  /** The sub-account that sent the message; empty when 8x8 did not name it. */
  readonly subAccountId: string;
  /** Your id of the message; absent when the message had none. */
  readonly clientMessageId?: string;
  /** 8x8's id of the batch; absent for a single message. */
  readonly batchId?: string;
  /** Your id of the batch; absent when the batch had none. */
  readonly clientBatchId?: string;
  /** The recipient: E.164 when the number can be parsed, otherwise as 8x8 sent it. */
  readonly destination: string;
  /** The sender ID of the message. */
  readonly source?: string;
  /** The status that the network reported; `latestStatus` picks the furthest of several. */
  readonly status: MessageStatus;
  /** The real price; absent when nothing was charged. */
  readonly price?: MessagePrice;
  /** Number of parts. */
  readonly smsCount?: number;
}

/** A person wrote to one of your numbers. */
export interface InboundMessage extends WebhookEventBase {
  /** Tells the kind of event: an inbound message. */
  readonly type: 'inbound';
  /** 8x8's id of the inbound message; one that begins with `no-umid-` and is the same for every repetition when 8x8 gave none. */
  readonly umid: string;
  /** The sub-account that owns the number; empty when 8x8 did not name it. */
  readonly subAccountId: string;
  /** The person's number: E.164 when it can be parsed, otherwise as 8x8 sent it. */
  readonly source: string;
  /** Your number, or for a Messaging Apps channel the ID of the channel; empty when 8x8 did not name it. */
  readonly destination: string;
  /** The text; may be empty. */
  readonly body: string;
  /** When the person wrote it, ISO 8601; empty when 8x8 did not say it. */
  readonly timestamp: string;
  /** `GSM7` or `UCS2`. */
  readonly encoding?: string;
  /** Number of parts. */
  readonly smsCount?: number;
  /** The price of the inbound message; absent when nothing was charged. */
  readonly price?: MessagePrice;
  /** The Messaging Apps channel in lower case, for example `sms`; absent for a message of the SMS API. */
  readonly channel?: string;
}

/** A person opened a short link of a message. */
export interface ShortUrlClick extends WebhookEventBase {
  /** Tells the kind of event: an opened short link. */
  readonly type: 'short-url-click';
  /** 8x8's id of the click. */
  readonly eventId: string;
  /** When the link was opened, ISO 8601; empty when 8x8 did not say it. */
  readonly occurredAt: string;
  /** 8x8's id of the message that contained the link. */
  readonly umid: string;
  /** The recipient of the message: E.164 when the number can be parsed, otherwise as 8x8 sent it. */
  readonly destination: string;
  /** The link in the message; empty when 8x8 did not name it. */
  readonly shortUrl: string;
  /** The page that the link leads to. */
  readonly targetUrl: string;
}

/** A person answered an SMS Engage survey. */
export interface SurveyAnswer extends WebhookEventBase {
  /** Tells the kind of event: a survey answer. */
  readonly type: 'survey-answer';
  /** 8x8's id of the message that contained the survey. */
  readonly umid: string;
  /** The survey that was answered. */
  readonly surveyId: string;
  /** When the person opened the survey, ISO 8601. */
  readonly surveyStartedAt?: string;
  /** When the person submitted the answers, ISO 8601. */
  readonly surveySubmittedAt?: string;
  /** The variables of the message that contained the survey, with the values that you sent. */
  readonly templateVariables: readonly {
    /** The name of the variable. */
    readonly name: string;
    /** Its value; an object or a list as JSON. */
    readonly value: string | number | boolean | null;
  }[];
  /** The answers in the order of the questions; empty when nothing was answered. */
  readonly answers: readonly {
    /** The id of the question; empty when 8x8 sent none. */
    readonly questionId: string;
    /** The id of the chosen answer; null for an answer in the person's own words. */
    readonly answerId: string | null;
    /** The text of the question; empty when 8x8 sent none. */
    readonly question: string;
    /** The person's answer, a number or list as JSON; null for a question that was skipped. */
    readonly answer: string | null;
  }[];
}

/**
 * Any other event at this address: one of another Messaging Apps channel, or one that 8x8 added later. It is acknowledged,
 * so that 8x8 stops repeating it.
 */
export interface UnknownWebhookEvent extends WebhookEventBase {
  /** Tells the kind of event: any other event. */
  readonly type: 'unknown';
  /** For example `ChatApps`. */
  readonly namespace?: string;
  /** 8x8's name of the event. */
  readonly eventType?: string;
}

/** An event that 8x8 posted; `type` distinguishes them. */
export type WebhookEvent =
  | DeliveryReceipt
  | InboundMessage
  | ShortUrlClick
  | SurveyAnswer
  | UnknownWebhookEvent;

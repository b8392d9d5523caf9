import { measureText } from '../../text/measure-text.ts';
import type { EmulatedMessage, EmulatedReceipt } from '../message.ts';

/** The bodies of 8x8's webhooks as documented (developer.8x8.com, "Webhooks"). Deliberately independent of the parser. */

/** The JSON of a webhook. */
export type WebhookBody = Readonly<Record<string, unknown>>;

/** A person's answer to one question of a survey. */
export interface EmulatedAnswer {
  /** The text of the question. */
  readonly question: string;
  /** The person's answer; null for a question that was skipped. */
  readonly answer: string | null;
  /** The id of the question. @default `q1`, `q2`, … */
  readonly questionId?: string | undefined;
  /** The id of the chosen answer. @default null: an answer in the person's own words */
  readonly answerId?: string | undefined;
}

export function receiptBody(
  message: EmulatedMessage,
  status: EmulatedReceipt,
  charged: boolean,
): WebhookBody {
  const { umid, subAccountId, source, destination } = message;
  // 8x8 writes null for an absent id.
  const { batchId = null, clientMessageId = null, clientBatchId = null } = message;
  return {
    namespace: 'SMS',
    eventType: 'outbound_message_status_changed',
    description: 'SMS outbound message delivery receipt',
    payload: {
      umid,
      batchId,
      clientMessageId,
      clientBatchId,
      subAccountId,
      source,
      destination,
      status,
      ...(charged && { price: message.price }),
      smsCount: message.parts,
    },
  };
}

export interface InboundFields {
  readonly umid: string;
  readonly subAccountId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly source: string;
  readonly destination: string;
  readonly body: string;
}

export function inboundBody({
  umid,
  subAccountId,
  at,
  source,
  destination,
  body,
}: InboundFields): WebhookBody {
  const { encoding, parts } = measureText(body, 'AUTO');
  return {
    namespace: 'SMS',
    eventType: 'inbound_message_received',
    description: 'SMS inbound message',
    payload: {
      umid,
      subAccountId,
      timestamp: new Date(at).toISOString(),
      source,
      destination,
      body,
      encoding,
      smsCount: Math.max(1, parts),
    },
  };
}

/** An inbound message of a Messaging Apps channel, whose id is the number written to. */
export function appMessageBody(
  { umid, subAccountId, at, source, destination, body }: InboundFields,
  channel: string,
): WebhookBody {
  return {
    namespace: 'ChatApps',
    eventType: 'inbound_message_received',
    description: 'ChatApps inbound message',
    payload: {
      umid,
      subAccountId,
      timestamp: new Date(at).toISOString(),
      user: { msisdn: source, channelUserId: source.replace('+', '') },
      recipient: { channel, channelId: destination },
      type: 'Text',
      content: { text: body },
    },
  };
}

export interface ClickFields {
  readonly eventId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly shortUrl: string;
  readonly targetUrl: string;
}

export function clickBody({ umid, destination }: EmulatedMessage, click: ClickFields): WebhookBody {
  const { eventId, at, shortUrl, targetUrl } = click;
  const payload = { eventId, occurredAt: new Date(at).toISOString(), umid, destination, shortUrl, targetUrl };
  return {
    namespace: 'SMS',
    eventType: 'short_url_clicked',
    description: 'Short URL in an SMS was clicked',
    payload,
  };
}

/** A survey answer of SMS Engage has no envelope. */
export function surveyBody(
  { umid, surveyId, createdAt, templateVariables = {} }: EmulatedMessage,
  answers: readonly EmulatedAnswer[],
  at: number,
): WebhookBody {
  return {
    umid,
    surveyId,
    surveyStartedAt: new Date(createdAt).toISOString(),
    surveySubmittedAt: new Date(at).toISOString(),
    templateVariables: Object.entries(templateVariables).map(([name, value]) => ({ name, value })),
    answers: answers.map(({ question, answer, questionId, answerId }, index) => ({
      questionId: questionId ?? `q${index + 1}`,
      answerId: answerId ?? null,
      question,
      answer,
    })),
  };
}

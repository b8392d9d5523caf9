import { ValidationError } from '../../errors.ts';
import { maskNumber } from '../../internal/redact.ts';
import type { EmulatorContext } from '../context.ts';
import { isUuid } from '../ids.ts';
import type { EmulatedMessage, EmulatedReceipt } from '../message.ts';
import { MICROS } from '../prices.ts';
import { latestReceipt } from './latest-receipt.ts';
import {
  appMessageBody,
  clickBody,
  type EmulatedAnswer,
  inboundBody,
  receiptBody,
  surveyBody,
} from './webhook-bodies.ts';
import {
  assertConnection,
  assertReply,
  assertReport,
  type EmulatedReply,
  type EmulatedReport,
} from './webhook-input.ts';
import type { ConnectOptions, EmulatedDelivery, WebhookSender, WebhookTarget } from './webhook-sender.ts';

/** Refers to a message: by the message itself or anything with its `umid`, by `umid`, or by number (its last message). */
export type MessageReference =
  | string
  | {
      /** 8x8's id of the message. */
      readonly umid: string;
    };

/** The webhooks of the emulated 8x8, which it posts only when a test asks for them. */
export interface WebhookSimulator {
  /**
   * Sets the receiver of all webhooks; a later call replaces it.
   *
   * @throws ValidationError `receive` is not a function, or an option is malformed
   * @example emulator.connect(receiver.handle, { authorization: 'a-secret-of-16-characters' });
   */
  connect(receive: WebhookTarget, options?: ConnectOptions): void;
  /**
   * Posts the webhook of a person who writes to one of your numbers.
   *
   * @throws ValidationError no receiver is connected, or the person never got a message and `to` is missing
   * @example await emulator.reply('+6591234567', 'STOP');
   */
  reply(from: string, text: string, options?: EmulatedReply): Promise<EmulatedDelivery>;
  /**
   * Sets the state that a network reports for a message, and posts the delivery receipt to the receiver, if one is
   * connected. A late report changes no state, but its receipt is still posted, as at 8x8.
   *
   * @throws ValidationError the message is unknown, or was not sent yet
   * @example await emulator.report('+6591234567', 'delivered');
   * @example await emulator.report(sent, { state: 'undelivered', errorCode: 59 });
   */
  report(
    message: MessageReference,
    report: EmulatedReport | EmulatedReport['state'],
  ): Promise<EmulatedDelivery>;
  /**
   * Posts the webhook of a person who opens a short link.
   *
   * @param link `shortUrl` defaults to the first link in the text, `targetUrl` to `https://example.com/`
   * @throws ValidationError no receiver is connected, the message is unknown, or it contains no link
   * @example await emulator.click('+6591234567');
   */
  click(
    message: MessageReference,
    link?: {
      /** The short link that was opened. @default the first link in the text */
      readonly shortUrl?: string | undefined;
      /** Where the short link leads. @default `https://example.com/` */
      readonly targetUrl?: string | undefined;
    },
  ): Promise<EmulatedDelivery>;
  /**
   * Posts the webhook of a person who answers a survey.
   *
   * @throws ValidationError no receiver is connected, the message is unknown, or it is not a survey
   * @example await emulator.answerSurvey('+6591234567', [{ question: 'Were we good?', answer: 'Yes' }]);
   */
  answerSurvey(message: MessageReference, answers: readonly EmulatedAnswer[]): Promise<EmulatedDelivery>;
  /**
   * Posts a webhook again, by default the last one: 8x8 delivers at least once.
   *
   * @throws ValidationError no receiver is connected, or no webhook was delivered yet
   * @example (await emulator.redeliver()).status; // 200, and your handler did not run again
   */
  redeliver(delivery?: EmulatedDelivery): Promise<EmulatedDelivery>;
  /**
   * Repeats failed deliveries (4xx, 5xx, an exception) that are due, as 8x8 does: 1, 10, 30 and 90 seconds after the
   * previous attempt, on the emulator's clock. Returns the attempts that this call made.
   *
   * @example
   * clock.advance(1_000);
   * const [second] = await emulator.retryDue();
   */
  retryDue(): Promise<readonly EmulatedDelivery[]>;
}

/** Normalises a number by dropping spaces and the like. Anything else (a short code, a name) stays unchanged. */
function toInternational(number: string): string {
  const bare = number.replace(/[\s().-]/g, '');
  return /^[1-9]\d{6,14}$/.test(bare) ? `+${bare}` : bare;
}

export function createWebhookSimulator(
  context: EmulatorContext,
  sender: WebhookSender,
): WebhookSimulator & { clear(): void } {
  const { clock, ids, messages } = context;

  function needReceiver(): void {
    if (sender.isConnected()) return;
    throw new ValidationError(
      'No receiver is connected: call emulator.connect(receiver.handle) first.',
      'connect',
    );
  }

  const lastTo = (number: string) =>
    messages.all().findLast(({ destination }) => destination === toInternational(number));

  function findMessage(reference: MessageReference): EmulatedMessage {
    const name = typeof reference === 'string' ? reference : reference.umid;
    const umid = name.toLowerCase();
    const found = isUuid(umid) ? messages.get(umid) : lastTo(name);
    if (found !== undefined) return found;
    const shown = isUuid(umid) ? `with the umid ${umid}` : `to ${maskNumber(name)}`;
    throw new ValidationError(`The emulator accepted no message ${shown}.`, 'message');
  }

  function readStatus(report: EmulatedReport): EmulatedReceipt {
    const { state, errorCode, errorMessage, at } = report;
    const detail = report.detail ?? (state === 'delivered' ? 'delivered_to_recipient' : undefined);
    return {
      state,
      ...(detail !== undefined && { detail }),
      timestamp: new Date(at ?? clock.now()).toISOString(),
      ...(errorCode !== undefined && { errorCode }),
      ...(errorMessage !== undefined && { errorMessage }),
    };
  }

  return {
    connect(receive, options = {}) {
      assertConnection(receive, options);
      sender.connect(receive, options);
    },
    async reply(from, text, options = {}) {
      assertReply(text, options);
      needReceiver();
      const { to, subAccountId, at = clock.now(), channel } = options;
      const source = toInternational(from);
      const heard = lastTo(from);
      const destination = to ?? heard?.source;
      if (destination === undefined) {
        const message = `${maskNumber(source)} never got a message: pass the number they write to as { to }.`;
        throw new ValidationError(message, 'to');
      }
      const account = subAccountId ?? heard?.subAccountId ?? context.defaultSubAccountId;
      const fields = { umid: ids.uuid(), subAccountId: account, at, source, destination, body: text };
      const body = channel === undefined ? inboundBody(fields) : appMessageBody(fields, channel);
      return sender.send(body, account);
    },
    async report(reference, given) {
      const report = typeof given === 'string' ? { state: given } : given;
      assertReport(report);
      const message = findMessage(reference);
      if (message.state === 'scheduled' || message.state === 'cancelled') {
        const advice = message.state === 'scheduled' ? ': move the clock to its time first' : '';
        throw new ValidationError(`The message is ${message.state} and was not sent${advice}.`, 'message');
      }
      const status = readStatus(report);
      const perSms = report.price === false ? 0 : (report.price ?? message.price.perSms);
      const receipt = latestReceipt(message.receipt, status);
      const changed = messages.change(message, {
        receipt,
        state: receipt.state,
        updatedAt: Date.parse(receipt.timestamp),
        price: { ...message.price, perSms, total: Math.round(perSms * MICROS * message.parts) / MICROS },
      });
      const body = receiptBody(changed, status, report.price !== false);
      return sender.send(body, message.subAccountId, message.dlrCallbackUrl);
    },
    async click(reference, { shortUrl, targetUrl = 'https://example.com/' } = {}) {
      needReceiver();
      const message = findMessage(reference);
      const link = shortUrl ?? /https?:\/\/\S+/.exec(message.text)?.[0];
      if (link === undefined)
        throw new ValidationError('The message contains no link: pass shortUrl.', 'shortUrl');
      const click = { eventId: ids.uuid(), at: clock.now(), shortUrl: link, targetUrl };
      return sender.send(clickBody(message, click), message.subAccountId);
    },
    async answerSurvey(reference, answers) {
      needReceiver();
      const message = findMessage(reference);
      if (message.surveyId === undefined)
        throw new ValidationError('The message is not a survey.', 'message');
      return sender.send(surveyBody(message, answers, clock.now()), message.subAccountId);
    },
    async redeliver(delivery = sender.last()) {
      needReceiver();
      if (delivery === undefined) {
        throw new ValidationError('No webhook was delivered yet, so there is none to repeat.', 'delivery');
      }
      return sender.resend(delivery);
    },
    retryDue: sender.retryDue,
    clear: sender.clear,
  };
}

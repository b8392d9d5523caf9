import { ValidationError } from '../../errors.ts';
import { maskNumber } from '../../redact.ts';
import type { EmulatorContext } from '../context.ts';
import { isUuid } from '../ids.ts';
import type { EmulatedMessage, EmulatedReceipt } from '../message.ts';
import { MICROS } from '../prices.ts';
import { latestReceipt } from './latest-receipt.ts';
import { clickBody, type EmulatedAnswer, inboundBody, receiptBody, surveyBody } from './webhook-bodies.ts';
import {
  assertConnection,
  assertReply,
  assertReport,
  type EmulatedReply,
  type EmulatedReport,
} from './webhook-input.ts';
import {
  type ConnectOptions,
  createWebhookSender,
  type EmulatedDelivery,
  type WebhookTarget,
} from './webhook-sender.ts';

/** A message of the emulator: itself, anything with its `umid`, the `umid`, or a number (then the last one to it). */
export type MessageReference = string | { readonly umid: string };

/** The pretend 8x8 as the one who calls: webhooks, only when a test says so. */
export interface WebhookSimulator {
  /**
   * Says who takes the webhooks. The last one connected gets them all.
   *
   * @example emulator.connect(receiver.handle, { authorization: 'a-secret-of-16-characters' });
   */
  connect(receive: WebhookTarget, options?: ConnectOptions): void;
  /**
   * A person writes to you.
   *
   * @throws ValidationError nobody is connected, or the person never got a message and `to` is missing
   * @example await emulator.reply('+6591234567', 'STOP');
   */
  reply(from: string, text: string, options?: EmulatedReply): Promise<EmulatedDelivery>;
  /**
   * A network reports on a message: it gets that state, and whoever is connected the delivery receipt. A late report
   * changes no state, but its receipt is delivered all the same, as 8x8's are.
   *
   * @throws ValidationError there is no such message, or it has not gone out
   * @example await emulator.report('+6591234567', 'delivered');
   * @example await emulator.report(sent, { state: 'undelivered', errorCode: 59 });
   */
  report(
    message: MessageReference,
    report: EmulatedReport | EmulatedReport['state'],
  ): Promise<EmulatedDelivery>;
  /**
   * A person opens a link. `shortUrl`: by default the first one in the text.
   *
   * @throws ValidationError nobody is connected, there is no such message, or it holds no link
   * @example await emulator.click('+6591234567');
   */
  click(
    message: MessageReference,
    link?: { readonly shortUrl?: string | undefined; readonly targetUrl?: string | undefined },
  ): Promise<EmulatedDelivery>;
  /**
   * A person answers a survey.
   *
   * @throws ValidationError nobody is connected, there is no such message, or it is no survey
   * @example await emulator.answerSurvey('+6591234567', [{ question: 'Were we good?', answer: 'Yes' }]);
   */
  answerSurvey(message: MessageReference, answers: readonly EmulatedAnswer[]): Promise<EmulatedDelivery>;
  /**
   * Posts a webhook once more, by default the last: 8x8 delivers at least once.
   *
   * @throws ValidationError nothing was delivered yet
   * @example (await emulator.redeliver()).status; // 200, and your handler did not run again
   */
  redeliver(delivery?: EmulatedDelivery): Promise<EmulatedDelivery>;
  /**
   * Tries again what failed (4xx, 5xx, a throw), as 8x8 does: 1, 10, 30 and 90 seconds after the attempt before, on the
   * emulator's clock. Gives the attempts that were made now.
   *
   * @example
   * clock.advance(1_000);
   * const [second] = await emulator.retryDue();
   */
  retryDue(): Promise<readonly EmulatedDelivery[]>;
}

/** Spaces and the like are dropped. What is no number (a short code, a name) stays as it is. */
function toInternational(number: string): string {
  const bare = number.replace(/[\s().-]/g, '');
  return /^[1-9]\d{6,14}$/.test(bare) ? `+${bare}` : bare;
}

export function createWebhookSimulator(context: EmulatorContext): WebhookSimulator & { clear(): void } {
  const sender = createWebhookSender(context);
  const { clock, ids, messages } = context;

  function needReceiver(): void {
    if (sender.isConnected()) return;
    throw new ValidationError(
      'Nobody takes the webhooks: call emulator.connect(receiver.handle) first.',
      'connect',
    );
  }

  const lastTo = (number: string) =>
    messages.all().findLast(({ destination }) => destination === toInternational(number));

  function findMessage(reference: MessageReference): EmulatedMessage {
    const name = typeof reference === 'string' ? reference : reference.umid;
    const umid = name.toLowerCase();
    const found = isUuid(umid) ? messages.all().find((message) => message.umid === umid) : lastTo(name);
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
      const { to, subAccountId, at } = options;
      const source = toInternational(from);
      const heard = lastTo(from);
      const destination = to ?? heard?.source;
      if (destination === undefined) {
        const message = `${maskNumber(source)} got no message to answer: say which number they write to, { to }.`;
        throw new ValidationError(message, 'to');
      }
      const account = subAccountId ?? heard?.subAccountId ?? context.defaultSubAccountId;
      const fields = { umid: ids.uuid(), subAccountId: account, source, destination, body: text };
      return sender.send(inboundBody({ ...fields, at: at ?? clock.now() }), account);
    },
    async report(reference, given) {
      const report = typeof given === 'string' ? { state: given } : given;
      assertReport(report);
      const message = findMessage(reference);
      if (message.state === 'scheduled' || message.state === 'cancelled') {
        const advice = message.state === 'scheduled' ? ': move the clock to its time first' : '';
        throw new ValidationError(`The message is ${message.state}, no network has it${advice}.`, 'message');
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
        throw new ValidationError('The message holds no link: give shortUrl.', 'shortUrl');
      const click = { eventId: ids.uuid(), at: clock.now(), shortUrl: link, targetUrl };
      return sender.send(clickBody(message, click), message.subAccountId);
    },
    async answerSurvey(reference, answers) {
      needReceiver();
      const message = findMessage(reference);
      if (message.surveyId === undefined) throw new ValidationError('The message is no survey.', 'message');
      return sender.send(surveyBody(message, answers, clock.now()), message.subAccountId);
    },
    async redeliver(delivery = sender.last()) {
      needReceiver();
      if (delivery === undefined) throw new ValidationError('No webhook was delivered yet.', 'delivery');
      return sender.resend(delivery);
    },
    retryDue: sender.retryDue,
    clear: sender.clear,
  };
}

import type { SmsClient } from '../client.ts';
import type { InboundConsent } from '../consent/handle-inbound.ts';
import { ConfigurationError } from '../errors.ts';
import {
  anyFunction,
  type Fields,
  integer,
  list,
  object,
  objectWith,
  unknown,
  validate,
  word,
} from '../schema.ts';
import { authenticationField, CHOICES, type WebhookAuthentication } from './authentication/authenticate.ts';
import { INBOUND_PORT, type InboundPort } from './inbound-port.ts';
import type {
  DeliveryReceipt,
  InboundMessage,
  ShortUrlClick,
  SurveyAnswer,
  UnknownWebhookEvent,
} from './webhook-event.ts';

/** The second argument of every handler. */
export interface WebhookCall {
  /** Aborts when `timeoutMs` has passed or the client is closed: the receiver no longer waits for the handler. */
  readonly signal: AbortSignal;
}

/** The second argument of `onInbound`. */
export interface InboundCall extends WebhookCall {
  /** The change of the person's consent, recorded before the handler runs. */
  readonly consent: InboundConsent;
}

/**
 * Your handlers, one per kind of event. Guards and consent have processed the event before its handler runs. A handler
 * that throws, or does not finish within `timeoutMs`, gets the same event again when 8x8 repeats it: after 1, 10, 30 and
 * 90 seconds. An event without a handler is acknowledged.
 */
export interface WebhookHandlers {
  /** A network reported on a message that you sent. Use `latestStatus` to order the receipts of one message. */
  readonly onDeliveryReceipt?:
    | ((event: DeliveryReceipt, call: WebhookCall) => void | Promise<void>)
    | undefined;
  /** A person wrote to one of your numbers. */
  readonly onInbound?: ((event: InboundMessage, call: InboundCall) => void | Promise<void>) | undefined;
  /** A person opened a short link of a message. */
  readonly onShortUrlClick?: ((event: ShortUrlClick, call: WebhookCall) => void | Promise<void>) | undefined;
  /** A person answered an SMS Engage survey. */
  readonly onSurveyAnswer?: ((event: SurveyAnswer, call: WebhookCall) => void | Promise<void>) | undefined;
  /** Any other event: one of another Messaging Apps channel, or one that this version does not know. */
  readonly onUnknown?: ((event: UnknownWebhookEvent, call: WebhookCall) => void | Promise<void>) | undefined;
}

/** Options of {@link createWebhookReceiver}. */
export interface WebhookReceiverOptions {
  /** The client whose guards and consent process every event. Its limit store remembers which events were handled. */
  readonly client: SmsClient;
  /** How the receiver verifies that 8x8 sent a request, or `'none'`. 8x8 does not sign its webhooks. */
  readonly authentication: WebhookAuthentication;
  /** Your handlers, one per kind of event; may be an instance of a class. */
  readonly handlers: WebhookHandlers;
  /**
   * Messaging Apps channels whose inbound messages count like SMS, so that a STOP is an opt-out, for example
   * `['sms', 'whatsapp']`. Events of other channels are `unknown`. Receipts count for `sms` alone.
   * @default ['sms']
   */
  readonly channels?: readonly string[] | undefined;
  /**
   * Maximum size of a body in bytes, 1,024 to 10,485,760; the rest of a larger body is not read.
   * @default 65_536 (chosen by this package: 8x8's events have 1 or 2 KB)
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Time limit in milliseconds, 100 to 60,000: once for reading the body, and once for guards, consent and handler
   * together.
   * @default 10_000 (chosen by this package: 8x8 documents no time limit)
   */
  readonly timeoutMs?: number | undefined;
}

export const DEFAULT_MAX_BODY_BYTES = 65_536;
export const DEFAULT_TIMEOUT_MS = 10_000;
/** The claim of a process that died must expire before 8x8's last attempt, 131 s after the first. */
const MAX_TIMEOUT_MS = 60_000;

function isChannel(text: string): boolean {
  return /^[a-z0-9]{1,40}$/.test(text);
}

const handlerFields: Fields<WebhookHandlers> = {
  onDeliveryReceipt: anyFunction(),
  onInbound: anyFunction(),
  onShortUrlClick: anyFunction(),
  onSurveyAnswer: anyFunction(),
  onUnknown: anyFunction(),
};
const optionFields: Fields<WebhookReceiverOptions> = {
  client: unknown(),
  authentication: authenticationField,
  handlers: object(handlerFields, 'an object of handlers'),
  channels: list(word(isChannel, 'a Messaging Apps channel in lower case, such as whatsapp'), { max: 20 }),
  maxBodyBytes: integer({ min: 1_024, max: 10_485_760, unit: 'bytes' }),
  timeoutMs: integer({ min: 100, max: MAX_TIMEOUT_MS, unit: 'milliseconds' }),
};
const schema = objectWith(['client', 'authentication', 'handlers'], optionFields, 'an object of options');

const HANDLER_NAMES = Object.keys(handlerFields) as (keyof WebhookHandlers)[];

/**
 * Binds each handler to the object that it was passed with. Handlers are looked up by name: a copy of the object would
 * lose the methods of its class, and every event would be acknowledged without being handled.
 */
export function bindHandlers(handlers: WebhookHandlers): WebhookHandlers {
  return Object.fromEntries(HANDLER_NAMES.map((name) => [name, handlers[name]?.bind(handlers)]));
}

/**
 * Checks the options and finds the client's inbound port.
 *
 * @throws ConfigurationError
 */
export function readOptions(options: WebhookReceiverOptions): InboundPort {
  const flaw = validate(schema, options);
  if (flaw !== undefined)
    throw new ConfigurationError(`${flaw.message}${authenticationHint(flaw.path, options)}`, flaw.path);
  const inboundPort = (options.client as { readonly [INBOUND_PORT]?: InboundPort } | null)?.[INBOUND_PORT];
  if (inboundPort === undefined) {
    throw new ConfigurationError(
      'client must be an SmsClient: new SmsClient(…), of this version of 8x8-sms-guard.',
      'client',
    );
  }
  return inboundPort;
}

function authenticationHint(path: string, options: WebhookReceiverOptions): string {
  return path === 'authentication' && options.authentication === undefined ? ` ${CHOICES}` : '';
}

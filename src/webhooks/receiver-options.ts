import type { SmsClient } from '../client.ts';
import type { InboundConsent } from '../consent/handle-inbound.ts';
import { ConfigurationError } from '../errors.ts';
import { anyFunction, anything, type Fields, findFlaw, integer, shape, shapeWith } from '../schema.ts';
import { authenticationField, type WebhookAuthentication } from './authentication/authenticate.ts';
import { INBOUND_PORT, type InboundPort } from './inbound-port.ts';
import type {
  DeliveryReceipt,
  InboundMessage,
  ShortUrlClick,
  SurveyAnswer,
  UnknownWebhookEvent,
} from './webhook-event.ts';

/** Second argument of every handler. */
export interface WebhookCall {
  /** Fires when `timeoutMs` is over or the client is closed: nobody waits for the handler any longer. */
  readonly signal: AbortSignal;
}

/** Second argument of `onInbound`. */
export interface InboundCall extends WebhookCall {
  /** What the text meant for the person's consent; recorded before the handler runs. */
  readonly consent: InboundConsent;
}

/**
 * What you do with an event. The guards have taken it in by then. A handler that throws, or is not done within `timeoutMs`,
 * gets the same event again when 8x8 repeats it: after 1, 10, 30 and 90 seconds.
 */
export interface WebhookHandlers {
  /** A network reported on a message of yours: `latestStatus` brings the reports of one message in order. */
  readonly onDeliveryReceipt?:
    | ((event: DeliveryReceipt, call: WebhookCall) => void | Promise<void>)
    | undefined;
  /** A person wrote to you. */
  readonly onInbound?: ((event: InboundMessage, call: InboundCall) => void | Promise<void>) | undefined;
  /** A person opened a short link. */
  readonly onShortUrlClick?: ((event: ShortUrlClick, call: WebhookCall) => void | Promise<void>) | undefined;
  /** A person answered a survey. */
  readonly onSurveyAnswer?: ((event: SurveyAnswer, call: WebhookCall) => void | Promise<void>) | undefined;
  /** ChatApps, or an event that this version does not know. Acknowledged, also without this handler. */
  readonly onUnknown?: ((event: UnknownWebhookEvent, call: WebhookCall) => void | Promise<void>) | undefined;
}

/** What {@link createWebhookReceiver} needs. */
export interface WebhookReceiverOptions {
  /** Its guards and consent take in every event, and its limit store remembers which were handled. */
  readonly client: SmsClient;
  /** How you know that it is 8x8, or `'none'`. 8x8 does not sign. */
  readonly authentication: WebhookAuthentication;
  readonly handlers: WebhookHandlers;
  /** Bytes of a body at most; more are not read. @default 65_536: ours, 8x8's events have 1 or 2 KB */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Milliseconds for guards, consent and handler together, and for reading the body; 60,000 at most.
   * @default 10_000: ours, 8x8 documents no time limit
   */
  readonly timeoutMs?: number | undefined;
}

export const DEFAULT_MAX_BODY_BYTES = 65_536;
export const DEFAULT_TIMEOUT_MS = 10_000;
/** The claim of a process that died must end before 8x8's last try, 131 s after the first. */
const MAX_TIMEOUT_MS = 60_000;

const handlerFields: Fields<WebhookHandlers> = {
  onDeliveryReceipt: anyFunction(),
  onInbound: anyFunction(),
  onShortUrlClick: anyFunction(),
  onSurveyAnswer: anyFunction(),
  onUnknown: anyFunction(),
};
const optionFields: Fields<WebhookReceiverOptions> = {
  client: anything(),
  authentication: authenticationField,
  handlers: shape(handlerFields, 'an object of handlers'),
  maxBodyBytes: integer({ min: 1_024, max: 10_485_760, unit: 'bytes' }),
  timeoutMs: integer({ min: 100, max: MAX_TIMEOUT_MS, unit: 'milliseconds' }),
};
const schema = shapeWith(['client', 'authentication', 'handlers'], optionFields, 'an object of options');

const HANDLER_NAMES = Object.keys(handlerFields) as (keyof WebhookHandlers)[];

/**
 * The handlers of this moment, each with the `this` it was given with. By name: a copy of an object would lose the methods
 * of its class, and every event would be acknowledged and handled by nobody.
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
  const flaw = findFlaw(schema, options);
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  const inboundPort = (options.client as { readonly [INBOUND_PORT]?: InboundPort } | null)?.[INBOUND_PORT];
  if (inboundPort === undefined) {
    throw new ConfigurationError(
      'client must be an SmsClient: new SmsClient(…), of this version of 8x8-sms-guard.',
      'client',
    );
  }
  return inboundPort;
}

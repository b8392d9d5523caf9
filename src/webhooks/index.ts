export { WebhookError, type WebhookFailure } from '../errors.ts';
export type { RemoteAddressOptions } from './adapters/adapter.ts';
export { toExpressHandler } from './adapters/express.ts';
export {
  type FastifyWebhookHandler,
  type FastifyWebhookReply,
  type FastifyWebhookRequest,
  toFastifyHandler,
} from './adapters/fastify.ts';
export { type HonoWebhookContext, toHonoHandler } from './adapters/hono.ts';
export { type LambdaWebhookEvent, type LambdaWebhookResult, toLambdaHandler } from './adapters/lambda.ts';
export { toNextHandler } from './adapters/next.ts';
export { type NodeWebhookHandler, toNodeHandler } from './adapters/node.ts';
export type { NodeWebhookRequest, NodeWebhookResponse } from './adapters/node-delivery.ts';
export type {
  AccessTokenOptions,
  PublicCryptoKey,
  PublicJwk,
  TokenAlgorithm,
} from './authentication/access-token-options.ts';
export type { WebhookAuthentication, WebhookCredentials } from './authentication/authenticate.ts';
export { WEBHOOK_SOURCE_ADDRESSES } from './authentication/published-addresses.ts';
export type { SourceAddressOptions } from './authentication/source-addresses.ts';
export type {
  ReceivedWebhook,
  WebhookConnection,
  WebhookDelivery,
  WebhookReceiver,
  WebhookResponse,
} from './delivery.ts';
export {
  DELIVERY_ERROR_CODES,
  type DeliveryErrorCode,
  type DeliveryErrorKind,
  describeDeliveryError,
} from './delivery-error-codes.ts';
export { latestStatus } from './latest-status.ts';
export { createWebhookReceiver } from './receiver.ts';
export type {
  InboundCall,
  WebhookCall,
  WebhookHandlers,
  WebhookReceiverOptions,
} from './receiver-options.ts';
export type {
  DeliveryReceipt,
  InboundMessage,
  ShortUrlClick,
  SurveyAnswer,
  UnknownWebhookEvent,
  WebhookEvent,
} from './webhook-event.ts';

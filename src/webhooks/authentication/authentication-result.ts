import type { SmsEvent } from '../../events.ts';
import type { WebhookDelivery } from '../delivery.ts';

/** Why a delivery was not accepted as 8x8's. Reported to the team in an event, never to the sender. */
export type AuthenticationFailure = Extract<
  Extract<SmsEvent, { readonly type: 'webhook-refused' }>['reason'],
  'wrong-authorization' | 'wrong-token' | 'unknown-address' | 'no-address'
>;

/** Undefined when the delivery passed. */
export type AuthenticationResult = AuthenticationFailure | undefined;

/** One way to authenticate a delivery. */
export type AuthenticationCheck = (
  delivery: Pick<WebhookDelivery, 'header' | 'remoteAddress'>,
) => Promise<AuthenticationResult>;

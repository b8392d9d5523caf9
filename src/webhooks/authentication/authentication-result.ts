import type { SmsEvent } from '../../events.ts';
import type { WebhookDelivery } from '../delivery.ts';

/** Why a delivery is not believed to be 8x8's; for the team's eyes only. */
export type AuthenticationFailure = Extract<
  Extract<SmsEvent, { readonly type: 'webhook-refused' }>['reason'],
  'wrong-authorization' | 'wrong-token' | 'unknown-address' | 'no-address'
>;

/** Undefined when nothing speaks against the delivery. */
export type AuthenticationResult = AuthenticationFailure | undefined;

/** One way to authenticate a delivery. */
export type AuthenticationCheck = (
  delivery: Pick<WebhookDelivery, 'header' | 'remoteAddress'>,
) => Promise<AuthenticationResult>;

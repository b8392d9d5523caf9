import type { SmsEvent } from '../../events.ts';
import type { WebhookDelivery } from '../delivery.ts';

/** Why a delivery is not believed to be 8x8's; for the team's eyes only. */
export type Doubt = Extract<
  Extract<SmsEvent, { readonly type: 'webhook-refused' }>['reason'],
  'wrong-authorization' | 'wrong-token' | 'unknown-address' | 'no-address'
>;

/** Undefined when nothing speaks against it. */
export type Check = (
  delivery: Pick<WebhookDelivery, 'header' | 'remoteAddress'>,
) => Promise<Doubt | undefined>;

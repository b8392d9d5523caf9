import type { InboundMessage } from '../../src/webhooks/webhook-event.ts';
import { numberOf } from './client.ts';
import { NOON } from './fake-clock.ts';

/** The team's number that people write to. */
export const OUR_NUMBER = '+6580001234';

let count = 0;

/** A text of a person, with a new ID each time. */
export function textOf(
  body: string,
  { at = NOON, ...fields }: Partial<InboundMessage> & { readonly at?: number } = {},
): InboundMessage {
  count += 1;
  return {
    type: 'inbound',
    umid: `umid-${count}`,
    subAccountId: 'team_otp',
    source: numberOf(1),
    destination: OUR_NUMBER,
    body,
    timestamp: new Date(at).toISOString(),
    raw: {},
    ...fields,
  };
}

import type { OutgoingMessage } from '../../src/guards/guard.ts';
import { normalisePhone } from '../../src/phone/normalise-phone.ts';
import { contentOf } from '../../src/sending/prepare.ts';
import type { SmsContent } from '../../src/sending/sms-message.ts';
import { numberOf } from './client.ts';

/** A message as the guards see it. */
export function messageOf({
  destination = numberOf(1),
  text = 'Hello',
  source,
  placeholders,
  values,
  ...rest
}: Omit<SmsContent, 'source'> &
  Partial<Pick<OutgoingMessage, 'purpose' | 'clientMessageId' | 'idempotency'>> & {
    readonly destination?: string;
    readonly source?: string | undefined;
    readonly placeholders?: readonly string[];
    readonly values?: readonly string[];
  } = {}): OutgoingMessage {
  const result = normalisePhone(destination, undefined);
  if (!result.ok) throw new Error(result.hint);
  const { purpose = 'transactional', clientMessageId = 'id-1', idempotency, ...content } = rest;
  return {
    index: 0,
    purpose,
    clientMessageId,
    phone: result.phone,
    content: {
      ...contentOf({ ...content, source, text }),
      ...(placeholders !== undefined && { placeholders }),
      ...(values !== undefined && { values }),
    },
    ...(idempotency !== undefined && { idempotency }),
  };
}

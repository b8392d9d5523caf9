import { expectTypeOf, test } from 'vitest';
import type {
  BatchMessage,
  Consent,
  ConsentLedger,
  ConsentRecord,
  InboundConsent,
  OptInRequest,
  SmsMessage,
} from '../../src/index.ts';
import type { InboundMessage } from '../../src/webhooks/index.ts';

test('no message of a caller can carry an exemption from the consent guard', () => {
  expectTypeOf<SmsMessage>().not.toHaveProperty('exemption');
  expectTypeOf<BatchMessage>().not.toHaveProperty('exemption');
  expectTypeOf<OptInRequest>().not.toHaveProperty('exemption');
});

test('get returns a choice, never a pending request', () => {
  expectTypeOf<ConsentRecord['state']>().toEqualTypeOf<'opted-in' | 'opted-out'>();
  expectTypeOf<Awaited<ReturnType<ConsentLedger['get']>>>().toEqualTypeOf<
    readonly (ConsentRecord | undefined)[]
  >();
});

test('handleInbound takes what the receiver gives', () => {
  expectTypeOf<Consent['handleInbound']>().parameter(0).toEqualTypeOf<InboundMessage>();
  expectTypeOf<Consent['handleInbound']>().returns.resolves.toEqualTypeOf<InboundConsent>();
});

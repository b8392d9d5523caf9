// Checked by `npm run typecheck`; nothing here runs.
import { describe, expectTypeOf, it } from 'vitest';
import {
  type AbortedError,
  type ApiError,
  type AuthenticationError,
  type BadRequestError,
  type ConfigurationError,
  type ConnectionError,
  type ConsentError,
  type GuardError,
  type InvalidPhoneNumberError,
  LimitError,
  type MessageRejectedError,
  type NotFoundError,
  type PermissionDeniedError,
  type QueueFullError,
  type RateLimitError,
  type ServerError,
  SmsError,
  type SmsErrorCode,
  type StoreError,
  type Submission,
  type TimeoutError,
  type TlsUpgradeRequiredError,
  type ValidationError,
  type WebhookError,
} from '../../src/errors.ts';

describe('error codes', () => {
  it('is one literal a class', () => {
    expectTypeOf<ConfigurationError['code']>().toEqualTypeOf<'configuration'>();
    expectTypeOf<ValidationError['code']>().toEqualTypeOf<'validation'>();
    expectTypeOf<InvalidPhoneNumberError['code']>().toEqualTypeOf<'invalid-phone-number'>();
    expectTypeOf<ConsentError['code']>().toEqualTypeOf<'consent'>();
    expectTypeOf<LimitError['code']>().toEqualTypeOf<'limit'>();
    expectTypeOf<BadRequestError['code']>().toEqualTypeOf<'bad-request'>();
    expectTypeOf<AuthenticationError['code']>().toEqualTypeOf<'authentication'>();
    expectTypeOf<PermissionDeniedError['code']>().toEqualTypeOf<'permission-denied'>();
    expectTypeOf<NotFoundError['code']>().toEqualTypeOf<'not-found'>();
    expectTypeOf<RateLimitError['code']>().toEqualTypeOf<'rate-limit'>();
    expectTypeOf<TlsUpgradeRequiredError['code']>().toEqualTypeOf<'tls-upgrade-required'>();
    expectTypeOf<ServerError['code']>().toEqualTypeOf<'server'>();
    expectTypeOf<TimeoutError['code']>().toEqualTypeOf<'timeout'>();
    expectTypeOf<AbortedError['code']>().toEqualTypeOf<'aborted'>();
    expectTypeOf<QueueFullError['code']>().toEqualTypeOf<'queue-full'>();
    expectTypeOf<StoreError['code']>().toEqualTypeOf<'store'>();
    expectTypeOf<MessageRejectedError['code']>().toEqualTypeOf<'message-rejected'>();
    expectTypeOf<WebhookError['code']>().toEqualTypeOf<'webhook'>();
  });

  it('is a union where classes stand below', () => {
    expectTypeOf<GuardError['code']>().toEqualTypeOf<
      'guard' | 'invalid-phone-number' | 'consent' | 'limit'
    >();
    expectTypeOf<ConnectionError['code']>().toEqualTypeOf<'connection' | 'timeout'>();
    expectTypeOf<ApiError['code']>().toEqualTypeOf<
      | 'api'
      | 'bad-request'
      | 'authentication'
      | 'permission-denied'
      | 'not-found'
      | 'rate-limit'
      | 'tls-upgrade-required'
      | 'server'
    >();
    expectTypeOf<SmsError['code']>().toEqualTypeOf<SmsErrorCode>();
  });
});

describe('isInstance', () => {
  it('narrows to the class it is called on', () => {
    const error: unknown = undefined;
    if (LimitError.isInstance(error)) {
      expectTypeOf(error).toEqualTypeOf<LimitError>();
      expectTypeOf(error.retryAfterMs).toEqualTypeOf<number | undefined>();
    } else if (SmsError.isInstance(error)) {
      expectTypeOf(error).toEqualTypeOf<SmsError>();
      expectTypeOf(error.submission).toEqualTypeOf<Submission>();
    }
  });

  it('works on the base, of which nobody can make one', () => {
    // @ts-expect-error the base is abstract
    new SmsError({ message: '', submission: 'unknown' });
  });
});

describe('submission', () => {
  it('is on every error, and is one of three', () => {
    expectTypeOf<SmsError['submission']>().toEqualTypeOf<'not-submitted' | 'rejected' | 'unknown'>();
  });
});

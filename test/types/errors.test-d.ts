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
  type GuardDecision,
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
import type {
  ConsentReason,
  GuardName,
  GuardReason,
  GuardReasons,
  InvalidPhoneNumberReason,
  LimitReason,
} from '../../src/guards/reasons.ts';

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
      'guard' | 'invalid-phone-number' | 'consent' | 'limit' | 'restriction'
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

describe('guard and reason', () => {
  it('are literals, one union for each class', () => {
    expectTypeOf<GuardError['guard']>().toEqualTypeOf<GuardName>();
    expectTypeOf<GuardError['reason']>().toEqualTypeOf<GuardReason>();
    expectTypeOf<InvalidPhoneNumberError['reason']>().toEqualTypeOf<InvalidPhoneNumberReason>();
    expectTypeOf<ConsentError['reason']>().toEqualTypeOf<ConsentReason>();
    expectTypeOf<LimitError['reason']>().toEqualTypeOf<LimitReason>();
    expectTypeOf<GuardDecision['reason']>().toEqualTypeOf<GuardReason>();
  });

  it('never name a full table for a guard that only reads', () => {
    expectTypeOf<GuardReasons['undeliverable']>().toEqualTypeOf<'blocked-number'>();
  });

  it('make a table of texts exhaustive', () => {
    const texts = {
      capacity: 'Try again later.',
      'over-limit': 'Too many messages.',
      'captcha-needed': 'Show that you are a person.',
      'over-budget': 'Come back later.',
      'duplicate-text': 'This was sent already.',
      'too-soon': 'Wait a little.',
      'resending-interval': 'Wait a little.',
      'session-busy': 'Wait a little.',
    } satisfies Record<LimitReason, string>;
    expectTypeOf(texts).toExtend<Record<LimitReason, string>>();
    // @ts-expect-error seven reasons are missing
    const incomplete: Record<LimitReason, string> = { capacity: 'Try again later.' };
    expectTypeOf(incomplete).toExtend<Record<LimitReason, string>>();
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

  it('works on the base class, which cannot be constructed', () => {
    // @ts-expect-error the base is abstract
    new SmsError({ message: '', submission: 'unknown' });
  });
});

describe('submission', () => {
  it('is on every error, and is one of three', () => {
    expectTypeOf<SmsError['submission']>().toEqualTypeOf<'not-submitted' | 'rejected' | 'unknown'>();
  });
});

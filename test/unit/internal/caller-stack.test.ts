import { types } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LimitError, type SmsError, StoreError, TimeoutError } from '../../../src/errors.ts';
import { withCallerStack } from '../../../src/internal/caller-stack.ts';
import { startClient } from '../../support/sms-client.ts';

const message = { destination: '+6591234567', text: 'hi' };

async function firstCaller(work: () => Promise<unknown>): Promise<void> {
  await work();
}

async function secondCaller(work: () => Promise<unknown>): Promise<void> {
  await work();
}

/** The error that a call rejects with. */
async function errorOf(call: Promise<unknown>): Promise<SmsError> {
  return call.then(
    () => expect.unreachable('the call must fail'),
    (error: SmsError) => error,
  );
}

/** The functions of this file in a stack, the innermost first. */
function callersIn(error: Error): string[] {
  return Array.from(
    error.stack?.matchAll(/at (?:async )?(\w+Caller) \(.*caller-stack\.test\.ts/g) ?? [],
    (hit) => `${hit[1]}`,
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('the stack of an error that a method throws', () => {
  it('leads to the caller, however deep the error was made', async () => {
    const { sms, emulator } = startClient();
    emulator.failNext('500');
    const error = await errorOf(firstCaller(() => sms.messages.send(message)));
    expect(error.name).toBe('ServerError');
    expect(callersIn(error)).toEqual(['firstCaller']);
    expect(error.stack).toMatch(/^ServerError: messages\.send: /);
  });

  it('leads to the loop that reads rows', async () => {
    const { sms, emulator } = startClient();
    emulator.failNext({ status: 401 });
    async function loopCaller(): Promise<void> {
      for await (const result of sms.messages.sendMany([message])) expect(result.status).toBe('rejected');
    }
    const error = await errorOf(loopCaller());
    expect(error.name).toBe('AuthenticationError');
    expect(callersIn(error)).toEqual(['loopCaller']);
  });
});

describe('an error that two calls share', () => {
  const shared = () =>
    new TimeoutError({
      message: 'lost',
      submission: 'unknown',
      reason: 'timeout',
      attempts: 1,
      clientMessageId: 'id',
    });
  const rejects = async (error: SmsError) => {
    await Promise.resolve();
    throw withCallerStack(error);
  };

  it('leads each call to its own caller', async () => {
    const error = shared();
    const first = await errorOf(firstCaller(() => rejects(error)));
    const second = await errorOf(secondCaller(() => rejects(error)));
    expect(first).toBe(error);
    expect(callersIn(first)).toEqual(['firstCaller']);
    expect(callersIn(second)).toEqual(['secondCaller']);
  });

  it('is the same error in all but its stack', async () => {
    const error = shared();
    const first = await errorOf(firstCaller(() => rejects(error)));
    const second = await errorOf(secondCaller(() => rejects(error)));
    expect(second).not.toBe(first);
    expect(second).toBeInstanceOf(TimeoutError);
    expect(TimeoutError.isInstance(second)).toBe(true);
    expect(LimitError.isInstance(second)).toBe(false);
    expect(types.isNativeError(second)).toBe(true);
    expect(second.toJSON()).toEqual(first.toJSON());
    expect(Object.keys(second)).toEqual(Object.keys(first));
  });

  it('has its own copy for each call with one idempotency key', async () => {
    const { sms, emulator } = startClient();
    emulator.failNext('lost-response');
    const send = () => sms.messages.send({ ...message, idempotencyKey: 'order-1' });
    const first = await errorOf(firstCaller(send));
    const second = await errorOf(secondCaller(send));
    expect([first.submission, second.submission]).toEqual(['unknown', 'unknown']);
    expect(callersIn(first)).toEqual(['firstCaller']);
    expect(callersIn(second)).toEqual(['secondCaller']);
  });
});

describe('an error that stays as it is', () => {
  it('is one of the platform or of a hook', () => {
    const error = new TypeError('a hook failed');
    const { stack } = error;
    expect(withCallerStack(error)).toBe(error);
    expect(error.stack).toBe(stack);
    expect(withCallerStack('no error')).toBe('no error');
  });

  it('is any error where the runtime captures no stacks', () => {
    const error = new StoreError('The store failed.');
    const { stack } = error;
    const { captureStackTrace } = Error;
    try {
      Reflect.set(Error, 'captureStackTrace', undefined);
      expect(withCallerStack(error)).toBe(error);
    } finally {
      Reflect.set(Error, 'captureStackTrace', captureStackTrace);
    }
    expect(error.stack).toBe(stack);
  });
});

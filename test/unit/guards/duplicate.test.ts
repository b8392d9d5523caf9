import { describe, expect, it } from 'vitest';
import { createDuplicateGuard, duplicateField } from '../../../src/guards/duplicate.ts';
import { validate } from '../../../src/schema.ts';
import { NOON } from '../../support/fake-clock.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const call = { now: NOON, context: undefined };

describe('the guard duplicate', () => {
  it('counts nothing for a message without a text, one of another purpose, and one that it was not asked about', async () => {
    const guard = createDuplicateGuard({});
    const messages = [{ ...messageOf(), content: undefined }, messageOf({ purpose: 'otp' })];
    await guard.ask?.(messages, call);
    for (const message of [...messages, messageOf()]) expect(guard.rules?.(message)).toEqual([]);
  });

  it('gives a message one hash, however often it is looked at, and equal ones the same', async () => {
    const guard = createDuplicateGuard({ windowMs: 1_000 });
    const [one, same, other] = [messageOf(), messageOf(), messageOf({ text: 'Other' })];
    await guard.ask?.([one, same, other], call);
    const first = guard.rules?.(one);
    await guard.ask?.([one], call);
    expect(guard.rules?.(one)).toEqual(first);
    expect(guard.rules?.(same)).toEqual(first);
    expect(guard.rules?.(other)).not.toEqual(first);
    expect(first).toMatchObject([{ kind: 'window', limit: 1, windowMs: 1_000, mode: 'enforce' }]);
  });

  it('lets other work run in a long list, and ends with its call', async () => {
    const guard = createDuplicateGuard({});
    const messages = Array.from({ length: 1_100 }, (_, index) => messageOf({ text: `Text ${index}` }));
    await guard.ask?.(messages, call);
    expect(guard.rules?.(messages.at(-1) ?? messageOf())).toHaveLength(1);
    const controller = new AbortController();
    controller.abort(new Error('over'));
    await expect(guard.ask?.(messages, { ...call, signal: controller.signal })).rejects.toThrow('over');
  });

  it.each<[object, string]>([
    [{ windowMs: 999 }, 'windowMs'],
    [{ windowMs: 32 * 86_400_000 }, 'windowMs'],
    [{ purposes: [] }, 'purposes'],
    [{ mode: 'off' }, 'mode'],
    [{ window: 1 }, 'window'],
  ])('refuses %j', (options, path) => {
    expect(validate(duplicateField, options)?.path).toBe(path);
  });
});

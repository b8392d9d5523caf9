import { expect, it, vi } from 'vitest';
import { createHumanGuard } from '../../../src/guards/human.ts';
import { guardNeeds } from '../../support/guard-needs.ts';
import { messageOf } from '../../support/outgoing-message.ts';

it('a second look at a message finds what the first one has found', async () => {
  const verify = vi.fn(async () => ({ passed: true }));
  const needs = guardNeeds();
  const emit = vi.fn();
  const guard = createHumanGuard({ verify }, { ...needs, emit });
  const message = { ...messageOf(), humanToken: 'token' };
  const call = { now: 0, context: undefined };
  expect(await guard.ask?.([message, messageOf()], call)).toEqual([undefined, undefined]);
  expect(guard.rules?.(message)).toMatchObject([{ id: 'human:token', limit: 1 }]);
  expect(await guard.ask?.([message], call)).toEqual([undefined]);
  expect(emit).toHaveBeenCalledTimes(1);
  expect(verify).toHaveBeenCalledTimes(1);
  expect(guard.counters?.(message)).toEqual([]);
});

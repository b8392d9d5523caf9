import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findChannels } from '../../../src/telemetry/channels.ts';
import type { CallOperation, TracedOperation } from '../../../src/telemetry/operations.ts';
import { testClient } from '../../support/client.ts';

const channels = findChannels();
const message = { destination: '+6591234567', text: 'Your code is 471147', purpose: 'otp' } as const;

afterEach(() => vi.unstubAllGlobals());

/** Subscribes as an APM vendor does; gives what was published. */
function subscribe(kind: TracedOperation['kind']) {
  const seen: [phase: string, operation: TracedOperation][] = [];
  const note = (phase: string) => (operation: unknown) =>
    void seen.push([phase, { ...(operation as TracedOperation) }]);
  const listeners = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  const channel = diagnostics.tracingChannel(`8x8-sms-guard:${kind}`);
  channel.subscribe(listeners);
  return { seen, channel, end: () => channel.unsubscribe(listeners) };
}

describe('the channels of node:diagnostics_channel', () => {
  it('nobody listens: nothing is built', async () => {
    expect(channels?.areTraced).toBe(false);
    expect(channels?.areHeard).toBe(false);
    const publish = vi.spyOn(diagnostics.channel('8x8-sms-guard:event'), 'publish');
    await testClient({ onEvent: undefined }).sms.messages.send(message);
    expect(publish).not.toHaveBeenCalled();
    publish.mockRestore();
  });

  it('publishes the phases of a TracingChannel, and what the operation came to', async () => {
    const { seen, end } = subscribe('attempt');
    const { sms } = testClient();
    await sms.messages.send(message);
    end();
    expect(seen.map(([phase]) => phase)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(seen.at(-1)?.[1]).toEqual({
      kind: 'attempt',
      operation: 'messages.send',
      method: 'POST',
      origin: 'https://sms.8x8.com',
      path: '/api/v1/subaccounts/{subAccountId}/messages',
      attempt: 1,
      status: 200,
    });
  });

  it('publishes an error by its class only', async () => {
    const { seen, end } = subscribe('call');
    const { sms } = testClient({ apiKey: 'wrong' }, { apiKey: 'another' });
    await expect(sms.messages.get('+6591234567')).rejects.toThrow();
    end();
    expect(seen.map(([phase]) => phase)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    const operation = seen.at(-1)?.[1] as CallOperation;
    expect(Object.keys(operation).sort()).toEqual(['errorType', 'kind', 'name']);
  });

  it('stores bound to a channel are there for nested operations', async () => {
    const storage = new AsyncLocalStorage<{ readonly name: string }>();
    const calls = subscribe('call');
    calls.channel.start.bindStore(storage, (operation) => ({ name: (operation as CallOperation).name }));
    const parents: unknown[] = [];
    const attempts = diagnostics.channel('tracing:8x8-sms-guard:attempt:start');
    const note = () => void parents.push(storage.getStore());
    attempts.subscribe(note);
    await testClient().sms.messages.send(message);
    attempts.unsubscribe(note);
    calls.channel.start.unbindStore(storage);
    calls.end();
    expect(parents).toEqual([{ name: 'messages.send' }]);
  });

  it('publishes every event to those who listen, also without onEvent', async () => {
    const types: string[] = [];
    const note = (given: unknown) => {
      const { event, context } = given as { event: { type: string }; context: unknown };
      types.push(`${event.type} ${context}`);
    };
    diagnostics.subscribe('8x8-sms-guard:event', note);
    await testClient({ onEvent: undefined }).sms.messages.send(message, { context: 'r-1' });
    diagnostics.unsubscribe('8x8-sms-guard:event', note);
    expect(types).toContain('message-admitted r-1');
    expect(types).toContain('message-sent r-1');
  });

  it.each([
    ['no process', undefined],
    ['no getBuiltinModule', {}],
    ['no such module', { getBuiltinModule: () => undefined }],
    ['a module without stores', { getBuiltinModule: () => ({ channel: () => ({}) }) }],
  ])('a runtime with %s has none', async (_, process) => {
    vi.stubGlobal('process', process);
    vi.resetModules();
    const fresh = await import('../../../src/telemetry/channels.ts');
    expect(fresh.findChannels()).toBeUndefined();
    expect(fresh.findChannels()).toBeUndefined();
  });
});

import { describe, expect, test, vi } from 'vitest';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { createLive } from '../../../src/sandbox/live.ts';
import { callApi, startTeamServer } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const MESSAGES = '/api/v1/subaccounts/shop/messages';
const message = { destination: '+6590000200', text: 'Hello' };

describe('the emulator of a sandbox', () => {
  test('posts to a connected function in place of HTTP, and again on request', async () => {
    await using sandbox = await startSandbox({ port: 0 });
    const seen: (string | null)[] = [];
    sandbox.emulator.connect(
      async (request) => {
        seen.push(request.headers.get('authorization'), await request.text());
        return new Response('taken');
      },
      { authorization: 'Bearer of-the-test' },
    );
    await callApi(sandbox, MESSAGES, message);
    const delivery = await sandbox.emulator.reply(message.destination, 'Hi');
    expect(delivery).toMatchObject({ status: 200, attempt: 1, url: 'https://webhooks.test/8x8' });
    await sandbox.emulator.redeliver();
    await sandbox.emulator.redeliver(delivery);
    expect(seen.filter((_, index) => index % 2 === 0)).toEqual(Array(3).fill('Bearer of-the-test'));
    expect(new Set(seen.filter((_, index) => index % 2 === 1)).size).toBe(1);
    expect(await sandbox.emulator.retryDue()).toEqual([]);
  });

  test('keeps a message that a report by hand has finished as it is', async () => {
    await using sandbox = await startSandbox({ port: 0, speed: 1_000 });
    const { json } = await callApi(sandbox, MESSAGES, { ...message, destination: '+6591234567' });
    await sandbox.emulator.report(json.umid, { state: 'undelivered', errorCode: 46 });
    await callApi(sandbox, MESSAGES, { ...message, destination: '+6591234568' });
    await until(() => sandbox.emulator.messages[1]?.state === 'delivered');
    expect(sandbox.emulator.messages[0]?.state).toBe('undelivered');
  });

  test('answers requests in time while thousands of webhooks are posted', async () => {
    const team = await startTeamServer();
    await using sandbox = await startSandbox({ port: 0, speed: 1_000, webhook: { url: team.url } });
    const destinations = Array.from({ length: 200 }, (_, index) => `+659123${4_000 + index}`);
    await callApi(sandbox, `${MESSAGES}/batch`, { destinations, template: { text: 'Hi' } });
    expect((await callApi(sandbox, MESSAGES, message)).status).toBe(200);
    await team.arrived(600);
    await team.close();
  });

  test('ends while webhooks wait for their turn', async () => {
    const team = await startTeamServer();
    const sandbox = await startSandbox({ port: 0, speed: 100_000, webhook: { url: team.url } });
    const destinations = Array.from({ length: 100 }, (_, index) => `+659123${4_000 + index}`);
    await callApi(sandbox, `${MESSAGES}/batch`, { destinations, template: { text: 'Hi' } });
    await team.arrived(1);
    await sandbox.close();
    const { length } = team.received;
    await new Promise((resolve) => setImmediate(resolve));
    expect(team.received.length).toBe(length);
    await team.close();
  });
});

describe('live updates', () => {
  test('keep a quiet connection open, and forget a page that left', async () => {
    vi.useFakeTimers();
    const live = createLive();
    const reader = live.open().getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await read()).toBe('retry: 1000\n\n');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await read()).toBe(': still here\n\n');
    live.changed('+6591234567');
    live.changed('+6591234567');
    await vi.advanceTimersByTimeAsync(100);
    expect(await read()).toBe('data: {"phones":["+6591234567"]}\n\n');
    await reader.cancel();
    live.changed('+6591234567');
    expect(vi.getTimerCount()).toBe(0);
    live.close();
    vi.useRealTimers();
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { callApi, startTeamServer } from '../../support/sandbox.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-inbox-'));
});
afterEach(() => rm(folder, { recursive: true }));

const start = () => startSandbox({ port: 0, speed: 0.01, data: join(folder, 'state.jsonl') });
const message = {
  at: 1_000,
  clientMessageId: 'm-1',
  destination: '+65******67',
  purpose: 'otp',
  country: 'SG',
};

describe('the page after a restart', () => {
  test('shows what it showed before: threads, webhooks, requests, and what the guards did', async () => {
    const team = await startTeamServer();
    const show = async (url: string, umid: string) => {
      const paths = ['phones', `phones/${encodeURIComponent('+6591234567')}`, `messages/${umid}`, 'summary'];
      const [phones, thread, details, summary] = await Promise.all(
        paths.map(async (path) => (await fetch(`${url}/_sandbox/${path}`)).json()),
      );
      const { guards, saved, refused, spent } = summary;
      const { curl: _address, ...rest } = details;
      return { phones, thread, details: rest, guards, saved, refused, spent };
    };
    const post = (url: string, path: string, body: unknown) =>
      fetch(`${url}/_sandbox/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });

    const first = await start();
    await callApi(first, '/api/v1/accounts/a/webhooks', [{ subAccountId: '*', url: team.url }]);
    const { json } = await callApi(first, '/api/v1/subaccounts/shop/messages', {
      destination: '+6591234567',
      text: 'Your code is 481516',
      clientMessageId: 'm-1',
    });
    await first.emulator.reply('+6591234567', 'YES');
    await first.emulator.report(json.umid, 'delivered');
    await post(first.url, 'events', [
      { ...message, type: 'message-admitted' },
      { ...message, type: 'guard-observed', decision: { guard: 'prefix', reason: 'over-limit' } },
      {
        ...message,
        type: 'message-blocked',
        decision: { guard: 'backoff', reason: 'too-soon', retryAfterMs: 9 },
      },
      { ...message, type: 'consent-recorded', state: 'opted-in', scope: 'all' },
    ]);
    const before = await show(first.url, json.umid);
    await first.close();
    await using second = await start();
    expect(await show(second.url, json.umid)).toEqual(before);
    expect(before.thread.entries.map(({ kind }: { kind: string }) => kind)).toEqual([
      'reply',
      'message',
      'note',
      'refusal',
    ]);
    expect(before.thread.entries[1]).toMatchObject({
      purpose: 'otp',
      observed: [{ guard: 'prefix', reason: 'over-limit' }],
    });
    expect(before.details.webhooks).toHaveLength(1);
    expect(before.guards).toEqual([
      { guard: 'backoff', refused: 1, observed: 0, saved: 0.034 },
      { guard: 'prefix', refused: 0, observed: 1, saved: 0 },
    ]);
    await team.close();
  });

  test('finds refused messages and notes by their words', async () => {
    await using sandbox = await start();
    await fetch(`${sandbox.url}/_sandbox/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([
        { ...message, type: 'message-blocked', decision: { guard: 'backoff', reason: 'too-soon' } },
        { ...message, destination: '+62******11', type: 'number-reached' },
      ]),
    });
    const keysOf = async (search: string) => {
      const response = await fetch(`${sandbox.url}/_sandbox/phones?search=${search}`);
      return (await response.json()).phones.map(({ key }: { key: string }) => key);
    };
    expect(await keysOf('too-soon')).toEqual(['+65******67']);
    expect(await keysOf('reached')).toEqual(['+62******11']);
  });
});

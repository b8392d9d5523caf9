import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { callApi, startTeamServer } from '../../support/sandbox.ts';

const MESSAGES = '/api/v1/subaccounts/shop/messages';
const ACCOUNT = '/api/v1/accounts/mine';
const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

let folder: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-data-'));
  data = join(folder, 'state.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a sandbox, hands it to the test, and closes it. */
async function withSandbox<Result>(
  run: (sandbox: Sandbox) => Promise<Result>,
  speed = 0.01,
): Promise<Result> {
  await using sandbox = await startSandbox({ port: 0, data, speed, emulator: { prepaid: { balance: 50 } } });
  return await run(sandbox);
}

describe('the state of a sandbox', () => {
  test('survives a restart: messages, sessions, contacts, webhooks, exports, costs', async () => {
    const before = await withSandbox(async (sandbox) => {
      const { json: sent } = await callApi(sandbox, MESSAGES, { destination: '+6591234567', text: 'Hi' });
      const later = new Date(Date.now() + 3_600_000).toISOString();
      await callApi(sandbox, MESSAGES, { destination: '+6591234567', text: 'Later', scheduled: later });
      const { json: session } = await callApi(sandbox, '/api/v2/subaccounts/shop/sessions', {
        destination: '+6591234568',
      });
      const { json: contact } = await callApi(sandbox, `${ACCOUNT}/contacts`, {
        addresses: { msisdn: '6591234567' },
        firstName: 'Ann',
      });
      const { json: group } = await callApi(sandbox, `${ACCOUNT}/groups`, { name: 'Team' });
      await callApi(sandbox, `${ACCOUNT}/groups/${group.id}/contacts`, { contacts: [contact.id] });
      await callApi(sandbox, `${ACCOUNT}/webhooks`, [{ subAccountId: 'shop', url: 'http://localhost:9/' }]);
      const { json: job } = await callApi(sandbox, `${MESSAGES}/exports`, {});
      await callApi(sandbox, '/api/v1/subaccounts/shop/phones/+6591234567?type=live');
      const { json: balance } = await callApi(sandbox, `${ACCOUNT}/balance`);
      const [, , code] = sandbox.emulator.messages;
      return {
        sent,
        session,
        contact,
        group,
        job,
        balance,
        code: sandbox.emulator.verifications[0]?.code,
        text: code?.text,
      };
    });
    await withSandbox(async (sandbox) => {
      expect(sandbox.emulator.messages.map(({ text, state }) => [text, state])).toEqual([
        ['Hi', 'sent'],
        ['Later', 'scheduled'],
        [before.text, 'sent'],
      ]);
      const { json: details } = await callApi(sandbox, `${MESSAGES}/${before.sent.umid}`);
      expect(details).toMatchObject({ body: 'Hi', msisdn: '+6591234567' });
      const path = `/api/v2/subaccounts/shop/sessions/${before.session.sessionId}?code=${before.code}`;
      expect((await callApi(sandbox, path)).json.status).toBe('VERIFIED');
      const { json: members } = await callApi(sandbox, `${ACCOUNT}/contacts?groupId=${before.group.id}`);
      expect(members.items).toMatchObject([{ id: before.contact.id }]);
      expect((await callApi(sandbox, `${ACCOUNT}/webhooks`)).json).toMatchObject([{ subAccountId: 'shop' }]);
      expect((await callApi(sandbox, `${MESSAGES}/exports/${before.job.jobId}`)).json.status).toBe('queued');
      expect((await callApi(sandbox, `${ACCOUNT}/balance`)).json).toEqual(before.balance);
      const { json: next } = await callApi(sandbox, `${ACCOUNT}/contacts`, {
        addresses: { msisdn: '6591234569' },
      });
      expect(next.id).toBe(before.contact.id + 1);
    });
  });

  test('goes on where it stood: receipts, scheduled messages, webhooks that failed', async () => {
    const team = await startTeamServer((_, count) => (count === 1 ? { status: 503 } : undefined));
    await withSandbox(async (sandbox) => {
      await callApi(sandbox, `${ACCOUNT}/webhooks`, [{ subAccountId: 'shop', url: team.url }]);
      await callApi(sandbox, MESSAGES, { destination: '+6591234567', text: 'Hi' });
      expect((await sandbox.emulator.reply('+6591234567', 'Hello?')).status).toBe(503);
    }, 1);
    await withSandbox(async () => {
      const events = (await team.arrived(5)).map(({ body }) => JSON.parse(body).payload);
      expect(events.filter(({ body }) => body === 'Hello?')).toHaveLength(2);
      expect(events.flatMap(({ status }) => status?.state ?? [])).toEqual(['queued', 'sent', 'delivered']);
    }, 1_000);
    await team.close();
  });

  test('survives kill -9: everything that was answered is there, and a torn line does no harm', async () => {
    const child = spawn(process.execPath, [main, 'sandbox', '--port', '0', '--json', '--data', data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    const sandbox = JSON.parse(line);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        callApi(sandbox, MESSAGES, { destination: `+659123${4000 + index}`, text: `Message ${index}` }),
      ),
    );
    child.kill('SIGKILL');
    await once(child, 'close');
    await appendFile(data, '["messages","torn",{"umid":"to');
    await withSandbox(async ({ emulator }) => {
      const known = new Set(emulator.messages.map(({ umid }) => umid));
      expect(answers.filter(({ json }) => known.has(json.umid))).toHaveLength(50);
      expect(known.size).toBe(50);
    });
  });
});

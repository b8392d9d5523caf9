import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/index.ts';
import { callApi, type Reaction, startTeamServer, type TeamServer } from '../../support/sandbox.ts';

/** A minute of 8x8's time takes 60 ms. */
const SPEED = 1_000;
const MESSAGES = '/api/v1/subaccounts/shop/messages';

let react: (path: string, count: number) => Reaction | undefined;
let team: TeamServer;
let sandbox: Sandbox;
beforeEach(async () => {
  react = () => undefined;
  team = await startTeamServer(({ path }, count) => react(path, count));
});
afterEach(async () => {
  await sandbox.close();
  await team.close();
});

async function start(options: SandboxOptions = {}) {
  sandbox = await startSandbox({
    port: 0,
    speed: SPEED,
    webhook: { url: `${team.url}/8x8`, authorization: 'Bearer of-the-team' },
    ...options,
  });
}

const send = (destination: string, more: object = {}) =>
  callApi(sandbox, MESSAGES, { destination, text: 'Hello', source: 'SHOP', ...more });

const eventsOf = (server: TeamServer) => server.received.map(({ body }) => JSON.parse(body));
const statesOf = (server: TeamServer) => eventsOf(server).map(({ payload }) => payload.status.state);

describe('receipts', () => {
  test('come as queued, sent and delivered, with the header that was configured', async () => {
    await start();
    const { json } = await send('+6591234567');
    await team.arrived(3);
    expect(statesOf(team)).toEqual(['queued', 'sent', 'delivered']);
    expect(eventsOf(team)[2]).toMatchObject({
      namespace: 'SMS',
      eventType: 'outbound_message_status_changed',
      payload: { umid: json.umid, subAccountId: 'shop', destination: '+6591234567', smsCount: 1 },
    });
    expect(team.received[0]?.path).toBe('/8x8');
    expect(team.received[0]?.headers).toMatchObject({
      authorization: 'Bearer of-the-team',
      'content-type': 'application/json',
    });
    expect(sandbox.emulator.messages[0]?.state).toBe('delivered');
  });

  test('say undelivered with the code that the number stands for', async () => {
    await start();
    await send('+6590000015');
    await team.arrived(3);
    expect(eventsOf(team)[2].payload.status).toMatchObject({
      state: 'undelivered',
      errorCode: 15,
      errorMessage: 'Invalid destination',
    });
  });

  test('go to the address of the message when it has one', async () => {
    await start();
    await send('+6591234567', { dlrCallbackUrl: `${team.url}/own` });
    await team.arrived(3);
    expect(team.received.map(({ path }) => path)).toEqual(['/own', '/own', '/own']);
  });

  test('go to the webhook that the API set, and stop when it is disabled', async () => {
    await start({ webhook: undefined });
    const setting = { subAccountId: 'shop', url: `${team.url}/set`, httpAuthorization: 'Basic x' };
    await callApi(sandbox, '/api/v1/accounts/a/webhooks', [setting]);
    await send('+6591234567');
    const [first] = await team.arrived(3);
    expect(first).toMatchObject({ path: '/set', headers: { authorization: 'Basic x' } });
    await callApi(sandbox, '/api/v1/accounts/a/webhooks', [{ ...setting, enabled: false }]);
    await send('+6590000302');
    // The reply of that person shows that its receipts are over.
    await untilMessage((state) => state === 'delivered', 2);
    expect(team.received).toHaveLength(3);
  });

  test('for a scheduled message come after its time, and none comes after it was cancelled', async () => {
    await start();
    const soon = new Date(Date.now() + 300).toISOString();
    const later = new Date(Date.now() + 60_000).toISOString();
    const { json } = await send('+6591234567', { scheduled: soon });
    const cancelled = await send('+6591234568', { scheduled: later });
    await callApi(sandbox, `${MESSAGES}/${cancelled.json.umid}`, undefined, 'DELETE');
    await team.arrived(3);
    expect(new Set(eventsOf(team).map(({ payload }) => payload.umid))).toEqual(new Set([json.umid]));
  });
});

/** Resolves when so many messages have such a state. */
async function untilMessage(hasState: (state: string) => boolean, count: number) {
  while (sandbox.emulator.messages.filter(({ state }) => hasState(state)).length < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('people', () => {
  test('with reserved numbers answer STOP and YES', async () => {
    await start();
    await send('+6590000301');
    await team.arrived(4);
    expect(eventsOf(team)[3]).toMatchObject({
      eventType: 'inbound_message_received',
      payload: { source: '+6590000301', destination: 'SHOP', body: 'STOP', subAccountId: 'shop' },
    });
  });

  test('answer, click and fill in surveys when a program asks them to', async () => {
    await start({ speed: 0.01 });
    await send('+6591234567', { text: 'Look: https://shop.example/a' });
    await callApi(sandbox, '/api/v1/subaccounts/shop/surveys/s1/messages', {
      destination: '+6591234568',
      templateBody: 'How was it? {{url}}',
    });
    const replied = await sandbox.emulator.reply('+6591234567', 'YES');
    await sandbox.emulator.click('+6591234567');
    await sandbox.emulator.answerSurvey('+6591234568', [{ question: 'How was it?', answer: 'Good' }]);
    expect(replied.status).toBe(200);
    expect(eventsOf(team).map((event) => event.eventType ?? 'survey')).toEqual([
      'inbound_message_received',
      'short_url_clicked',
      'survey',
    ]);
  });
});

describe('a webhook that fails', () => {
  test('is repeated four times, and then no more', async () => {
    await start();
    react = () => ({ status: 503 });
    await send('+6590000200');
    const { status } = await sandbox.emulator.reply('+6590000200', 'Hi');
    expect(status).toBe(503);
    await team.arrived(5);
    expect(new Set(team.received.map(({ body }) => body)).size).toBe(1);
  });

  test('is delivered when the receiver is back', async () => {
    await start();
    react = (_, count) => ({ status: count < 3 ? 500 : 200 });
    await send('+6590000200');
    await sandbox.emulator.reply('+6590000200', 'Hi');
    await team.arrived(3);
    await sandbox.emulator.reply('+6590000200', 'Next');
    expect(eventsOf(team).map(({ payload }) => payload.body)).toEqual(['Hi', 'Hi', 'Hi', 'Next']);
  });

  test('is not lost when nobody listens', async () => {
    await start({ webhook: { url: 'http://127.0.0.1:9/' }, speed: 0.01 });
    await send('+6590000200');
    const { status, error } = await sandbox.emulator.reply('+6590000200', 'Hi');
    expect(status).toBeUndefined();
    expect(String(error)).toMatch(/ECONNREFUSED|bad port/);
  });

  test('is not posted beyond this machine unless the host is allowed', async () => {
    await start({ webhook: { url: 'http://shop.example/8x8' }, speed: 0.01 });
    await send('+6590000200');
    const refused = await sandbox.emulator.reply('+6590000200', 'Hi');
    expect(refused).toMatchObject({ status: undefined, url: 'http://shop.example/8x8' });
    await sandbox.close();
    await start({
      webhook: { url: 'http://nobody.invalid/8x8' },
      allowHosts: ['nobody.invalid'],
      speed: 0.01,
    });
    await send('+6590000200');
    const tried = await sandbox.emulator.reply('+6590000200', 'Hi');
    expect(String(tried.error)).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });
});

describe('OAuth', () => {
  const oauth = (location: 'header' | 'body') => ({
    webhook: {
      url: `${team.url}/8x8`,
      oauth: {
        url: `${team.url}/token`,
        clientId: 'an id',
        clientSecret: 'a:secret',
        credentialsLocation: location,
        scope: 'sms',
      },
    },
  });
  let tokens: number;
  beforeEach(() => {
    tokens = 0;
    react = (path) => {
      if (path !== '/token') return undefined;
      tokens += 1;
      return { status: 200, body: JSON.stringify({ access_token: `t${tokens}`, expires_in: 3600 }) };
    };
  });

  test('fetches one token and sends it with every webhook', async () => {
    await start(oauth('header'));
    await send('+6590000200');
    await sandbox.emulator.reply('+6590000200', 'One');
    await sandbox.emulator.reply('+6590000200', 'Two');
    expect(team.received.map(({ path }) => path)).toEqual(['/token', '/8x8', '/8x8']);
    const [token, first] = team.received;
    expect(token?.headers.authorization).toBe(`Basic ${btoa('an+id:a%3Asecret')}`);
    expect(token?.body).toBe('grant_type=client_credentials&scope=sms');
    expect(first?.headers.authorization).toBe('Bearer t1');
  });

  test('sends ID and secret in the body when asked', async () => {
    await start(oauth('body'));
    await send('+6590000200');
    await sandbox.emulator.reply('+6590000200', 'One');
    expect(team.received[0]?.headers.authorization).toBeUndefined();
    expect(new URLSearchParams(team.received[0]?.body).get('client_secret')).toBe('a:secret');
  });

  test('fetches another token after a 401', async () => {
    await start(oauth('header'));
    const issue = react;
    react = (path, count) => (count === 2 ? { status: 401 } : issue(path, count));
    await send('+6590000200');
    await sandbox.emulator.reply('+6590000200', 'One');
    const requests = await team.arrived(4);
    expect(requests.map(({ path }) => path)).toEqual(['/token', '/8x8', '/token', '/8x8']);
    expect(requests[3]?.headers.authorization).toBe('Bearer t2');
  });

  test.each([
    [{ status: 500 }, 'the token endpoint answered 500'],
    [{ status: 200, body: '{}' }, 'the token endpoint gave no access_token'],
    [{ status: 200, body: '<html>' }, 'the token endpoint gave no access_token'],
  ])('says what is wrong with the token endpoint: %j', async (reaction, message) => {
    react = () => reaction;
    await start({ ...oauth('header'), speed: 0.01 });
    await send('+6590000200');
    const { error } = await sandbox.emulator.reply('+6590000200', 'One');
    expect(String(error)).toContain(message);
  });

  test('asks no token endpoint beyond this machine', async () => {
    const { webhook } = oauth('header');
    const elsewhere = { ...webhook.oauth, url: 'https://tokens.example/' };
    await start({ webhook: { ...webhook, oauth: elsewhere }, speed: 0.01 });
    await send('+6590000200');
    const { error } = await sandbox.emulator.reply('+6590000200', 'One');
    expect(String(error)).toContain('the host of the token endpoint is not allowed');
  });
});

describe('reserved numbers', () => {
  test.each([
    ['+6590000426', 426],
    ['+6590000429', 429],
    ['+6590000500', 500],
    ['+6590000502', 502],
    ['+6590000503', 503],
  ])('%s gets %i, every time', async (destination, status) => {
    await start();
    const answers = await Promise.all(
      [1, 2].map(() =>
        fetch(`${sandbox.url}${MESSAGES}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${sandbox.apiKey}` },
          body: JSON.stringify({ destination, text: 'Hello' }),
        }),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual([status, status]);
    expect((await send('+6591234567')).status).toBe(200);
  });

  test('+6590000408 loses the response after the message was accepted', async () => {
    await start();
    await expect(send('6590000408')).rejects.toThrow('fetch failed');
    expect(sandbox.emulator.messages).toHaveLength(1);
  });

  test('+6590000461 is REJECTED', async () => {
    await start();
    expect((await send('+6590000461')).json.status.code).toBe('REJECTED');
  });

  test.each([
    ['+6590000200', 'sent', 0],
    ['+6590000202', 'sent', 2],
  ])('%s stays %s after %i receipts', async (destination, state, receipts) => {
    await start();
    await send(destination);
    await send('+6590000301');
    // The other person's answer comes long after both messages would have arrived.
    await team.arrived(receipts + 4);
    const [message] = sandbox.emulator.messages;
    expect(message?.state).toBe(state);
    expect(eventsOf(team).filter(({ payload }) => payload.umid === message?.umid)).toHaveLength(receipts);
  });

  test('keep their effect after clear', async () => {
    await start({ faults: [{ fault: '503', times: 2 }] });
    expect((await send('+6591234567')).status).toBe(503);
    expect((await send('+6591234567')).status).toBe(503);
    expect((await send('+6591234567')).status).toBe(200);
  });

  test.each([
    [{ faults: [{ fault: '504' }] }, 'fault must be one of'],
    [{ faults: ['503'] }, 'sandbox.faults[0] must be an object { fault, … }'],
    [{ webhook: { url: 'ftp://x' } }, 'sandbox.webhook.url'],
    [{ webhook: { url: 'http://localhost/', oauth: { url: 'http://localhost/' } } }, 'clientId'],
    [{ speed: 0 }, 'sandbox.speed'],
  ])('malformed options are refused: %j', async (options, message) => {
    await start();
    await expect(startSandbox(options as object)).rejects.toThrow(message);
  });
});

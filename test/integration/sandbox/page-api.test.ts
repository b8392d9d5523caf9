import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GuardError, memoryConsentLedger, SmsClient, type SmsClientOptions } from '../../../src/index.ts';
import { type Sandbox, sandboxReporter, startSandbox } from '../../../src/sandbox/index.ts';
import { createWebhookReceiver, toNodeHandler } from '../../../src/webhooks/index.ts';
import { callApi, startTeamServer } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const ANN = '+6591234567';
const MESSAGES = '/api/v1/subaccounts/shop/messages';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, speed: 1_000 });
});
afterEach(() => sandbox.close());

const read = async (path: string) => {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`);
  return response.json();
};

async function write(path: string, body: unknown = {}, headers: Record<string, string> = {}) {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, json: isJson ? JSON.parse(text) : undefined };
}

const thread = (key: string, query = '') => read(`phones/${encodeURIComponent(key)}${query}`);
const send = (destination: string, text = 'Hello') =>
  callApi(sandbox, MESSAGES, { destination, text, source: 'SHOP' });

function createClient(options: SmsClientOptions = {}) {
  return new SmsClient({
    baseUrl: sandbox.url,
    apiKey: sandbox.apiKey,
    subAccountId: 'shop',
    scope: crypto.randomUUID(),
    onEvent: sandboxReporter(sandbox.url),
    guards: { consent: { ledger: memoryConsentLedger() } },
    ...options,
  });
}

/** Resolves with a thread when it has an entry of a kind. */
const untilEntry = (key: string, kind: string, count = 1) =>
  until(async () => {
    const found = await thread(key);
    return (
      (found.entries ?? []).filter((entry: { kind: string }) => entry.kind === kind).length >= count && found
    );
  });

describe('phones', () => {
  test('hold messages as bubbles, the latest phone first', async () => {
    await send(ANN, 'Your code is 481516');
    await send('+6591234568', 'Look: https://shop.example/a');
    const { matching, phones } = await read('phones');
    expect(matching).toBe(2);
    expect(phones.map(({ key }: { key: string }) => key)).toEqual(['+6591234568', ANN]);
    expect(phones[1]).toMatchObject({
      country: 'SG',
      callingCode: '65',
      preview: 'Your code is 481516',
      refused: 0,
    });
    const { entries } = await thread(ANN);
    expect(entries).toMatchObject([
      {
        kind: 'message',
        text: 'Your code is 481516',
        source: 'SHOP',
        encoding: 'GSM7',
        parts: 1,
        code: '481516',
      },
    ]);
    expect((await thread('+6591234568')).entries[0]).toMatchObject({ hasLink: true });
  });

  test('show no code in a text about something else', async () => {
    await send(ANN, 'Your parcel 7731 is here');
    expect((await thread(ANN)).entries[0].code).toBeUndefined();
  });

  test('are found by number, text and sender', async () => {
    await send(ANN, 'Tea is ready');
    await send('+6591234568', 'Coffee is ready');
    const keysOf = async (search: string) =>
      (await read(`phones?search=${encodeURIComponent(search)}`)).phones.map(
        ({ key }: { key: string }) => key,
      );
    expect(await keysOf('9123 4568')).toEqual(['+6591234568']);
    expect(await keysOf('TEA')).toEqual([ANN]);
    expect(await keysOf('shop')).toHaveLength(2);
    expect(await keysOf('milk')).toEqual([]);
  });

  test('are read in pages, and so are long threads', async () => {
    for (let index = 0; index < 5; index += 1) await send(ANN, `Message ${index}`);
    await send('+6591234568');
    const first = await thread(ANN, '?limit=2');
    expect(first.entries.map(({ text }: { text: string }) => text)).toEqual(['Message 4', 'Message 3']);
    const second = await thread(ANN, `?limit=10&before=${first.next}`);
    expect(second.entries).toHaveLength(3);
    expect(second.next).toBeUndefined();
    expect((await read('phones?offset=1&limit=1')).phones).toMatchObject([{ key: ANN }]);
  });

  test('forget the oldest messages when there are too many', async () => {
    await sandbox.close();
    sandbox = await startSandbox({ port: 0, speed: 0.01, maxMessages: 2 });
    for (const last of [1, 2, 3]) await send(`+659123450${last}`, `Message ${last}`);
    expect((await read('phones')).phones.map(({ preview }: { preview: string }) => preview)).toEqual([
      'Message 3',
      'Message 2',
    ]);
    expect((await fetch(`${sandbox.url}/_sandbox/phones/${encodeURIComponent('+6591234501')}`)).status).toBe(
      404,
    );
  });
});

describe('a message', () => {
  test('shows its request, its response and a command that repeats it', async () => {
    const { json } = await send(ANN, "It's 5 o'clock");
    const details = await read(`messages/${json.umid}`);
    expect(details.request).toMatchObject({ method: 'POST', path: MESSAGES });
    expect(JSON.parse(details.request.body)).toMatchObject({ destination: ANN });
    expect(JSON.parse(details.response.body)).toEqual(json);
    expect(details.curl).toContain(`curl -X POST '${sandbox.url}${MESSAGES}'`);
    expect(details.curl).toContain("It'\\''s 5 o'\\''clock");
    expect(details.curl).not.toContain(sandbox.apiKey);
  });

  test('in a batch shows the request of the batch, and repeats itself alone', async () => {
    const destinations = [ANN, '+6591234568'];
    await callApi(sandbox, `${MESSAGES}/batch`, {
      destinations,
      template: { text: 'Hi all', source: 'SHOP' },
    });
    const [first] = sandbox.emulator.messages;
    const details = await read(`messages/${first?.umid}`);
    expect(details.request.path).toBe(`${MESSAGES}/batch`);
    expect(details.curl).toContain(`${MESSAGES}'`);
    expect(details.curl).toContain(`"destination":"${ANN}"`);
    expect(details.curl).not.toContain('+6591234568');
  });

  test('says that its response was lost', async () => {
    await send('+6590000408').catch(() => {});
    const { entries } = await thread('+6590000408');
    const details = await read(`messages/${entries[0].id}`);
    expect(details.request.path).toBe(MESSAGES);
    expect(details.response).toBeUndefined();
  });

  test('takes the reports, clicks and answers that the developer chooses', async () => {
    const team = await startTeamServer();
    await callApi(sandbox, '/api/v1/accounts/a/webhooks', [{ subAccountId: '*', url: team.url }]);
    await send('+6590000200', 'Look: https://shop.example/a');
    const survey = { destination: '+6590000200', templateBody: 'How was it?' };
    const { json } = await callApi(sandbox, '/api/v1/subaccounts/shop/surveys/s1/messages', survey);
    const [message] = sandbox.emulator.messages;
    expect(
      (await write(`messages/${message?.umid}/report`, { state: 'undelivered', errorCode: 59 })).json,
    ).toEqual({
      status: 200,
    });
    await write(`messages/${message?.umid}/click`);
    await write(`messages/${json.umid}/answers`, { answer: 'Good' });
    expect(team.received.map(({ body }) => body)).toEqual([
      expect.stringContaining('"errorCode":59'),
      expect.stringContaining('short_url_clicked'),
      expect.stringContaining('"answer":"Good"'),
    ]);
    expect((await read(`messages/${message?.umid}`)).webhooks).toMatchObject([
      { state: 'delivered', attempts: [{ status: 200 }] },
      { state: 'delivered' },
    ]);
    await team.close();
  });
});

describe('a person', () => {
  test('answers STOP, the receiver records it, and the next advert appears as refused', async () => {
    const sms = createClient();
    const receiver = createWebhookReceiver({
      client: sms,
      authentication: { authorization: 'Bearer of-the-integration-test' },
      handlers: {},
    });
    const { createServer } = await import('node:http');
    const handle = toNodeHandler(receiver);
    const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
    await until(() => server.listening);
    const { port } = server.address() as { port: number };
    await callApi(sandbox, '/api/v1/accounts/a/webhooks', [
      {
        subAccountId: '*',
        url: `http://127.0.0.1:${port}/`,
        httpAuthorization: 'Bearer of-the-integration-test',
      },
    ]);
    const advert = { destination: ANN, text: 'Two for one', purpose: 'marketing' } as const;
    await sms.consent.grant(ANN, { source: 'web-form' });
    await sms.messages.send(advert);
    await until(async () =>
      (await thread(ANN)).entries.some(({ purpose }: { purpose?: string }) => purpose === 'marketing'),
    );

    expect((await write('replies', { from: ANN, text: 'STOP' })).json).toEqual({ status: 200 });
    await expect(sms.messages.send(advert)).rejects.toBeInstanceOf(GuardError);
    const { phone, entries } = await untilEntry(ANN, 'refusal');
    expect(entries[0]).toMatchObject({
      kind: 'refusal',
      destination: '+65******67',
      purpose: 'marketing',
      guard: 'consent',
      reason: 'opted-out',
      saved: 0.034,
    });
    expect(JSON.stringify(entries[0])).not.toContain('Two for one');
    const reply = entries.find(({ kind }: { kind: string }) => kind === 'reply');
    expect(reply).toMatchObject({ text: 'STOP', to: 'EMULATOR', webhook: { state: 'delivered' } });
    expect(entries.map(({ text }: { text: string }) => text)).toContain('Opt-out recorded (all)');
    expect(phone.refused).toBe(1);
    expect(await read('summary')).toMatchObject({
      refused: 1,
      saved: 0.034,
      guards: [{ guard: 'consent', refused: 1, observed: 0, saved: 0.034 }],
    });
    expect((await read('phones?refused=1')).phones).toMatchObject([{ key: ANN }]);
    await sms.close();
    server.close();
    server.closeAllConnections();
  });

  test('known only by a mask gets a thread, which moves to the number once it is known', async () => {
    await write('events', [
      {
        type: 'message-blocked',
        at: 1,
        clientMessageId: 'm-1',
        destination: '+65******67',
        purpose: 'marketing',
        country: 'SG',
        decision: { guard: 'consent', reason: 'no-consent', mode: 'enforce' },
      },
    ]);
    expect((await thread('+65******67')).entries).toHaveLength(1);
    await send(ANN);
    expect((await thread(ANN)).entries.map(({ kind }: { kind: string }) => kind)).toEqual([
      'message',
      'refusal',
    ]);
    expect((await read('phones')).matching).toBe(1);
  });

  test('stays apart from another one with the same mask', async () => {
    await send('+6591234567');
    await send('+6599999967');
    const blocked = {
      type: 'message-blocked',
      at: Date.now(),
      clientMessageId: 'm',
      destination: '+65******67',
    };
    await write('events', [
      { ...blocked, purpose: 'otp', decision: { guard: 'recipient', reason: 'over-limit' } },
    ]);
    expect((await read('phones')).phones[0]).toMatchObject({ key: '+65******67', refused: 1 });
  });

  test('is told apart from nobody: an answer needs a text and a known number', async () => {
    expect(await write('replies', { from: ANN, text: 'Hi' })).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('never got a message') },
    });
    expect(await write('replies', { from: ANN })).toMatchObject({ status: 400 });
    expect((await write('replies', { from: ANN, text: 'Hi', to: '+6580000000' })).json).toEqual({
      status: null,
    });
    expect((await thread(ANN)).entries).toMatchObject([{ kind: 'reply', text: 'Hi', to: '+6580000000' }]);
  });
});

describe('guards in monitor mode', () => {
  test('are shown with the message that they would have refused', async () => {
    const sms = createClient({ guards: { countries: { allow: ['ID'], mode: 'monitor' } } });
    await sms.messages.send({ destination: ANN, text: 'Hello' });
    const found = await until(async () => {
      const [entry] = (await thread(ANN)).entries;
      return entry?.observed && entry;
    });
    expect(found.observed).toEqual([{ guard: 'countries', reason: 'country-not-allowed' }]);
    expect((await read('summary')).guards).toMatchObject([{ guard: 'countries', refused: 0, observed: 1 }]);
    await sms.close();
  });
});

describe('the attack', () => {
  const isOver = async () => (await read('summary')).attack.isRunning === false;

  test('is refused by the guards as in the demo', async () => {
    await sandbox.close();
    sandbox = await startSandbox({ port: 0, speed: 1_000_000 });
    expect((await write('attack', { guards: 'configured' })).status).toBe(204);
    await until(isOver);
    const { attack, guards, messages } = await read('summary');
    expect(attack).toMatchObject({
      guards: 'configured',
      done: 1_326,
      total: 1_326,
      sent: 371,
      refused: 955,
    });
    expect(messages).toBe(371);
    expect(
      Object.fromEntries(guards.map(({ guard, refused }: Record<string, unknown>) => [guard, refused])),
    ).toMatchObject({
      prefix: 362,
      countries: 300,
      backoff: 293,
      // It watches only, by default.
      pumping: 0,
    });
  });

  test('stops when it is told to, and another one may follow', async () => {
    await write('attack', { guards: 'none' });
    await write('attack', { guards: 'defaults' });
    expect((await read('summary')).attack).toMatchObject({ guards: 'defaults', isRunning: true });
    await write('attack', { guards: 'stop' });
    expect(await isOver()).toBe(true);
    expect((await write('attack', { guards: 'toString' })).status).toBe(400);
  });
});

describe('faults and clear', () => {
  test('plan a fault of the next requests', async () => {
    await write('faults', { fault: '503', times: 2 });
    expect([(await send(ANN)).status, (await send(ANN)).status, (await send(ANN)).status]).toEqual([
      503, 503, 200,
    ]);
    expect((await write('faults', { fault: '999' })).status).toBe(400);
  });

  test('forget everything, but not the reserved numbers', async () => {
    await send(ANN);
    await write('replies', { from: ANN, text: 'Hi' });
    expect((await write('clear')).status).toBe(204);
    expect(await read('phones')).toMatchObject({ matching: 0, phones: [] });
    expect(await read('summary')).toMatchObject({ messages: 0, spent: 0, refused: 0, guards: [] });
    expect((await send('+6590000503')).status).toBe(503);
  });
});

describe('live updates', () => {
  test('name the phones that changed', async () => {
    const response = await fetch(`${sandbox.url}/_sandbox/live`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = '';
    const until = async (pattern: RegExp) => {
      while (!pattern.test(text)) text += decoder.decode((await reader.read()).value);
    };
    await send('+6590000200');
    await until(/data: \{"phones":\["\+6590000200"\]\}\n\n/);
    await callApi(sandbox, `${MESSAGES}/batch`, {
      destinations: Array.from({ length: 300 }, (_, index) => `+659123${1000 + index}`),
      template: { text: 'Hi' },
    });
    await until(/data: \{\}\n\n/);
    await reader.cancel();
  });

  test('end when the sandbox closes', async () => {
    const response = await fetch(`${sandbox.url}/_sandbox/live`);
    const reading = response.text();
    await sandbox.close();
    expect(await reading).toContain('retry: 1000');
    sandbox = await startSandbox({ port: 0 });
  });
});

describe('the page', () => {
  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/page.js', 'text/javascript; charset=utf-8'],
    ['/page.css', 'text/css; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml; charset=utf-8'],
  ])('serves %s under a policy that allows nothing inline and nothing foreign', async (path, type) => {
    const response = await fetch(sandbox.url + path);
    expect(response.headers.get('content-type')).toBe(type);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).not.toMatch(
      /https?:\/\/(?!www\.w3\.org)[a-z]+\.[a-z]+\/[^"']*\.(js|css|woff2?)/,
    );
  });

  test.each([
    ['GET', '/nothing', 404],
    ['GET', '/_sandbox/nothing', 404],
    ['GET', '/toString', 404],
    ['GET', '//', 404],
    ['HEAD', '/?from=bookmark', 200],
    ['POST', '/page.js', 404],
    ['DELETE', '/_sandbox/phones', 405],
    ['GET', '/_sandbox/messages/nothing', 400],
    ['GET', '/_sandbox/phones/%E0%A4%A', 400],
  ])('answers %s %s with %i', async (method, path, status) => {
    expect((await fetch(sandbox.url + path, { method })).status).toBe(status);
  });

  test.each([
    ['of half a JSON', '{"no":', {}, 400],
    ['of a form', '{}', { 'content-type': 'text/plain' }, 415],
    ['of a foreign page', '{}', { origin: 'http://evil.example' }, 403],
    ['of a megabyte', JSON.stringify({ from: 'x'.repeat(1_100_000) }), {}, 413],
  ])('refuses the command %s', async (_, body, headers, status) => {
    expect((await write('replies', body, headers as Record<string, string>)).status).toBe(status);
  });

  test('takes only events that have the form of events', async () => {
    const good = {
      type: 'consent-recorded',
      at: 1,
      destination: '+65******67',
      state: 'opted-in',
      scope: 'all',
    };
    const bad = [
      5,
      null,
      { ...good, type: 'message-sent' },
      { ...good, at: '1' },
      { ...good, destination: undefined },
      { ...good, scope: 'x'.repeat(500) },
      { ...good, scope: { html: '<b>' } },
      { ...good, type: 'message-blocked' },
    ];
    expect((await write('events', [...bad, good])).status).toBe(204);
    expect((await thread('+65******67')).entries).toMatchObject([
      { kind: 'note', text: 'Opt-in recorded (all)' },
    ]);
    expect((await write('events', {})).status).toBe(400);
  });
});

describe('sandboxReporter', () => {
  test('tells the author when the sandbox is not there, and disturbs no send', async () => {
    const errors: unknown[] = [];
    const sms = createClient({
      onEvent: sandboxReporter('http://127.0.0.1:9'),
      onError: (error, { where }) => void errors.push([where, String(error)]),
    });
    await sms.messages.send({ destination: ANN, text: 'Hello' });
    await until(() => errors.length > 0);
    expect(errors[0]).toEqual(['onEvent', 'TypeError: fetch failed']);
    await sms.close();
  });

  test('tells the author when the sandbox refuses', async () => {
    const team = await startTeamServer(() => ({ status: 500 }));
    const listener = sandboxReporter(team.url);
    const event = { type: 'message-admitted', at: 1, destination: '+65******67' } as never;
    await expect(listener(event, { context: undefined })).rejects.toThrow('The sandbox answered 500');
    await team.close();
  });

  test('sends events together, and those of attempts not at all', async () => {
    const team = await startTeamServer();
    const listener = sandboxReporter(team.url);
    const event = { type: 'message-admitted', at: 1, destination: '+65******67' };
    const first = listener(event as never, { context: undefined });
    expect(listener({ type: 'attempt-started' } as never, { context: undefined })).toBeUndefined();
    for (let count = 0; count < 600; count += 1) void listener(event as never, { context: undefined });
    await first;
    expect(team.received.map(({ body }) => JSON.parse(body).length)).toEqual([500, 101]);
    await team.close();
  });

  test.each(['', 'sandbox:8808', 'ftp://sandbox'])('refuses the address %j', (url) => {
    expect(() => sandboxReporter(url)).toThrow('url must be the address of a sandbox');
  });
});

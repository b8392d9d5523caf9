import { describe, expect, it } from 'vitest';
import type { EmulatorOptions } from '../../../src/emulator/emulator.ts';
import { START, SUB_ACCOUNT, startEmulator } from '../../support/emulator.ts';

const path = `${SUB_ACCOUNT}/messages`;
const DAY = 86_400_000;
const ready = { readyAfterPolls: 1 };

function start(options: EmulatorOptions = {}) {
  const server = startEmulator({ exports: ready, ...options });
  return {
    ...server,
    send: (destination: string, text = 'Hello') => server.call('POST', path, { destination, text }),
    /** Starts an export and polls once. */
    async run(request?: unknown) {
      const { body } = await server.call('POST', `${path}/exports`, request);
      return server.call('GET', `${path}/exports/${body.jobId}`);
    },
    async download(address: string | undefined): Promise<string> {
      const response = await server.emulator.fetch(address ?? '');
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer());
    },
  };
}

describe('exports', () => {
  it('are queued, running, then succeeded', async () => {
    const { call, send } = start({ exports: {} });
    await send('+6591234567');
    const started = await call('POST', `${path}/exports`, {});
    expect(started.status).toBe(202);
    expect(started.body).toEqual({ jobId: expect.stringMatching(/^\w{64}$/) });
    const responses = [];
    for (let poll = 0; poll < 4; poll += 1)
      responses.push((await call('GET', `${path}/exports/${started.body.jobId}`)).body);
    const succeeded = {
      status: 'succeeded',
      data: [
        expect.stringMatching(
          /^https:\/\/sms\.8x8\.com\/api\/v1\/subaccounts\/team_otp\/messages\/download\/\w{64}$/,
        ),
      ],
      expires: '2026-07-31T00:00:00.000Z',
    };
    expect(responses).toEqual([{ status: 'queued' }, { status: 'running' }, succeeded, succeeded]);
    expect(responses[3]).toEqual(responses[2]);
  });

  it('can be ready by the clock', async () => {
    const { call, send, advance } = start({ exports: { readyAfterMs: 5000 } });
    await send('+6591234567');
    const { body } = await call('POST', `${path}/exports`);
    const states: unknown[] = [];
    for (const wait of [0, 4999, 1]) {
      advance(wait);
      states.push((await call('GET', `${path}/exports/${body.jobId}`)).body.status);
    }
    expect(states).toEqual(['queued', 'running', 'succeeded']);
  });

  it('are real CSV: quotes, commas and line breaks inside fields', async () => {
    const { call, emulator, run, download } = start({ showPersonalData: true });
    await call('POST', path, {
      destination: '+6591234567',
      text: 'Say "hi", please\nsecond line',
      clientMessageId: 'a,b',
      source: 'Team',
    });
    const { body } = await run();
    const umid = emulator.messages[0]?.umid;
    const at = '2026-07-01T00:00:00.000Z';
    expect(await download(body.data[0])).toBe(
      'umid,subaccountid,direction,country,operator,mcc,mnc,status_value,status_details,status_errorcode,' +
        'status_errormessage,status_timestamp,msisdn,source,encoding,createdat,smscount,price_currency,price_persms,' +
        'price_total,clientmessageid,clientbatchid,batchid,body\r\n' +
        `${umid},team_otp,1,SG,Emulated Mobile SG,525,01,sent,,,,${at},+6591234567,Team,GSM7,${at},1,USD,0.034,0.034,` +
        '"a,b",,,"Say ""hi"", please\nsecond line"\r\n',
    );
  });

  it('are masked by default, may start with a BOM, and have no operator for countries without a price', async () => {
    const { send, run, download, emulator } = start({ exports: { ...ready, byteOrderMark: true } });
    await send('+38344123456');
    const { body } = await run();
    const text = await download(body.data[0]);
    expect(text.startsWith('\ufeffumid,')).toBe(true);
    expect(text).toContain(`${emulator.messages[0]?.umid},team_otp,1,XK,,,,sent,`);
    expect(text).toContain('+3834412xxxx');
    expect(text).toContain('**MASKED**');
    expect(text).not.toContain('Hello');
  });

  it('split many rows into several files', async () => {
    const { send, run, download } = start({ exports: { ...ready, rowsPerFile: 400 } });
    for (let index = 0; index < 450; index += 1) await send(`+65${91_000_000 + index}`);
    const { body } = await run();
    const files = await Promise.all(body.data.map(download));
    expect(files.map((text) => text.split('\r\n').length - 2)).toEqual([400, 50]);
  });

  it.each([
    [undefined, 2],
    [{ limit: 0 }, 2],
    [{ limit: 1 }, 1],
    [{ phoneNumber: '+6591234567' }, 1],
    [{ phoneNumber: '6591234567' }, 1],
    [{ countries: ['us'] }, 1],
    [{ countries: null }, 2],
    [{ countries: ['GB'] }, 0],
    [{ from: '2026-07-01', to: '2026-07-01' }, 2],
    [{ from: '2026-07-02' }, 0],
    [{ from: '2026-07-01T00:00:00' }, 2],
    [{ from: '2026-07-01T00:00:00+08:00', to: '2026-07-01T08:00:00+08:00' }, 0],
    [{ to: '2026-06-30' }, 0],
  ])('select by %j: %i rows', async (request, rows) => {
    const { send, run, download, call } = start();
    await send('+6591234567');
    await send('+12025550275');
    await call('POST', '/api/v1/subaccounts/other/messages', { destination: '+6591234567', text: 'x' });
    const { body } = await run(request);
    const count = body.status === 'empty' ? 0 : (await download(body.data[0])).split('\r\n').length - 2;
    expect(count).toBe(rows);
  });

  it('leave out messages without a country when countries are given, and messages older than 7 days', async () => {
    const { send, run, advance } = start();
    await send('+870773111632');
    expect((await run({ countries: ['SG'] })).body).toEqual({ status: 'empty' });
    expect((await run()).body.status).toBe('succeeded');
    advance(7 * DAY + 1);
    expect((await run()).body).toEqual({ status: 'empty' });
  });

  it.each([
    [{ from: 'yesterday' }, 1000],
    [{ to: 7 }, 1000],
    [{ limit: -1 }, 1000],
    [{ limit: '5' }, 1000],
    [{ limit: 1.5 }, 1000],
    [{ countries: 'SG' }, 1000],
    [{ countries: ['SGP'] }, 1009],
    [[], 1000],
  ])('refuse %j', async (request, code) => {
    const { call } = start();
    const response = await call('POST', `${path}/exports`, request);
    expect([response.status, response.body.code]).toEqual([400, code]);
  });

  it('can be cancelled', async () => {
    const { call, emulator } = start();
    const { body } = await call('POST', `${path}/exports`);
    const cancelled = await call('DELETE', `${path}/exports/${body.jobId}`);
    expect([cancelled.status, cancelled.body]).toEqual([204, undefined]);
    expect((await call('GET', `${path}/exports/${body.jobId}`)).body).toEqual({ status: 'cancelled' });
    for (const method of ['GET', 'DELETE']) {
      const unknown = await call(method, `/api/v1/subaccounts/other/messages/exports/${body.jobId}`);
      expect([unknown.status, unknown.body.code]).toEqual([404, 4018]);
    }
    expect(emulator.messages).toEqual([]);
  });

  it('are downloaded without a key, for a month', async () => {
    const { send, run, emulator, advance } = start();
    await send('+6591234567');
    const { body } = await run();
    const address = body.data[0] ?? '';
    const response = await emulator.fetch(address);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(emulator.requests.at(-1)).toMatchObject({ authorized: false, status: 200 });
    const wrong = [address.replace('team_otp', 'other'), `${address}0`];
    for (const where of wrong) expect((await emulator.fetch(where)).status).toBe(404);
    advance(30 * DAY);
    expect((await emulator.fetch(address)).status).toBe(404);
    expect(START).toBe(emulator.messages[0]?.createdAt);
  });
});

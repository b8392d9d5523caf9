import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  AbortedError,
  ApiError,
  ConnectionError,
  type ExportQuery,
  type ExportRow,
  TimeoutError,
  ValidationError,
} from '../../../src/index.ts';
import type { Fetch } from '../../../src/types.ts';
import { START } from '../../support/emulator.ts';
import { errorOf, startClient } from '../../support/sms-client.ts';

const NUMBER = '+6591234567';
const TRICKY = 'He said "no",\nthen left; é 😀';
const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets timers run until the promise has settled. */
async function settle<Value>(promise: Promise<Value>): Promise<Value> {
  let isSettled = false;
  const done = () => {
    isSettled = true;
  };
  promise.then(done, done);
  while (!isSettled) await vi.advanceTimersByTimeAsync(500);
  return promise;
}

async function collect(rows: AsyncIterable<ExportRow>): Promise<ExportRow[]> {
  const all: ExportRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

describe('exports.start, get, cancel', () => {
  it('start an export, look at it and stop it', async () => {
    const { sms, lastBody } = startClient();
    const { jobId } = await sms.exports.start();
    expect(lastBody()).toEqual({});
    expect(await sms.exports.get(jobId)).toEqual({ status: 'queued' });
    expect(await sms.exports.cancel(jobId)).toBeUndefined();
    expect(await sms.exports.get(jobId)).toEqual({ status: 'cancelled' });
  });

  it.each<[ExportQuery, object]>([
    [
      { from: '2026-06-01', to: '2026-06-30' },
      { from: '2026-06-01T00:00:00.000Z', to: '2026-06-30T23:59:59.999Z' },
    ],
    [{ from: '2026-06-01T13:00:00' }, { from: '2026-06-01T13:00:00.000Z' }],
    [{ from: '2026-06-01T13:00:00+07:00' }, { from: '2026-06-01T06:00:00.000Z' }],
    [{ to: new Date(START) }, { to: '2026-07-01T00:00:00.000Z' }],
    [
      { phoneNumber: NUMBER, countries: ['SG', 'DE'], limit: 10 },
      { phoneNumber: NUMBER, countries: ['SG', 'DE'], limit: 10 },
    ],
  ])('ask for %o', async (query, body) => {
    const { sms, lastBody } = startClient();
    await sms.exports.start(query);
    expect(lastBody()).toEqual(body);
  });

  it.each([
    [{ from: 'yesterday' }, 'query.from'],
    [{ from: '2026-13-01' }, 'query.from'],
    [{ to: new Date(Number.NaN) }, 'query.to'],
    [{ to: 5 }, 'query.to'],
    [{ from: '2026-06-02', to: '2026-06-01' }, 'query.from'],
    [{ phoneNumber: 'Mei' }, 'query.phoneNumber'],
    [{ countries: ['SGP'] }, 'query.countries[0]'],
    [{ countries: [] }, 'query.countries'],
    [{ limit: -1 }, 'query.limit'],
    [{ limit: 1.5 }, 'query.limit'],
    [{ since: 'x' }, 'query.since'],
    [7, 'query'],
  ])('refuse %o', async (query, path) => {
    const { sms, emulator } = startClient();
    for (const call of [sms.exports.start(query as never), sms.exports.run(query as never).next()]) {
      const error = await errorOf(call);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({ path });
    }
    expect(emulator.requests).toEqual([]);
  });

  it('never start twice what 8x8 may have begun', async () => {
    const { sms, emulator, calls } = startClient({}, { retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } });
    emulator.failNext('lost-response');
    expect(await errorOf(sms.exports.start())).toMatchObject({ submission: 'unknown' });
    emulator.failNext({ status: 202, body: '{"job":1}' });
    expect(await errorOf(sms.exports.start())).toMatchObject({ code: 'api', submission: 'unknown' });
    expect(calls()).toHaveLength(2);
  });

  it('read states that 8x8 adds later, and refuse anything else', async () => {
    const { sms, emulator } = startClient();
    emulator.failNext({ status: 200, body: '{"status":"resting","data":null,"expires":null}' });
    expect(await sms.exports.get('job')).toEqual({ status: 'resting' });
    emulator.failNext({ status: 200, body: '{"status":"succeeded","data":["a",1]}' });
    expect(await sms.exports.get('job')).toEqual({ status: 'succeeded', data: ['a'] });
    for (const body of ['{}', '{"status":"succeeded","data":"a"}']) {
      emulator.failNext({ status: 200, body });
      expect(await errorOf(sms.exports.get('job'))).toMatchObject({
        code: 'api',
        submission: 'not-submitted',
      });
    }
  });
});

describe('exports.run', () => {
  it('starts, waits with growing delays, and streams typed rows of every file', async () => {
    const { sms, emulator, calls } = startClient({
      showPersonalData: true,
      exports: { byteOrderMark: true, rowsPerFile: 2 },
    });
    const sent = await sms.messages.send({
      destination: NUMBER,
      text: TRICKY,
      clientMessageId: 'one',
      source: '0123',
    });
    const destinations = ['+6598765432', '+4915112345678'];
    const { batchId } = await sms.messages.sendBatch({
      destinations,
      template: { text: 'b' },
      clientBatchId: 'x',
    });
    const waits: number[] = [];
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const rows = await settle(collect(sms.exports.run({ from: '2026-06-30' })));
    for (const [, ms] of timers.mock.calls)
      if (ms !== undefined && ms % 1000 === 0 && ms < 10_000) waits.push(ms);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toEqual({
      umid: sent.umid,
      subAccountId: 'team_otp',
      direction: 'outbound',
      country: 'SG',
      operator: 'Emulated Mobile SG',
      mcc: '525',
      mnc: '01',
      status: { state: 'sent', timestamp: '2026-07-01T00:00:00.000Z' },
      msisdn: NUMBER,
      source: '0123',
      encoding: 'UCS2',
      createdAt: '2026-07-01T00:00:00.000Z',
      smsCount: 1,
      price: { total: 0.034, perSms: 0.034, currency: 'USD' },
      clientMessageId: 'one',
      body: TRICKY,
    });
    expect(rows.map((row) => row.batchId)).toEqual([undefined, batchId, batchId]);
    expect(rows[2]).toMatchObject({ country: 'DE', clientBatchId: 'x' });
    expect(calls().filter((call) => call.includes('/download/'))).toHaveLength(2);
    const downloads = emulator.requests.filter(({ path }) => path.includes('/download/'));
    expect(downloads.map(({ authorized }) => authorized)).toEqual([false, false]);
  });

  it('has no rows when the export is empty', async () => {
    const { sms, calls } = startClient();
    expect(await settle(collect(sms.exports.run()))).toEqual([]);
    expect(calls().at(-1)).toMatch(/^GET/);
  });

  it.each([
    ['{"status":"failed"}', 'could not create the export (failed)'],
    ['{"status":"error"}', 'could not create the export (error)'],
    ['{"status":"cancelled"}', 'was cancelled'],
    ['{"status":"succeeded"}', 'names no file'],
  ])('is an ApiError when the job ends with %s', async (body, problem) => {
    const { sms, emulator, calls } = startClient();
    emulator.failNext({ status: 200, body }, { match: ({ method }) => method === 'GET' });
    const error = await settle(errorOf(collect(sms.exports.run())));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'api', submission: 'not-submitted' });
    expect((error as Error).message).toContain(problem);
    expect(calls()).toHaveLength(2);
  });

  const isDownload = ({ path }: { path: string }) => path.includes('/download/');

  it.each([
    [{ status: 404 }, 'expire'],
    [{ status: 200, body: '<html>\n<p>a proxy</p>' }, 'no column umid'],
    [{ status: 200, body: 'umid,body\n1,"half' }, 'in the middle of a field'],
    [
      { status: 200, body: 'umid,msisdn,body\n1,+6591234567' },
      'row 2 of the file has 2 fields, but the header has 3',
    ],
  ])('is an ApiError when the file is %o', async (answer, problem) => {
    const { sms, emulator } = startClient();
    await sms.messages.send({ destination: NUMBER, text: 'a' });
    emulator.failNext(answer, { match: isDownload });
    const error = await settle(errorOf(collect(sms.exports.run())));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ submission: 'not-submitted' });
    expect((error as Error).message).toContain(problem);
    expect(JSON.stringify(error)).not.toMatch(/91234567|half/);
  });

  it('follows no redirect, and goes to no plain HTTP', async () => {
    const { sms, emulator } = startClient();
    await sms.messages.send({ destination: NUMBER, text: 'a' });
    emulator.failNext({ status: 302, headers: { location: 'https://evil.example' } }, { match: isDownload });
    expect(await settle(errorOf(collect(sms.exports.run())))).toBeInstanceOf(ApiError);
    emulator.failNext(
      { status: 200, body: '{"status":"succeeded","data":["http://evil.example/x"]}' },
      { match: ({ method, path }) => method === 'GET' && path.includes('/exports/') },
    );
    const error = await settle(errorOf(collect(sms.exports.run())));
    expect((error as Error).message).toContain('https:');
    expect(emulator.requests.filter(isDownload)).toHaveLength(1);
  });

  const csv = (line: string, columns: string) => `${columns}\r\n${line}\r\n`;

  it.each([
    ['umid,direction', '1,0', { direction: 'inbound' }],
    ['umid,direction', '1,SIDEWAYS', { direction: 'sideways' }],
    ['UMID , Direction', '1,1', { direction: 'outbound' }],
    ['umid,status_errorcode', '1,61', { status: { errorCode: 61 } }],
    ['umid,status_errorcode', '1,none', { extra: { status_errorcode: 'none' } }],
    ['umid,price_total', '1,-2.5e-3', { price: { total: -0.0025 } }],
    ['umid,price_total', '1,"0,5"', { extra: { price_total: '0,5' } }],
    ['umid,createdat', '1,2026-07-01 08:00:00', { createdAt: '2026-07-01T08:00:00.000Z' }],
    ['umid,createdat', '1,2026-07-01T08:00:00.1234567+08:00', { createdAt: '2026-07-01T00:00:00.123Z' }],
    ['umid,createdat', '1,2026-07-01 08:00:00 +0800', { createdAt: '2026-07-01T00:00:00.000Z' }],
    ['umid,createdat', '1,2026-99-01T08:00:00Z', { extra: { createdat: '2026-99-01T08:00:00Z' } }],
    ['umid,campaign,empty', '1,spring,', { extra: { campaign: 'spring' } }],
    ['umid,__proto__', '1,x', { extra: JSON.parse('{"__proto__":"x"}') }],
    ['umid,source', ',a', { umid: '', source: 'a' }],
  ])('reads %s: %s', async (columns, line, expected) => {
    const { sms, emulator } = startClient();
    await sms.messages.send({ destination: NUMBER, text: 'a' });
    emulator.failNext({ status: 200, body: csv(line, columns) }, { match: isDownload });
    const [row] = await settle(collect(sms.exports.run()));
    expect(row).toEqual({ umid: '1', status: {}, price: {}, ...expected });
  });

  it('waits for a job an hour at most, then cancels it', async () => {
    const { sms, calls } = startClient({ exports: { readyAfterMs: 7 * DAY_MS } });
    const error = await settle(errorOf(collect(sms.exports.run())));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ submission: 'not-submitted' });
    expect((error as Error).message).toContain('"running"');
    expect(calls().at(-1)).toMatch(/^DELETE \/messages\/exports\//);
    // 1 + 2 + 4 + 8 + 16 seconds, then every 30.
    expect(calls().filter((call) => call.startsWith('GET'))).toHaveLength(5 + 119);
  });

  it('keeps to the deadline and to the signal, and cancels the job', async () => {
    const { sms, calls } = startClient({ exports: { readyAfterMs: DAY_MS } });
    vi.useRealTimers();
    const late = await errorOf(collect(sms.exports.run({}, { deadlineMs: 20 })));
    expect(late).toBeInstanceOf(TimeoutError);
    expect((late as Error).message).toContain('8x8 was creating the export, which was cancelled');
    const controller = new AbortController();
    const aborted = errorOf(collect(sms.exports.run({}, { signal: controller.signal })));
    await vi.waitFor(() => expect(calls()).toHaveLength(3));
    controller.abort();
    expect(await aborted).toBeInstanceOf(AbortedError);
    expect(((await aborted) as Error).message).toContain('which was cancelled');
    expect(calls().map((call) => call.split(' ')[0])).toEqual(['POST', 'DELETE', 'POST', 'DELETE']);
  });

  it('cancels the job when it is left while it waits, and says nothing when that fails', async () => {
    const { sms, emulator, calls } = startClient({ exports: { readyAfterMs: DAY_MS } });
    emulator.failNext('500', { match: ({ method }) => method === 'DELETE' });
    const rows = sms.exports.run();
    const first = errorOf(rows.next());
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await rows.return?.()).toEqual({ done: true, value: undefined });
    expect(await first).toBeInstanceOf(AbortedError);
    expect(calls().at(-1)).toMatch(/^DELETE/);
    expect(await rows.next()).toEqual({ done: true, value: undefined });
  });

  it('does nothing until the first row is asked for', async () => {
    const { sms, emulator } = startClient();
    const rows = sms.exports.run();
    await rows.return?.();
    expect(emulator.requests).toEqual([]);
  });

  /** Files of so many pieces, and how many of them were read. */
  function endlessFile(emulatorFetch: Fetch) {
    const state = { pieces: 0, cancelled: false };
    const fetch: Fetch = (input, init) => {
      if (!String(input instanceof Request ? input.url : input).includes('/download/'))
        return emulatorFetch(input, init);
      const encoder = new TextEncoder();
      const stream = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            controller.enqueue(encoder.encode(state.pieces === 0 ? 'umid\r\n' : `${state.pieces}\r\n`));
            state.pieces += 1;
          },
          cancel() {
            state.cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
      return Promise.resolve(new Response(stream));
    };
    return { state, fetch };
  }

  async function startEndless() {
    const { sms: sender, emulator } = startClient();
    await sender.messages.send({ destination: NUMBER, text: 'a' });
    const { state, fetch } = endlessFile(emulator.fetch);
    return { sms: startClient({}, { fetch }).sms, state, emulator };
  }

  it('reads no more than is asked for, and ends the download when the loop is left', async () => {
    const { sms, state, emulator } = await startEndless();
    const seen: string[] = [];
    await settle(
      (async () => {
        for await (const row of sms.exports.run()) {
          seen.push(row.umid);
          expect(state.pieces).toBeLessThanOrEqual(seen.length + 2);
          if (seen.length === 50) break;
        }
      })(),
    );
    expect(seen.at(-1)).toBe('50');
    expect(state.cancelled).toBe(true);
    expect(emulator.requests.some(({ method }) => method === 'DELETE')).toBe(false);
    await sms.close({ drainMs: 0 });
  });

  it('ends with the client, also when nobody asks for the next row', async () => {
    const { sms } = await startEndless();
    const rows = sms.exports.run();
    await settle(rows.next());
    await settle(sms.close({ drainMs: 1_000 }));
    expect(await errorOf(rows.next())).toBeInstanceOf(AbortedError);
  });

  it('ends a download that stopped coming', async () => {
    const { sms: sender, emulator } = startClient();
    await sender.messages.send({ destination: NUMBER, text: 'a' });
    const fetch: Fetch = (input, init) =>
      String(input instanceof Request ? input.url : input).includes('/download/')
        ? Promise.resolve(
            new Response(new ReadableStream({ pull: (sink) => sink.error(new Error('reset')) })),
          )
        : emulator.fetch(input, init);
    const { sms } = startClient({}, { fetch });
    expect(await settle(errorOf(collect(sms.exports.run())))).toBeInstanceOf(ConnectionError);
  });
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import ky from 'ky';
import twilio from 'twilio';
import { SmsClient } from '../src/index.ts';
import { median, type Row } from './row.ts';

const CALLS = 2_000;
const ROUNDS = 5;
const SELF = fileURLToPath(import.meta.url);

/** A server of its own process that answers every message at once, as 8x8 and as Twilio would. */
function serve(): void {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const isTwilio = request.url?.includes('2010-04-01') === true;
      response.writeHead(isTwilio ? 201 : 200, { 'content-type': 'application/json' });
      const answer = isTwilio
        ? { sid: 'SM1', status: 'queued', body: 'hello', to: '+6591234567', from: '+6598765432' }
        : {
            umid: 'u-1',
            destination: '6591234567',
            encoding: 'GSM7',
            status: { code: 'QUEUED', description: 'ok' },
          };
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) process.send?.(address.port);
  });
  process.on('disconnect', () => process.exit());
}

if (process.argv[1] === SELF && process.send !== undefined) serve();

type Send = (index: number) => Promise<unknown>;

/** Calls per second at this concurrency. */
async function callsPerSecond(send: Send, concurrency: number): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < CALLS) {
        next += 1;
        await send(next);
      }
    }),
  );
  return (CALLS * 1000) / (performance.now() - startedAt);
}

function numberOf(index: number): string {
  return `+6591${String(index % 1_000_000).padStart(6, '0')}`;
}

function senders(origin: string): Readonly<Record<'ours' | 'fetch' | 'ky' | 'twilio', Send>> {
  const url = `${origin}/api/v1/subaccounts/bench/messages`;
  const headers = { authorization: 'Bearer bench-key', 'content-type': 'application/json' };
  const body = (index: number) => ({ destination: numberOf(index), text: 'Your code is 4711' });
  const sms = new SmsClient({
    apiKey: 'bench-key',
    subAccountId: 'bench',
    baseUrl: origin,
    scope: 'bench-throughput',
    pace: false,
    guards: { recipient: { limit: 1_000, windowMs: 1_000 } },
  });
  const twilioClient = twilio('AC00000000000000000000000000000000', 'bench-token', { maxRetries: 0 });
  // Twilio's SDK has no option for the address: its requests are led to the local server here.
  twilioClient.api.baseUrl = origin;
  return {
    ours: (index) => sms.messages.send(body(index)),
    fetch: async (index) => {
      const init = {
        method: 'POST',
        headers,
        body: JSON.stringify(body(index)),
        redirect: 'manual' as const,
      };
      return (await fetch(url, init)).json();
    },
    ky: (index) => ky.post(url, { headers, json: body(index), retry: 0 }).json(),
    twilio: (index) =>
      twilioClient.messages.create({ to: numberOf(index), from: '+6598765432', body: 'Your code is 4711' }),
  };
}

/** Throughput of `send` against a local server, beside raw `fetch`, bare `ky` and the `twilio` SDK, in turn. */
export async function benchThroughput(): Promise<Row[]> {
  const server = fork(SELF);
  try {
    const [port] = (await once(server, 'message')) as [number];
    const all = senders(`http://127.0.0.1:${port}`);
    const rows: Row[] = [];
    for (const concurrency of [1, 64]) {
      const rates: Record<string, number[]> = { ours: [], fetch: [], ky: [], twilio: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [name, send] of Object.entries(all)) {
          (rates[name] as number[]).push(await callsPerSecond(send, concurrency));
        }
      }
      const rate = (name: string): number => median(rates[name] as number[]);
      for (const name of ['fetch', 'ky', 'twilio']) {
        rows.push({
          measure: `send, ${concurrency} at a time`,
          ours: `${Math.round(rate('ours'))}/s`,
          compared: `${name} ${Math.round(rate(name))}/s`,
          ratio: (rate('ours') / rate(name)).toFixed(2),
          target: 'no target',
        });
      }
    }
    return rows;
  } finally {
    server.disconnect();
  }
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEmulator } from '../../../src/emulator/emulator.ts';

/** A message that 8x8 accepted. */
export interface Arrival {
  readonly destination: string;
  readonly id: string;
  /** The process that sent it. */
  readonly worker: string;
  /**
   * When the send was called, and when the request was written to 8x8: milliseconds of one clock for all processes of
   * the machine.
   */
  readonly askedMs: number;
  readonly writtenMs: number;
}

/** The emulator behind HTTP, in this process: it knows the messages of the workers even after they die. */
export interface Receiver {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** How many messages each of these numbers received. */
  counts(numbers: readonly string[]): number[];
  stop(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request) body += chunk;
  return body;
}

export async function startReceiver(): Promise<Receiver> {
  // The emulator keeps only the last message, because all arrivals are kept here.
  const emulator = createEmulator({ requestsPerSecond: false, maxKept: 1 });
  const arrivals: Arrival[] = [];

  function note(body: string, writtenMs: number): void {
    const { destination, clientMessageId: id } = JSON.parse(body) as Record<string, string>;
    if (destination === undefined || id === undefined) throw new Error(`A message without a name: ${body}`);
    const [worker = '', , askedMs] = id.split('-');
    arrivals.push({ destination, id, worker, askedMs: Number(askedMs), writtenMs });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'POST', url, headers: came } = request;
    const body = await readBody(request);
    const headers = { authorization: `${came.authorization}`, 'content-type': `${came['content-type']}` };
    const answer = await emulator.fetch(`https://sms.8x8.com${url}`, { method, headers, body });
    if (answer.ok) note(body, Number(came['x-written-ms']));
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  }

  const server = createServer((request, response) => {
    // A killed worker takes its connection down.
    serve(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    counts(numbers) {
      const found = new Map<string, number>();
      for (const { destination } of arrivals) found.set(destination, (found.get(destination) ?? 0) + 1);
      return numbers.map((number) => found.get(number) ?? 0);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { API_KEY } from '../support/client.ts';

/** One emulated 8x8 for several processes. */
export interface EmulatorServer {
  readonly url: string;
  readonly emulator: Emulator;
  /** Requests received, answered or not. */
  arrived: number;
  /** Responses wait for this promise. */
  hold: Promise<void> | undefined;
  stop(): Promise<void>;
}

export async function startEmulatorServer(): Promise<EmulatorServer> {
  const emulator = createEmulator({ apiKey: [API_KEY] });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    emulated.arrived += 1;
    await emulated.hold;
    const { method = 'GET', headers, url = '/' } = request;
    const answer = await emulator.fetch(`https://sms.8x8.com${url}`, {
      method,
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 && { body: Buffer.concat(chunks).toString() }),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  }

  const server = createServer((request, response) => {
    // A killed process takes its connection down.
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const emulated: EmulatorServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    emulator,
    arrived: 0,
    hold: undefined,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return emulated;
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that a receiver got. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server of a team: webhooks and tokens arrive there. */
export interface TeamServer {
  readonly url: string;
  readonly received: readonly ReceivedRequest[];
  /** Resolves when so many requests have arrived. */
  arrived(count: number): Promise<readonly ReceivedRequest[]>;
  close(): Promise<void>;
}

export type Reaction = { readonly status: number; readonly body?: string };

/** Starts a server that answers as `react` says; 200 by default. */
export async function startTeamServer(
  react: (request: ReceivedRequest, count: number) => Reaction | undefined = () => undefined,
): Promise<TeamServer> {
  const received: ReceivedRequest[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { url: path = '', headers } = request;
      received.push({ path, headers, body });
      const { status, body: answer = '' } = react({ path, headers, body }, received.length) ?? {
        status: 200,
      };
      response.writeHead(status, { 'content-type': 'application/json' }).end(answer);
      for (const look of waiting) look();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    arrived: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (received.length < count) return;
          waiting.delete(look);
          resolve(received);
        };
        waiting.add(look);
        look();
      }),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** A call of 8x8's API as another program makes it. */
export async function callApi(
  { url, apiKey }: { readonly url: string; readonly apiKey: string },
  path: string,
  body?: unknown,
  method = body === undefined ? 'GET' : 'POST',
) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}

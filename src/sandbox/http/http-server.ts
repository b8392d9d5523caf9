import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../../errors.ts';

/** A request whose body was read. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly headers: Headers;
  /** Undefined when the body was too large to read. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** Returns the response, or `broken` for a connection that breaks without one. */
export type HttpHandler = (request: HttpRequest) => Promise<Response | 'broken'>;

export interface HttpServer {
  readonly port: number;
  /** Stops listening, lets requests in progress end, and closes every connection after the grace period. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  readonly handle: HttpHandler;
}

/** Longer than clients keep an idle connection, so that none closes under a request. */
const KEEP_ALIVE_MS = 75_000;
const GRACE_MS = 2_000;

/** Reads a body; undefined when it is too large. The rest then stays unread, and the connection still carries a response. */
function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      resolve(undefined);
    });
    request.on('end', () => resolve(Uint8Array.from(Buffer.concat(chunks))));
    request.on('error', reject);
  });
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headersDistinct)) {
    for (const each of value ?? []) headers.append(name, each);
  }
  return headers;
}

/** Writes a stream as it comes, for live updates and long files. Stops reading when the client leaves. */
async function writeStream(stream: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  response.on('close', stop);
  response.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!response.write(value)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.off('close', stop);
  response.end();
}

async function writeResponse(answer: Response, response: ServerResponse): Promise<void> {
  const headers = Object.fromEntries(answer.headers);
  const type = answer.headers.get('content-type') ?? '';
  if (answer.body !== null && /^text\/(csv|event-stream)/.test(type)) {
    response.writeHead(answer.status, headers);
    return writeStream(answer.body, response);
  }
  const body = Buffer.from(await answer.arrayBuffer());
  const length = answer.status === 204 || answer.status === 304 ? {} : { 'content-length': body.byteLength };
  response.writeHead(answer.status, { ...headers, ...length });
  response.end(body);
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { handle, maxBodyBytes }: HttpServerOptions,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  // The rest of the body would be taken for the next request.
  if (body === undefined) response.setHeader('connection', 'close');
  const { method = 'GET', url = '/' } = request;
  const answer = await handle({ method, target: url, headers: headersOf(request), body });
  if (answer === 'broken') request.socket.resetAndDestroy();
  else await writeResponse(answer, response);
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const advice =
        error.code === 'EADDRINUSE'
          ? `Port ${port} is in use, perhaps by another sandbox: stop that one, or choose another port.`
          : `The sandbox cannot listen on ${host}, port ${port} (${error.code}).`;
      reject(new ConfigurationError(advice, 'port'));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * Starts an HTTP server with keep-alive and a limit on bodies.
 *
 * @throws ConfigurationError the port is in use, or the address is not of this machine
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    // A client that hangs up takes its connection down.
    serve(request, response, options).catch(() => response.destroy());
  });
  const port = await listen(server, options);
  return {
    port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

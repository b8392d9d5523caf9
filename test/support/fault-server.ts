import { createServer, type Server, type Socket } from 'node:net';

/** The reactions of the server to a complete request. */
const FAULTS = {
  ok: (socket, _, warm) => socket.write(answer(200, JSON.stringify({ umid: 'u-1', warm }))),
  reset: (socket) => socket.resetAndDestroy(),
  close: (socket) => socket.destroy(),
  /** Ends only its own side, and keeps reading. */
  'half-closed': (socket) => socket.end(),
  'half-head': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
  'half-body': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"umid":'),
  'half-chunk': (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"umid":'),
  none: () => {},
  'none-after-head': (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"umid":'),
  garbage: (socket) => socket.end('all is well\r\n\r\n'),
  html: (socket) => socket.write(answer(200, '<html>welcome</html>')),
  empty: (socket) => socket.write(answer(200, '')),
  '302': (socket, path) => socket.write(redirect(302, path)),
  '307': (socket, path) => socket.write(redirect(307, path)),
  '308': (socket, path) => socket.write(redirect(308, path)),
  '408': (socket) => socket.end(answer(408, '', 'connection: close\r\n')),
  '409': (socket) => socket.write(answer(409, '{}')),
  '421': (socket) => socket.write(answer(421, '{}')),
  '500': (socket) => socket.write(answer(500, '{}')),
  '503': (socket) => socket.write(answer(503, '{}', 'retry-after: 0\r\n')),
  '503-closed': (socket) => socket.end(answer(503, '', 'connection: close\r\n')),
} satisfies Record<string, (socket: Socket, path: string, warm: boolean) => unknown>;

export type Fault = keyof typeof FAULTS;

function answer(status: number, body: string, headers = ''): string {
  return `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${headers}\r\n${body}`;
}

/** Redirects to the same path, so that a client that follows is counted again. */
const redirect = (status: number, path: string) => answer(status, '', `location: ${path}\r\n`);

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Whether the connection had carried another request before. */
  readonly warm: boolean;
  /** Whether it had a Content-Length instead of chunks. */
  readonly hasLength: boolean;
  /** Whether it came through `fetch`, which adds a header. */
  readonly isFetched: boolean;
}

export interface FaultServer {
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  /** Requests whose path contains `/name/`. */
  seenBy(name: string): readonly SeenRequest[];
  close(): Promise<void>;
}

const isFault = (name: string): name is Fault => Object.hasOwn(FAULTS, name);

/**
 * A server that plays the fault named by the path's sub-account, `<fault>~<anything>`, on plain sockets, so that no
 * HTTP library corrects it.
 */
export async function startFaultServer(): Promise<FaultServer> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let received = '';
    let served = 0;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += chunk;
      if (!isComplete(received)) return;
      const [method = '', path = ''] = received.split(' ', 2);
      const hasLength = /^content-length: \d+\r$/im.test(received);
      const isFetched = /^sec-fetch-mode: /im.test(received);
      received = '';
      const warm = served++ > 0;
      seen.push({ method, path, warm, hasLength, isFetched });
      const fault = /\/subaccounts\/([\w-]+)/.exec(path)?.[1] ?? '';
      FAULTS[isFault(fault) ? fault : 'ok'](socket, path, warm);
    });
  });
  const port = await listen(server);
  return {
    port,
    seen,
    seenBy: (name) => seen.filter(({ path }) => decodeURIComponent(path).includes(`/${name}/`)),
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Whether head and body are complete; enough HTTP for the requests of this client. */
function isComplete(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const head = text.slice(0, headEnd).toLowerCase();
  if (head.includes('transfer-encoding: chunked')) return text.endsWith('0\r\n\r\n');
  const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
  return text.length - headEnd - 4 >= length;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    // All loopback addresses: a client that uses another one has a fresh connection.
    server.listen(0, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

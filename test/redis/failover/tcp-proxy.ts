import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A connection that can be cut. */
export interface TcpProxy {
  readonly port: number;
  /** Commands still reach the server, but its replies are swallowed. */
  swallowAnswers(): void;
  /** Closes all connections and drops swallowed replies. New connections work. */
  cut(): void;
  /** Routes new connections to another server. */
  moveTo(port: number): void;
  stop(): Promise<void>;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  let port = target;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (answer) => {
      if (!isSwallowing) near.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  function cut(): void {
    isSwallowing = false;
    for (const socket of sockets) socket.destroy();
  }
  return {
    port: (server.address() as { port: number }).port,
    swallowAnswers() {
      isSwallowing = true;
    },
    cut,
    moveTo(other) {
      port = other;
    },
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Proxies that give no tunnel, and the reason that a send then reports. */
export const PROXIES = [
  { does: 'drops the connection', reason: 'proxy', refuse: (socket: Socket) => socket.destroy() },
  { does: 'resets it', reason: 'reset', refuse: (socket: Socket) => socket.resetAndDestroy() },
  {
    does: 'wants a password',
    reason: 'proxy',
    refuse: (socket: Socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'),
  },
  {
    does: 'does not reach 8x8',
    reason: 'proxy',
    refuse: (socket: Socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'),
  },
] as const;

/** A proxy that notes the tunnels it is asked for, and gives none. */
export async function startProxy(refuse: (socket: Socket) => unknown) {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      asked.push(data.toString('latin1').split(' ')[1] as string);
      refuse(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => void server.close(),
  };
}

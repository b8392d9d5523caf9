import { once } from 'node:events';
import { createServer } from 'node:http';

import { text } from 'node:stream/consumers';

/** Looks at the `turn`-th request of a worker: before 8x8 has it, or when 8x8 has carried it out. `lose`: the connection breaks there. */

/** The emulator as an HTTP server on this machine; one for each worker, so that it is known who asks. */
export async function serve(emulator, watch) {
  let turn = 0;

  async function answer(request, response) {
    const body = await text(request);
    turn += 1;
    const mine = turn;
    if (watch('before', mine) === 'lose') return request.socket.destroy();
    const { method = 'POST', url = '/' } = request;
    const headers = new Headers(request.headers);
    const answered = await emulator.fetch(`https://sms.8x8.com${url}`, { method, headers, body });
    if (watch('after', mine) === 'lose') return request.socket.destroy();
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    return response.end(await answered.text());
  }

  const server = createServer((request, response) => {
    // A worker that was killed while it wrote.
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

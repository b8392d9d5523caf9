/** The socket scenarios as a Worker, and two requests of one Worker that wait for the pace at the same time. */
import { runScenarios, send, transportTo } from '../test/support/socket-scenarios.ts';

/**
 * The first one is created in the global scope on purpose: a client may be created there, where timers are forbidden.
 */
const transports = new Map([['https://sms.8x8.com', transportTo('https://sms.8x8.com')]]);

export default {
  async fetch(request, { ports }) {
    const [port, closedPort] = ports.split(' ').map(Number);
    const { pathname } = new URL(request.url);
    if (pathname === '/scenarios') return Response.json(await runScenarios(port, closedPort));
    // /overlap/<host>/<name>: one request per second, shared by all requests of this Worker.
    const [, , host, name] = pathname.split('/');
    const url = `http://${host}:${port}`;
    if (!transports.has(url)) transports.set(url, transportTo(url, 1));
    const sending = send(transports.get(url), `ok~${name}`);
    // Responds without waiting: the request ends, and its timers end with it.
    if (name === 'left-behind') return new Response(null, { status: 204 });
    const { attempts } = await sending;
    return Response.json({ attempts });
  },
};

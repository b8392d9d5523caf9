import type { Socket } from 'node:net';
import { EnvHttpProxyAgent, fetch, getGlobalDispatcher, ProxyAgent, setGlobalDispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { PROXIES, startProxy } from '../support/proxies.ts';
import { send, transportTo } from '../support/socket-scenarios.ts';

const before = getGlobalDispatcher();
const closing: (() => unknown)[] = [];
afterEach(() => {
  setGlobalDispatcher(before);
  for (const close of closing.splice(0)) close();
});

async function start(refuse: (socket: Socket) => unknown) {
  const proxy = await startProxy(refuse);
  closing.push(proxy.close);
  return proxy;
}

describe.each(PROXIES)('a proxy that $does', ({ refuse, reason }) => {
  it.each(['fetch', 'auto'] as const)('is asked once per attempt, and nothing was sent: %s', async (way) => {
    const { url, asked } = await start(refuse);
    setGlobalDispatcher(new EnvHttpProxyAgent({ httpsProxy: url, noProxy: '' }));
    const sending = send(transportTo('https://sms.8x8.test', 1710, way), 'proxied');
    await expect(sending).rejects.toMatchObject({
      name: 'ConnectionError',
      submission: 'not-submitted',
      reason,
      attempts: 3,
    });
    expect(asked).toEqual(new Array(3).fill('sms.8x8.test:443'));
  });
});

describe('a proxy that drops the connection to an IPv6 address', () => {
  it('is asked once per attempt, and nothing was sent', async () => {
    const { url, asked } = await start((socket) => socket.destroy());
    setGlobalDispatcher(new EnvHttpProxyAgent({ httpsProxy: url, noProxy: '' }));
    const sending = send(transportTo('https://[2001:db8::1]'), 'proxied');
    await expect(sending).rejects.toMatchObject({ submission: 'not-submitted', reason: 'proxy' });
    expect(asked).toEqual(new Array(3).fill('[2001:db8::1]:443'));
  });
});

describe('a request of the team to another host, through a proxy that drops the connection', () => {
  it('keeps the error of its own undici', async () => {
    const { url, asked } = await start((socket) =>
      asked.length < 3 ? socket.destroy() : socket.resetAndDestroy(),
    );
    const dispatcher = new ProxyAgent(url);
    closing.push(() => dispatcher.destroy());
    const signal = AbortSignal.timeout(200);
    await expect(fetch('https://other.test/', { dispatcher, signal })).rejects.not.toMatchObject({
      cause: { code: 'UND_ERR_PRX_CONN' },
    });
    expect(asked.length).toBeGreaterThan(1);
  });
});

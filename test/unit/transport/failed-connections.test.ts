import { channel } from 'node:diagnostics_channel';
import { describe, expect, it, vi } from 'vitest';
import { judgeCause } from '../../../src/transport/causes.ts';
import { isFailedConnection, watchConnections } from '../../../src/transport/failed-connections.ts';

const coded = (code: string) => Object.assign(new Error('failed'), { code });
const publish = (hostname: string, error: unknown, port = '') =>
  channel('undici:client:connectError').publish({ connectParams: { hostname, port }, error });

watchConnections('https://sms.8x8.test/api');
watchConnections('https://sms.8x8.test/other');
watchConnections('https://lookup.8x8.test/');
watchConnections('https://[2001:db8::1]:8443/');
watchConnections('HTTPS://SMS.8x8.Test:443/');

describe('the error of a connection that was not made', () => {
  it.each([
    ['UND_ERR_SOCKET', 'proxy'],
    ['UND_ERR_ABORTED', 'proxy'],
    ['ECONNRESET', 'reset'],
    ['EWHATEVER', 'other'],
  ])('%s proves that nothing left', (code, reason) => {
    const error = coded(code);
    publish('sms.8x8.test', error);
    expect(judgeCause(new TypeError('fetch failed', { cause: error }))).toEqual({ reason, neverLeft: true });
  });

  it('proves it without a code, and for each address of a client', () => {
    const error = new Error('failed');
    publish('lookup.8x8.test', error);
    expect(judgeCause(error)).toEqual({ reason: 'other', neverLeft: true });
  });

  it.each(['UND_ERR_SOCKET', 'UND_ERR_ABORTED', 'ECONNRESET'])(
    '%s proves nothing when it is that of a request',
    (code) => {
      expect(judgeCause(new TypeError('fetch failed', { cause: coded(code) })).neverLeft).toBe(false);
    },
  );

  it.each([
    ['example.com', ''],
    ['sms.8x8.test', '8443'],
    ['2001:db8::1', ''],
  ])('stays as it is for another host or port: %s %s', (hostname, port) => {
    const error = coded('UND_ERR_SOCKET');
    publish(hostname, error, port);
    expect(isFailedConnection(error)).toBe(false);
    expect(error.code).toBe('UND_ERR_SOCKET');
  });

  it('of another host proves nothing about a request, unless it was one to a proxy on the way', () => {
    const [log, proxy] = [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), coded('ECONNREFUSED')];
    for (const error of [log, proxy]) publish('logs.internal', error);
    publish('sms.8x8.test', proxy);
    const judged = [log, proxy].map((error) => judgeCause(error, 'https://sms.8x8.test/api').neverLeft);
    expect(judged).toEqual([false, true]);
  });

  it('is recognised for an IPv6 address, which undici names without brackets', () => {
    const error = coded('UND_ERR_SOCKET');
    publish('2001:db8::1', error, '8443');
    expect(isFailedConnection(error)).toBe(true);
    expect(error.code).toBe('UND_ERR_PRX_CONN');
  });

  it('may be anything', () => {
    publish('sms.8x8.test', 'failed');
    publish('sms.8x8.test', undefined);
    publish('sms.8x8.test', null);
    for (const message of [undefined, null, 'failed', {}]) {
      channel('undici:client:connectError').publish(message);
    }
    const error = coded('UND_ERR_SOCKET');
    channel('undici:client:connectError').publish({ error });
    channel('undici:client:connectError').publish({ connectParams: {}, error });
    expect(isFailedConnection(error)).toBe(false);
    expect(isFailedConnection(new Error('failed'))).toBe(false);
  });

  it.each<[string, (error: Error) => Error]>([
    ['is frozen', (error) => Object.freeze(Object.assign(error, { code: 'UND_ERR_SOCKET' }))],
    ['has a getter', (error) => Object.defineProperty(error, 'code', { get: () => 'UND_ERR_SOCKET' })],
    [
      'has a getter that throws',
      (error) =>
        Object.defineProperty(error, 'code', {
          get() {
            throw new Error('no code');
          },
        }),
    ],
  ])("proves it, and ends nobody's process, when it %s", async (_, change) => {
    const uncaught = vi.fn();
    process.once('uncaughtException', uncaught);
    const error = change(new Error('failed'));
    publish('sms.8x8.test', error);
    expect(isFailedConnection(error)).toBe(true);
    // The channel hands an exception of a listener to the process in the next tick.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('uncaughtException', uncaught);
    expect(uncaught).not.toHaveBeenCalled();
  });
});

describe('the addresses that are watched', () => {
  it('are at most 1,000, and the one that was used last stays', () => {
    watchConnections('https://first.test/');
    watchConnections('https://kept.test/');
    for (let at = 1; at < 1_000; at += 1) {
      watchConnections(`https://file-${at}.test/`);
      watchConnections('https://kept.test/');
    }
    const [first, kept] = [coded('ECONNRESET'), coded('ECONNRESET')];
    publish('first.test', first);
    publish('kept.test', kept);
    expect([isFailedConnection(first), isFailedConnection(kept)]).toEqual([false, true]);
  });
});

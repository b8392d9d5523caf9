import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import fastify from 'fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { toExpressHandler } from '../../../../src/webhooks/adapters/express.ts';
import { toFastifyHandler } from '../../../../src/webhooks/adapters/fastify.ts';
import { toNodeHandler } from '../../../../src/webhooks/adapters/node.ts';
import { AUTHORIZATION, inboundBody, testReceiver } from '../../../support/webhooks.ts';

const onInbound = vi.fn();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  onInbound.mockReset();
  for (const close of closers.splice(0)) await close();
});

const createReceiver = () => testReceiver({ handlers: { onInbound } }).receiver;

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/8x8`;
}

/** Posts an event; `chunked` sends it without a `Content-Length`. */
async function post(url: string, chunked = false): Promise<number> {
  const text = JSON.stringify(inboundBody());
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
    ...(chunked ? { body: new Blob([text]).stream(), duplex: 'half' } : { body: text }),
  } as RequestInit);
  return response.status;
}

const drain: RequestHandler = async (request, _response, next) => {
  for await (const _ of request);
  next();
};

function serveExpress(...middlewares: RequestHandler[]): Promise<string> {
  const app = express();
  for (const middleware of middlewares) app.use(middleware);
  app.all('/8x8', toExpressHandler(createReceiver()));
  return listen(app);
}

describe('a body that something has read before the receiver', () => {
  it.each([
    ['with a length', false],
    ['in chunks', true],
  ])('is 408 in Node, when it was sent %s', async (_, chunked) => {
    const handle = toNodeHandler(createReceiver());
    const url = await listen((request, response) => {
      request.resume().once('end', () => void handle(request, response));
    });
    expect(await post(url, chunked)).toBe(408);
    expect(onInbound).not.toHaveBeenCalled();
  });

  it('is 408 in Express, when it was read whole or in part', async () => {
    expect(await post(await serveExpress(drain), true)).toBe(408);
    const readPart: RequestHandler = (request, _response, next) => {
      request.once('data', () => {
        request.pause();
        next();
      });
    };
    expect(await post(await serveExpress(readPart), true)).toBe(408);
    expect(onInbound).not.toHaveBeenCalled();
  });

  it('is 408 in Express, when a parser left {}', async () => {
    const leaveEmpty: RequestHandler = (request, _response, next) => {
      request.body = {};
      next();
    };
    expect(await post(await serveExpress(drain, leaveEmpty), true)).toBe(408);
    expect(onInbound).not.toHaveBeenCalled();
  });

  it('is 408 in Fastify', async () => {
    const app = fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume().once('end', () => done(null));
    });
    app.post('/8x8', toFastifyHandler(createReceiver()));
    closers.push(() => app.close());
    expect(await post(`${await app.listen({ port: 0, host: '127.0.0.1' })}/8x8`)).toBe(408);
    expect(onInbound).not.toHaveBeenCalled();
  });

  it('is 408 as a Request on a runtime that leaves its stream unlocked', async () => {
    const empty = new Blob([]).stream();
    const headers = new Headers({ authorization: AUTHORIZATION });
    const request = { method: 'POST', headers, body: empty, bodyUsed: true } as unknown as Request;
    expect((await createReceiver().handle(request)).status).toBe(408);
  });

  it.each([
    ['12', '', 408],
    ['12', undefined, 408],
    ['0', '', 400],
    [undefined, undefined, 400],
    [undefined, { parsed: {} }, 408],
    [undefined, { parsed: [] }, 400],
  ])('with length %s and body %j is %i', async (length, body, status) => {
    const headers = new Map([
      ['authorization', AUTHORIZATION],
      ['content-length', length],
    ]);
    const header = (name: string) => headers.get(name);
    expect(await createReceiver().respond({ method: 'POST', header, body })).toMatchObject({ status });
  });
});

describe('the promise of a handler', () => {
  it('resolves in Node when the response has been sent', async () => {
    const handle = toNodeHandler(createReceiver());
    const ends: boolean[] = [];
    const url = await listen((request, response) => {
      void handle(request, response).then(() => ends.push(response.writableEnded));
    });
    expect([await post(url), await post(url)]).toEqual([200, 200]);
    expect(ends).toEqual([true, true]);
    expect(onInbound).toHaveBeenCalledTimes(1);
  });

  it('resolves in Fastify with hooks that run before the response ends, without a second response', async () => {
    const warnings: string[] = [];
    const stream = { write: (line: string) => warnings.push(line) };
    const app = fastify({ logger: { level: 'warn', stream } });
    app.addHook('onSend', async () => new Promise<void>((resolve) => setImmediate(resolve)));
    app.post('/8x8', toFastifyHandler(createReceiver()));
    closers.push(() => app.close());
    expect(await post(`${await app.listen({ port: 0, host: '127.0.0.1' })}/8x8`)).toBe(200);
    expect(warnings).toEqual([]);
  });
});

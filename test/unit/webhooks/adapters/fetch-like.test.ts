import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { toHonoHandler } from '../../../../src/webhooks/adapters/hono.ts';
import { toNextHandler } from '../../../../src/webhooks/adapters/next.ts';
import type { WebhookDelivery, WebhookReceiver } from '../../../../src/webhooks/delivery.ts';
import { createFakeReceiver, LET_IN } from '../../../support/fake-receiver.ts';
import { inboundBody, post as postEvent, testReceiver } from '../../../support/webhooks.ts';

type Ask = (request: Request) => Promise<Response>;
type AddressOf = (request: Request) => string | null | undefined;

/** Real Hono, with and without a middleware that reads the body first, and a handler as Next.js calls it. */
const FRAMEWORKS: readonly (readonly [string, (receiver: WebhookReceiver, addressOf?: AddressOf) => Ask])[] =
  [
    ['Hono', (receiver, addressOf) => startHono(receiver, addressOf, false)],
    [
      'Hono behind a middleware that reads JSON',
      (receiver, addressOf) => startHono(receiver, addressOf, true),
    ],
    ['Next.js', (receiver, remoteAddress) => toNextHandler(receiver, { remoteAddress })],
  ];

function startHono(receiver: WebhookReceiver, addressOf: AddressOf | undefined, readsFirst: boolean): Ask {
  const app = new Hono();
  if (readsFirst) {
    app.use(async (context, next) => {
      await context.req.json();
      await next();
    });
  }
  const remoteAddress = addressOf && ((context: { req: { raw: Request } }) => addressOf(context.req.raw));
  app.all('/webhooks/8x8', toHonoHandler(receiver, { remoteAddress }));
  return async (request) => app.request(request);
}

const post = (init: RequestInit = {}): Request =>
  new Request('https://shop.example/webhooks/8x8', {
    method: 'POST',
    headers: LET_IN,
    body: '{"a":"é"}',
    ...init,
  });

describe.each(FRAMEWORKS)('%s', (_name, start) => {
  it('passes method, headers and body, and no address by default', async () => {
    const fake = createFakeReceiver();
    const request = post({ headers: { ...LET_IN, 'x-forwarded-for': '1.2.3.4' } });
    const response = await start(fake.receiver)(request);
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(fake.seen.map(({ body }) => body)).toEqual(['{"a":"é"}']);
    const delivery = fake.seen[0]?.delivery as WebhookDelivery;
    expect([delivery.method, delivery.remoteAddress]).toEqual(['POST', undefined]);
    expect([delivery.header('X-Forwarded-For'), delivery.header('x-none')]).toEqual(['1.2.3.4', undefined]);
  });

  it('gets the address from the option', async () => {
    const fake = createFakeReceiver();
    const ask = start(fake.receiver, (request) => request.headers.get('cf-connecting-ip'));
    await ask(post({ headers: { ...LET_IN, 'cf-connecting-ip': '1.2.3.4' } }));
    await ask(post());
    expect(fake.seen.map(({ delivery }) => delivery.remoteAddress)).toEqual(['1.2.3.4', undefined]);
  });

  it('responds with the status and the headers, and nothing else', async () => {
    const fake = createFakeReceiver();
    fake.respondWith(async () => ({ status: 503, headers: { 'Retry-After': '1' } }));
    const response = await start(fake.receiver)(post());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(response.body).toBeNull();
  });

  it('refuses a wrong password', async () => {
    const fake = createFakeReceiver();
    const response = await start(fake.receiver)(post({ headers: { authorization: 'wrong' } }));
    expect([response.status, fake.seen.length]).toEqual([401, 0]);
  });

  it('answers 500 when the receiver or the option throws, and never throws itself', async () => {
    const fake = createFakeReceiver();
    const askReceiver = start(fake.receiver);
    const askTeam = start(fake.receiver, () => {
      throw new Error('No address here.');
    });
    expect((await askTeam(post())).status).toBe(500);
    expect(fake.seen).toHaveLength(0);
    fake.respondWith(() => Promise.reject(new Error('It gave its word.')));
    expect((await askReceiver(post())).status).toBe(500);
  });

  it('aborts the signal when the sender closes the connection', async () => {
    const fake = createFakeReceiver();
    const leaving = new AbortController();
    await start(fake.receiver)(post({ signal: leaving.signal }));
    leaving.abort();
    expect(fake.seen[0]?.delivery.signal?.aborted).toBe(true);
  });
});

describe('Hono behind a middleware that read the body without Hono', () => {
  it('answers a stranger with 401, and 8x8 with 408 because the body is gone', async () => {
    const { receiver } = testReceiver();
    const app = new Hono();
    app.use(async (context, next) => {
      await context.req.raw.text();
      await next();
    });
    app.all('/8x8', toHonoHandler(receiver));
    expect((await app.request(postEvent(inboundBody(), { authorization: 'wrong' }))).status).toBe(401);
    expect((await app.request(postEvent(inboundBody()))).status).toBe(408);
  });
});

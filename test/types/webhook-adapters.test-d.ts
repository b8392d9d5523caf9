// Checked by `npm run typecheck`; nothing here runs. The adapters import no framework: this file checks their types against the real ones.
import type { RequestListener } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import express, { Router } from 'express';
import fastify from 'fastify';
import { type Context, Hono } from 'hono';
import { getConnInfo } from 'hono/cloudflare-workers';
import { describe, expectTypeOf, it } from 'vitest';
import {
  toExpressHandler,
  toFastifyHandler,
  toHonoHandler,
  toNextHandler,
  toNodeHandler,
  type WebhookReceiver,
} from '../../src/webhooks/index.ts';

declare const receiver: WebhookReceiver;

describe('the types of the frameworks', () => {
  it('fit: Node', () => {
    const handle = toNodeHandler(receiver);
    expectTypeOf(handle).toExtend<RequestListener>();
    expectTypeOf(handle).toExtend<
      (request: Http2ServerRequest, response: Http2ServerResponse) => Promise<void>
    >();
  });

  it('fit: Express', () => {
    express().post('/webhooks/8x8', express.json(), toExpressHandler(receiver));
    Router().all('/webhooks/8x8', toExpressHandler(receiver));
  });

  it('fit: Fastify', () => {
    fastify().post('/webhooks/8x8', toFastifyHandler(receiver));
    fastify({ http2: true }).post('/webhooks/8x8', toFastifyHandler(receiver));
    fastify().route({ method: 'POST', url: '/webhooks/8x8', handler: toFastifyHandler(receiver) });
  });

  it('fit: Hono', () => {
    const app = new Hono<{ Bindings: { SECRET: string } }>();
    app.post('/webhooks/8x8', toHonoHandler(receiver));
    app.all(
      '/webhooks/8x8',
      toHonoHandler(receiver, { remoteAddress: (context) => context.req.header('CF-Connecting-IP') }),
    );
    app.all(
      '/webhooks/8x8',
      toHonoHandler(receiver, { remoteAddress: (context: Context) => getConnInfo(context).remote.address }),
    );
  });

  it('fit: Next.js', () => {
    const POST = toNextHandler(receiver, { remoteAddress: (request) => request.headers.get('x-real-ip') });
    expectTypeOf(POST).toExtend<(request: Request, context: object) => Response | Promise<Response>>();
  });
});

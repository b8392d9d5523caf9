import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  closeUnreadBody,
  type NodeWebhookRequest,
  type NodeWebhookResponse,
  withDelivery,
} from '../../../../src/webhooks/adapters/node-delivery.ts';
import type { WebhookDelivery } from '../../../../src/webhooks/delivery.ts';

function requestOf(parts: Partial<NodeWebhookRequest> = {}): NodeWebhookRequest {
  return {
    headers: {},
    socket: {},
    async *[Symbol.asyncIterator]() {
      yield new Uint8Array();
    },
    ...parts,
  };
}

const createResponse = () => new EventEmitter() as unknown as NodeWebhookResponse & EventEmitter;

const OK = { status: 200, headers: {} };

async function deliveryOf(request: NodeWebhookRequest, body?: unknown): Promise<WebhookDelivery> {
  const deliveries: WebhookDelivery[] = [];
  await withDelivery(request, createResponse(), body, async (delivery) => {
    deliveries.push(delivery);
    return OK;
  });
  return deliveries[0] as WebhookDelivery;
}

describe('a delivery built from a Node request', () => {
  it('joins the values of a repeated header', async () => {
    const { header } = await deliveryOf(
      requestOf({ headers: { 'x-forwarded-for': ['1.1.1.1', '2.2.2.2'] } }),
    );
    expect(header('X-Forwarded-For')).toBe('1.1.1.1, 2.2.2.2');
  });

  it('has an empty method when the request has none', async () => {
    expect((await deliveryOf(requestOf())).method).toBe('');
  });

  it.each([[null], [0], [false], [['a']], [{ a: 1 }]])('treats %j as parsed JSON', async (body) => {
    expect((await deliveryOf(requestOf(), body)).body).toEqual({ parsed: body });
  });

  it('treats {} as the body when the request has been read', async () => {
    expect((await deliveryOf(requestOf({ readableDidRead: true }), {})).body).toEqual({ parsed: {} });
  });

  it('leaves no listener behind, however the work ends', async () => {
    const response = createResponse();
    const outcome = await withDelivery(requestOf(), response, '', async ({ signal }) => {
      expect([response.listenerCount('close'), signal?.aborted]).toEqual([1, false]);
      return OK;
    });
    expect(outcome).toBe(OK);
    expect(response.listenerCount('close')).toBe(0);
    await expect(
      withDelivery(requestOf(), response, '', () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    expect(response.listenerCount('close')).toBe(0);
  });

  it('has no response when the sender has closed the connection', async () => {
    const response = createResponse();
    const outcome = await withDelivery(requestOf(), response, '', async ({ signal }) => {
      response.emit('close');
      expect(signal?.aborted).toBe(true);
      return OK;
    });
    expect(outcome).toBeUndefined();
  });

  it('does not end a stream that was read in part', async () => {
    let ended = false;
    async function* pieces() {
      try {
        yield new Uint8Array(1);
        yield new Uint8Array(1);
      } finally {
        ended = true;
      }
    }
    const { body } = await deliveryOf(requestOf({ [Symbol.asyncIterator]: pieces }));
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      expect(piece).toHaveLength(1);
      break;
    }
    expect(ended).toBe(false);
  });
});

describe('after a body', () => {
  it.each([
    ['never touched, all there', { readableDidRead: false, complete: true }, false],
    ['never touched, more to come', { readableDidRead: false, complete: false }, true],
    ['read to the end', { readableDidRead: true, readableEnded: true, complete: true }, false],
    ['read in part', { readableDidRead: true, readableEnded: false, complete: true }, true],
    ['of a runtime that does not tell', {}, true],
  ])('%s: does the connection end? %j', (_name, parts, ends) => {
    const headers: string[] = [];
    closeUnreadBody(requestOf(parts), (...header) => headers.push(...header));
    expect(headers).toEqual(ends ? ['connection', 'close'] : []);
  });
});

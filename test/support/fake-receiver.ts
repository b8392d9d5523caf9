import type { WebhookDelivery, WebhookReceiver, WebhookResponse } from '../../src/webhooks/delivery.ts';

const PASSWORD = 'a-password-of-the-tests';

/** Maximum number of bytes that a fake receiver reads. */
export const MAX_BYTES = 65_536;

export interface FakeReceiver {
  readonly receiver: WebhookReceiver;
  /** The deliveries that were read, with their bodies. */
  readonly seen: { readonly delivery: WebhookDelivery; readonly body: unknown }[];
  /** Replaces the response after a body was read. */
  respondWith(work: (delivery: WebhookDelivery) => Promise<WebhookResponse>): void;
}

async function readBody(body: WebhookDelivery['body']): Promise<unknown> {
  if (body === undefined || typeof body === 'string') return body;
  if ('parsed' in body) return JSON.stringify(body.parsed);
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const piece of body) {
    length += piece.byteLength;
    if (length > MAX_BYTES) return undefined;
    text += decoder.decode(piece, { stream: true });
  }
  return text;
}

/** The minimal receiver that an adapter needs: it reads a body, or refuses to; 413 after `MAX_BYTES`. */
export function createFakeReceiver(): FakeReceiver {
  const seen: FakeReceiver['seen'] = [];
  let work = async (_: WebhookDelivery): Promise<WebhookResponse> => ({ status: 200, headers: {} });
  const respond = async (delivery: WebhookDelivery): Promise<WebhookResponse> => {
    if (delivery.header('Authorization') !== PASSWORD) return { status: 401, headers: {} };
    const body = await readBody(delivery.body);
    if (body === undefined) return { status: 413, headers: {} };
    seen.push({ delivery, body });
    return work(delivery);
  };
  return {
    seen,
    respondWith(next) {
      work = next;
    },
    receiver: {
      respond,
      async handle(request, connection) {
        const { status, headers } = await respond({
          method: request.method,
          header: (name) => request.headers.get(name) ?? undefined,
          body: request.body ?? '',
          signal: request.signal,
          ...connection,
        });
        return new Response(null, { status, headers });
      },
      receive: () => Promise.reject(new Error('No adapter calls this.')),
    },
  };
}

/** Headers that a fake receiver accepts. */
export const LET_IN = { authorization: PASSWORD, 'content-type': 'application/json' };

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';
import fastify, { type FastifyInstance } from 'fastify';
import { toExpressHandler } from '../../src/webhooks/adapters/express.ts';
import { toFastifyHandler } from '../../src/webhooks/adapters/fastify.ts';
import { toNodeHandler } from '../../src/webhooks/adapters/node.ts';
import type { WebhookReceiver } from '../../src/webhooks/delivery.ts';

export interface WebhookServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

type Start = (receiver: WebhookReceiver) => Promise<WebhookServer>;

/** The path of the receiver on every server. */
const PATH = '/webhooks/8x8';

function listen(server: Server): Promise<WebhookServer> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        port,
        url: `http://127.0.0.1:${port}${PATH}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

const startNode = (listener: RequestListener) => listen(createServer(listener));

function startExpress(receiver: WebhookReceiver, ...parsers: RequestHandler[]): Promise<WebhookServer> {
  const app = express();
  app.use(...parsers, (_request, _response, next) => next());
  app.all(PATH, toExpressHandler(receiver));
  return startNode(app);
}

async function startFastify(
  receiver: WebhookReceiver,
  prepare: (app: FastifyInstance) => unknown = () => {},
): Promise<WebhookServer> {
  const app = fastify();
  prepare(app);
  app.all(PATH, toFastifyHandler(receiver));
  await app.ready();
  const server = await listen(app.server);
  return {
    ...server,
    async close() {
      await server.close();
      await app.close();
    },
  };
}

/** The reader of the body: the receiver, or a parser of the framework before it. */
export type Reader = 'receiver' | 'framework';

/** Real servers of real frameworks on a loopback socket, each with the first reader of the body. */
export const WEBHOOK_SERVERS: readonly (readonly [name: string, reader: Reader, start: Start])[] = [
  [
    'Node http',
    'receiver',
    (receiver) => {
      const handle = toNodeHandler(receiver);
      return startNode((request, response) => void handle(request, response));
    },
  ],
  ['Express', 'receiver', (receiver) => startExpress(receiver)],
  ['Express behind express.json', 'framework', (receiver) => startExpress(receiver, express.json())],
  [
    'Express behind express.raw',
    'framework',
    (receiver) => startExpress(receiver, express.raw({ type: '*/*' })),
  ],
  [
    'Express behind express.text',
    'framework',
    (receiver) => startExpress(receiver, express.text({ type: '*/*' })),
  ],
  [
    'Express behind a parser that sets {} without reading',
    'receiver',
    (receiver) =>
      startExpress(receiver, (request, _response, next) => {
        request.body = {};
        next();
      }),
  ],
  ['Fastify', 'framework', (receiver) => startFastify(receiver)],
  [
    'Fastify without parsers',
    'receiver',
    (receiver) =>
      startFastify(receiver, (app) => {
        app.removeAllContentTypeParsers();
        app.addContentTypeParser('*', (_request, _payload, done) => done(null));
      }),
  ],
  [
    'Fastify with the stream as body',
    'receiver',
    (receiver) =>
      startFastify(receiver, (app) => {
        app.removeAllContentTypeParsers();
        app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      }),
  ],
  [
    'Fastify with bytes as body',
    'framework',
    (receiver) =>
      startFastify(receiver, (app) => {
        app.removeAllContentTypeParsers();
        app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      }),
  ],
];

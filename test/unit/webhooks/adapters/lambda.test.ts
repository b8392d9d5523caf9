import { describe, expect, it } from 'vitest';
import { ValidationError } from '../../../../src/errors.ts';
import type { WebhookDelivery, WebhookReceiver } from '../../../../src/webhooks/delivery.ts';
import { type LambdaWebhookEvent, toLambdaHandler } from '../../../../src/webhooks/index.ts';
import { createFakeReceiver, LET_IN, MAX_BYTES } from '../../../support/fake-receiver.ts';
import { AUTHORIZATION, inboundBody, testReceiver } from '../../../support/webhooks.ts';

type Sent = { readonly headers?: Record<string, string>; readonly body?: string; readonly base64?: boolean };

function encode(body: string, base64: boolean): string {
  return base64 ? Buffer.from(body).toString('base64') : body;
}

const lists = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.split(', ')]));

/** Events as AWS documents them, without the fields that nobody reads. The names of headers come in any case. */
const SOURCES: readonly (readonly [string, (sent: Sent) => LambdaWebhookEvent, string | undefined])[] = [
  [
    'API Gateway, REST API',
    ({ headers = LET_IN, body = '{}', base64 = false }) => ({
      resource: '/webhooks/8x8',
      path: '/webhooks/8x8',
      httpMethod: 'POST',
      headers: { Authorization: 'the last value', ...headers },
      multiValueHeaders: lists(headers),
      body: encode(body, base64),
      isBase64Encoded: base64,
      requestContext: { stage: 'prod', identity: { sourceIp: '52.220.117.120', userAgent: null } },
    }),
    '52.220.117.120',
  ],
  [
    'API Gateway, HTTP API, and a function URL',
    ({ headers = LET_IN, body = '{}', base64 = false }) => ({
      version: '2.0',
      rawPath: '/webhooks/8x8',
      headers,
      body: encode(body, base64),
      isBase64Encoded: base64,
      requestContext: { stage: '$default', http: { method: 'POST', sourceIp: '2001:db8::1' } },
    }),
    '2001:db8::1',
  ],
  [
    'a load balancer',
    ({ headers = LET_IN, body = '{}', base64 = false }) => ({
      httpMethod: 'POST',
      path: '/webhooks/8x8',
      headers,
      body: encode(body, base64),
      isBase64Encoded: base64,
      requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:…' } },
    }),
    undefined,
  ],
  [
    'a load balancer with multi-value headers',
    ({ headers = LET_IN, body = '{}', base64 = false }) => ({
      httpMethod: 'POST',
      path: '/webhooks/8x8',
      multiValueHeaders: lists(headers),
      body: encode(body, base64),
      isBase64Encoded: base64,
      requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:…' } },
    }),
    undefined,
  ],
];

describe.each(SOURCES)('toLambdaHandler behind %s', (name, event, address) => {
  it.each([
    ['text', false],
    ['base64', true],
  ])('passes method, headers, a body in %s, and the address', async (_, base64) => {
    const fake = createFakeReceiver();
    const body = JSON.stringify({ a: 'é'.repeat(20_000) });
    const headers = { ...LET_IN, 'X-Forwarded-For': '1.2.3.4, 5.6.7.8' };
    const result = await toLambdaHandler(fake.receiver)(event({ headers, body, base64 }));
    expect(result).toMatchObject({ statusCode: 200, body: '', isBase64Encoded: false });
    expect(fake.seen.map((each) => each.body)).toEqual([body]);
    const delivery = fake.seen[0]?.delivery as WebhookDelivery;
    expect([delivery.method, delivery.remoteAddress]).toEqual(['POST', address]);
    expect(delivery.header('AUTHORIZATION')).toBe(LET_IN.authorization);
    expect(delivery.header('x-forwarded-for')).toBe('1.2.3.4, 5.6.7.8');
    expect(delivery.header('x-none')).toBeUndefined();
  });

  it('writes the headers of the response where AWS reads them', async () => {
    const fake = createFakeReceiver();
    fake.respondWith(async () => ({ status: 503, headers: { 'Retry-After': '1' } }));
    const { headers, multiValueHeaders, ...rest } = await toLambdaHandler(fake.receiver)(event({}));
    expect(rest).toEqual({ statusCode: 503, body: '', isBase64Encoded: false });
    const isMultiValue = name.includes('REST') || name.includes('multi-value');
    expect([headers, multiValueHeaders]).toEqual(
      isMultiValue ? [undefined, { 'Retry-After': ['1'] }] : [{ 'Retry-After': '1' }, undefined],
    );
  });

  it('passes an event to its handler, and refuses a stranger', async () => {
    const bodies: string[] = [];
    const { receiver } = testReceiver({ handlers: { onInbound: ({ body }) => void bodies.push(body) } });
    const body = JSON.stringify(inboundBody());
    const handle = toLambdaHandler(receiver);
    const statuses: number[] = [];
    for (const authorization of ['Bearer of-a-stranger-of-the-tests', AUTHORIZATION, AUTHORIZATION]) {
      statuses.push((await handle(event({ headers: { authorization }, body, base64: true }))).statusCode);
    }
    expect(statuses).toEqual([401, 200, 200]);
    expect(bodies).toHaveLength(1);
  });

  it('does not decode a body that is too large to its end', async () => {
    const { receiver } = testReceiver({ maxBodyBytes: MAX_BYTES });
    const body = 'x'.repeat(MAX_BYTES);
    const whole = event({ headers: { authorization: AUTHORIZATION }, body: body + body, base64: true });
    // The end is not base64: whoever decodes it fails with another status.
    const result = await toLambdaHandler(receiver)({ ...whole, body: `${whole.body}*` });
    expect(result.statusCode).toBe(413);
  });

  it('answers 500 when the receiver or the option throws', async () => {
    const fake = createFakeReceiver();
    const failing = toLambdaHandler(fake.receiver, {
      remoteAddress: () => {
        throw new Error('No address here.');
      },
    });
    expect((await failing(event({}))).statusCode).toBe(500);
    expect(fake.seen).toHaveLength(0);
    fake.respondWith(() => Promise.reject(new Error('It gave its word.')));
    expect((await toLambdaHandler(fake.receiver)(event({}))).statusCode).toBe(500);
  });

  it('takes the address from the option instead', async () => {
    const fake = createFakeReceiver();
    for (const answer of ['203.0.113.9', null]) {
      await toLambdaHandler(fake.receiver, { remoteAddress: () => answer })(event({}));
    }
    expect(fake.seen.map(({ delivery }) => delivery.remoteAddress)).toEqual(['203.0.113.9', undefined]);
  });
});

describe('toLambdaHandler', () => {
  const [[, event]] = SOURCES as unknown as [(typeof SOURCES)[number]];

  it('reads an event whose headers and body are null as a request without them', async () => {
    const seen: WebhookDelivery[] = [];
    const receiver: WebhookReceiver = {
      ...createFakeReceiver().receiver,
      respond: async (delivery) => {
        seen.push(delivery);
        return { status: 405, headers: { Allow: 'POST' } };
      },
    };
    const bare = {
      httpMethod: 'GET',
      headers: null,
      multiValueHeaders: null,
      body: null,
      requestContext: {},
    };
    expect(await toLambdaHandler(receiver)(bare)).toEqual({
      statusCode: 405,
      headers: { Allow: 'POST' },
      body: '',
      isBase64Encoded: false,
    });
    expect(seen[0]).toMatchObject({ method: 'GET', body: '', remoteAddress: undefined });
    expect(seen[0]?.header('authorization')).toBeUndefined();
  });

  it('joins the values of names that differ in case only', async () => {
    const fake = createFakeReceiver();
    const multiValueHeaders = { ...lists(LET_IN), 'X-A': ['1', '2'], 'x-a': ['3'], 'X-B': undefined };
    await toLambdaHandler(fake.receiver)({ ...event({}), multiValueHeaders });
    const delivery = fake.seen[0]?.delivery as WebhookDelivery;
    expect([delivery.header('x-a'), delivery.header('x-b')]).toEqual(['1, 2, 3', undefined]);
  });

  it('is 408 for a body that is not base64', async () => {
    const { receiver } = testReceiver();
    const sent = event({ headers: { authorization: AUTHORIZATION }, base64: true });
    expect((await toLambdaHandler(receiver)({ ...sent, body: '{"a":1}' })).statusCode).toBe(408);
  });

  it.each([
    ['nothing', undefined],
    ['a scheduled event', { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }],
    ['a queue', { Records: [{ body: '{}' }] }],
    ['a WebSocket', { requestContext: { eventType: 'MESSAGE' }, body: '{}' }],
  ])('rejects with an error that says what to connect, for %s', async (_, other) => {
    const handle = toLambdaHandler(createFakeReceiver().receiver);
    const error = await handle(other as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'event', message: expect.stringContaining('API Gateway') });
  });
});

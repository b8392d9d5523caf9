import { generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { INBOUND_PORT } from '../../../src/webhooks/inbound-port.ts';
import { createWebhookReceiver } from '../../../src/webhooks/receiver.ts';
import type { WebhookReceiverOptions } from '../../../src/webhooks/receiver-options.ts';
import { testClient } from '../../support/client.ts';
import { AUTHORIZATION, inboundBody, post } from '../../support/webhooks.ts';

const { sms } = testClient();
const good = { client: sms, authentication: 'none', handlers: {} } as const;
const PEM = '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n';
const token = { key: PEM, issuer: 'https://login.team.example', audience: 'webhooks' };

/** Casts options, because most refused ones have a wrong type. */
function refusalOf(options: unknown): ConfigurationError {
  try {
    createWebhookReceiver(options as WebhookReceiverOptions);
  } catch (error) {
    if (ConfigurationError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('was accepted');
}

const authenticated = (authentication: unknown) => ({ ...good, authentication });

describe('options of the receiver', () => {
  it('name the choices when no authentication was chosen', () => {
    expect(refusalOf({ client: sms, handlers: {} }).message).toBe(
      "authentication is missing. Give authorization, accessToken or sourceAddresses, or write 'none'.",
    );
    expect(refusalOf({ ...good, handlers: 7 }).message).not.toContain('Give authorization');
  });

  it('list the forms of authentication, whatever was given', () => {
    for (const given of ['Basic abc', 7]) {
      expect(refusalOf(authenticated(given)).message).toMatch(/'none' or \{ authorization, accessToken/);
    }
  });

  it.each([
    [undefined, undefined],
    [{ ...good, handler: {} }, 'handler'],
    [{ authentication: 'none', handlers: {} }, 'client'],
    [{ ...good, client: null }, 'client'],
    [{ ...good, client: {} }, 'client'],
    [{ client: sms, handlers: {} }, 'authentication'],
    [{ client: sms, authentication: 'none' }, 'handlers'],
    [{ ...good, handlers: { onInbond: () => {} } }, 'handlers.onInbond'],
    [{ ...good, handlers: { onInbound: 'x' } }, 'handlers.onInbound'],
    [{ ...good, handlers: [] }, 'handlers'],
    [{ ...good, channels: 'sms' }, 'channels'],
    [{ ...good, channels: ['sms', 'WhatsApp'] }, 'channels[1]'],
    [{ ...good, channels: [''] }, 'channels[0]'],
    [{ ...good, maxBodyBytes: 1_023 }, 'maxBodyBytes'],
    [{ ...good, maxBodyBytes: Number.POSITIVE_INFINITY }, 'maxBodyBytes'],
    [{ ...good, timeoutMs: 0 }, 'timeoutMs'],
    [{ ...good, timeoutMs: 60_001 }, 'timeoutMs'],
    [authenticated('NONE'), 'authentication'],
    [authenticated({}), 'authentication'],
    [authenticated({ authorization: undefined }), 'authentication'],
    [authenticated([AUTHORIZATION]), 'authentication'],
    [authenticated({ authorization: undefined, sourceAddresses: { regions: ['apac'] } }), 'authentication'],
    [authenticated({ password: AUTHORIZATION }), 'authentication.password'],
    [authenticated({ authorization: '' }), 'authentication.authorization'],
    [authenticated({ authorization: [] }), 'authentication.authorization'],
    [authenticated({ authorization: [AUTHORIZATION, 'short'] }), 'authentication.authorization[1]'],
    [authenticated({ authorization: 'Bearer 123456789012345' }), 'authentication.authorization'],
    [authenticated({ authorization: 'aaaabbbbccccddddaaaabbbbccccdddd' }), 'authentication.authorization'],
    [authenticated({ authorization: `${AUTHORIZATION} ` }), 'authentication.authorization'],
    [authenticated({ authorization: `${AUTHORIZATION}\n${AUTHORIZATION}` }), 'authentication.authorization'],
    [authenticated({ authorization: `${AUTHORIZATION}é` }), 'authentication.authorization'],
    [authenticated({ authorization: 'Bearer 0123456789abcdef***' }), 'authentication.authorization'],
    [
      authenticated({ authorization: `${AUTHORIZATION}${'x'.repeat(9_000)}` }),
      'authentication.authorization',
    ],
    [authenticated({ authorization: AUTHORIZATION, accessToken: token }), 'authentication'],
    [authenticated({ accessToken: { issuer: 'a', audience: 'b' } }), 'authentication.accessToken'],
    [
      authenticated({ accessToken: { ...token, jwksUrl: 'https://a.example' } }),
      'authentication.accessToken',
    ],
    [authenticated({ accessToken: { ...token, issuer: undefined } }), 'authentication.accessToken.issuer'],
    [authenticated({ accessToken: { ...token, audience: [] } }), 'authentication.accessToken.audience'],
    [authenticated({ accessToken: { ...token, scope: 'a  b' } }), 'authentication.accessToken.scope'],
    [
      authenticated({ accessToken: { ...token, algorithms: ['HS256'] } }),
      'authentication.accessToken.algorithms[0]',
    ],
    [
      authenticated({ accessToken: { ...token, algorithms: ['none'] } }),
      'authentication.accessToken.algorithms[0]',
    ],
    [authenticated({ accessToken: { ...token, algorithms: [] } }), 'authentication.accessToken.algorithms'],
    [
      authenticated({ accessToken: { ...token, clockToleranceSeconds: 301 } }),
      'authentication.accessToken.clockToleranceSeconds',
    ],
    [authenticated({ sourceAddresses: {} }), 'authentication.sourceAddresses'],
    [authenticated({ sourceAddresses: { trustedProxies: ['10.0.0.1'] } }), 'authentication.sourceAddresses'],
    [authenticated({ sourceAddresses: { regions: [] } }), 'authentication.sourceAddresses.regions'],
    [authenticated({ sourceAddresses: { regions: ['mars'] } }), 'authentication.sourceAddresses.regions[0]'],
    [authenticated({ sourceAddresses: { also: ['0.0.0.0/0'] } }), 'authentication.sourceAddresses.also[0]'],
    [
      authenticated({ sourceAddresses: { also: ['1.2.3.4'], trustedProxies: ['loopback'] } }),
      'authentication.sourceAddresses.trustedProxies[0]',
    ],
    [
      authenticated({ sourceAddresses: { also: ['1.2.3.4'], addressHeader: 'X-Real-IP' } }),
      'authentication.sourceAddresses',
    ],
    [
      authenticated({
        sourceAddresses: { also: ['1.2.3.4'], trustedProxies: ['10.0.0.1'], addressHeader: 'X-Real-IP: 1' },
      }),
      'authentication.sourceAddresses.addressHeader',
    ],
  ])('refuses %j and names %s', (options, option) => {
    const error = refusalOf(options);
    expect(error.option || undefined).toBe(option);
    expect(error.message).not.toContain(AUTHORIZATION);
  });

  it.each([
    'http://login.team.example/keys',
    'https://user:password@login.team.example/keys',
    'login.team.example/keys',
    'file:///keys.json',
    `https://login.team.example/${'x'.repeat(2_048)}`,
  ])('refuses the key server %s', (jwksUrl) => {
    const error = refusalOf(authenticated({ accessToken: { ...token, key: undefined, jwksUrl } }));
    expect(error.option).toBe('authentication.accessToken.jwksUrl');
    expect(error.message).not.toContain('password@');
  });

  it.each(['https://login.team.example/keys', 'http://localhost:9000/keys', 'http://127.0.0.1/keys'])(
    'accepts the key server %s',
    (jwksUrl) => {
      const accessToken = { issuer: 'a', audience: 'b', jwksUrl };
      expect(() => createWebhookReceiver({ ...good, authentication: { accessToken } })).not.toThrow();
    },
  );

  it('accepts public keys only', async () => {
    const pair = await generateKeyPair('ES256');
    const secret = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, [
      'sign',
      'verify',
    ]);
    const jwk = { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' } as const;
    for (const key of [PEM, jwk, pair.publicKey]) {
      const authentication = { accessToken: { ...token, key } };
      expect(() => createWebhookReceiver({ ...good, authentication })).not.toThrow();
    }
    const wrong = [
      '',
      'secret',
      PEM.replaceAll('PUBLIC', 'PRIVATE'),
      PEM.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
      PEM + 'x'.repeat(20_000),
      { ...jwk, d: 'private' },
      { kty: 'oct', k: 'secret' },
      {},
      null,
      7,
      pair.privateKey,
      secret,
    ];
    for (const key of wrong) {
      const error = refusalOf(authenticated({ accessToken: { ...token, key } }));
      expect(error.option).toBe('authentication.accessToken.key');
      expect(error.message).toContain('must be a public key');
    }
  });

  it('accepts a client of the other module format, which is another class', async () => {
    const client = {
      [INBOUND_PORT]: (sms as unknown as { [INBOUND_PORT]: unknown })[INBOUND_PORT],
    } as unknown as typeof sms;
    const receiver = createWebhookReceiver({ ...good, client });
    expect((await receiver.handle(post(inboundBody({ umid: 'other-format' })))).status).toBe(200);
  });
});

import { describe, expect, it } from 'vitest';
import { ValidationError, type WebhookInput } from '../../../src/index.ts';
import { errorOf, startClient } from '../../support/sms-client.ts';

const url = 'https://team.example/8x8';
const oauth = {
  url: 'https://auth.example/token',
  clientId: 'team',
  clientSecret: 'very-secret',
  credentialsLocation: 'header',
  scope: 'read write',
} as const;

describe('webhookSettings', () => {
  it('sets, lists with masked secrets, and deletes', async () => {
    const { sms, emulator } = startClient();
    expect(
      await sms.webhookSettings.set([
        { subAccountId: '*', url, httpAuthorization: 'Basic abc' },
        { subAccountId: 'team_otp', url, enabled: false, oauth },
      ]),
    ).toBeUndefined();
    expect(emulator.webhooks).toEqual([
      { subAccountId: '*', url, enabled: true, httpAuthorization: 'Basic abc' },
      { subAccountId: 'team_otp', url, enabled: false, oauth },
    ]);
    expect(await sms.webhookSettings.list()).toEqual([
      { subAccountId: '*', url, enabled: true, httpAuthorization: '***' },
      { subAccountId: 'team_otp', url, enabled: false, oauth: { ...oauth, clientSecret: '***' } },
    ]);
    await sms.webhookSettings.delete([{ subAccountId: '*' }]);
    expect(emulator.webhooks.map(({ subAccountId }) => subAccountId)).toEqual(['team_otp']);
    await sms.webhookSettings.delete([{ subAccountId: 'team_otp' }]);
    expect(await sms.webhookSettings.list()).toEqual([]);
  });

  it('leaves out what is undefined', async () => {
    const { sms, lastBody } = startClient();
    await sms.webhookSettings.set([
      { subAccountId: '*', url, enabled: undefined, oauth: { ...oauth, scope: undefined } },
    ]);
    const { scope: _, ...rest } = oauth;
    expect(lastBody()).toEqual([{ subAccountId: '*', url, oauth: rest }]);
  });

  it('refuses to write back what was read', async () => {
    const { sms, emulator } = startClient();
    const httpAuthorization = 'Basic abc';
    await sms.webhookSettings.set([
      { subAccountId: '*', url, httpAuthorization },
      { subAccountId: 'team_otp', url, oauth },
    ]);
    const read = await sms.webhookSettings.list();
    const error = await errorOf(sms.webhookSettings.set(read as readonly WebhookInput[]));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path: 'webhooks[0].httpAuthorization', submission: 'not-submitted' });
    const again = await errorOf(sms.webhookSettings.set(read.slice(1) as readonly WebhookInput[]));
    expect(again).toMatchObject({ path: 'webhooks[0].oauth.clientSecret' });
    expect(emulator.webhooks[1]?.oauth?.clientSecret).toBe('very-secret');
  });

  it('may be repeated, both ways', async () => {
    const { sms, emulator, calls } = startClient({}, { retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 } });
    emulator.failNext('lost-response');
    await sms.webhookSettings.set([{ subAccountId: '*', url }]);
    emulator.failNext('lost-response');
    await sms.webhookSettings.delete([{ subAccountId: '*' }]);
    expect(calls()).toEqual(['POST /webhooks', 'POST /webhooks', 'DELETE /webhooks', 'DELETE /webhooks']);
  });

  it.each([
    [[], 'webhooks'],
    [{}, 'webhooks'],
    [[{ url }], 'webhooks[0].subAccountId'],
    [[{ subAccountId: '*' }], 'webhooks[0].url'],
    [[{ subAccountId: '**', url }], 'webhooks[0].subAccountId'],
    [[{ subAccountId: '*', url: 'ftp://team.example' }], 'webhooks[0].url'],
    [[{ subAccountId: '*', url, enabled: 'yes' }], 'webhooks[0].enabled'],
    [[{ subAccountId: '*', url, httpAuthorization: 'Bearer ***' }], 'webhooks[0].httpAuthorization'],
    [[{ subAccountId: '*', url, httpAuthorization: 'a\nb' }], 'webhooks[0].httpAuthorization'],
    [[{ subAccountId: '*', url, oauth: {} }], 'webhooks[0].oauth.url'],
    [
      [{ subAccountId: '*', url, oauth: { ...oauth, url: 'http://team.example/token' } }],
      'webhooks[0].oauth.url',
    ],
    [[{ subAccountId: '*', url, oauth, httpAuthorization: 'Basic abc' }], 'webhooks[0]'],
    [
      [{ subAccountId: '*', url, oauth: { ...oauth, credentialsLocation: 'query' } }],
      'webhooks[0].oauth.credentialsLocation',
    ],
  ])('refuses to set %o', async (webhooks, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.webhookSettings.set(webhooks as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });

  it.each([
    [[], 'webhooks'],
    [['*'], 'webhooks[0]'],
    [[{}], 'webhooks[0].subAccountId'],
    [[{ subAccountId: 'team_*' }], 'webhooks[0].subAccountId'],
  ])('refuses to delete %o', async (webhooks, path) => {
    const { sms } = startClient();
    const error = await errorOf(sms.webhookSettings.delete(webhooks as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
  });

  it.each(['{}', '[1]', '[{"subAccountId":"*"}]', '[{"subAccountId":"*","url":"x","oauth":1}]'])(
    'is an ApiError when a list is %s',
    async (body) => {
      const { sms, emulator } = startClient();
      emulator.failNext({ status: 200, body });
      const error = await errorOf(sms.webhookSettings.list());
      expect(error).toMatchObject({ code: 'api', submission: 'not-submitted' });
    },
  );

  it('takes null for what is not set', async () => {
    const { sms, emulator } = startClient();
    emulator.failNext({
      status: 200,
      body: JSON.stringify([{ subAccountId: '*', url, oauth: null, httpAuthorization: null }]),
    });
    expect(await sms.webhookSettings.list()).toEqual([{ subAccountId: '*', url, enabled: true }]);
  });
});

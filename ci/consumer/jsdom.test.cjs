// Importing does nothing that can fail where the platform is incomplete; only using the package needs the missing parts.
test('every entry can be imported in jsdom', () => {
  expect(typeof globalThis.window).toBe('object');
  expect(typeof globalThis.TextEncoder).toBe('undefined');
  expect(typeof require('8x8-sms-guard').SmsClient).toBe('function');
  expect(typeof require('8x8-sms-guard/postgres').postgresConsentLedger).toBe('function');
  expect(typeof require('8x8-sms-guard/redis').redisLimits).toBe('function');
  expect(typeof require('8x8-sms-guard/testing').createTestClient).toBe('function');
  expect(typeof require('8x8-sms-guard/webhooks').createWebhookReceiver).toBe('function');
});

test('a client refuses to run where anyone can read the key', () => {
  const { ConfigurationError, SmsClient } = require('8x8-sms-guard');
  const create = () => new SmsClient({ apiKey: 'consumer-key', subAccountId: 'consumer' });
  expect(create).toThrow(ConfigurationError);
  expect(create).toThrow('dangerouslyAllowBrowser');
});

// Without a transform nothing lifts jest.mock above the imports.
jest.mock('8x8-sms-guard');
jest.mock('8x8-sms-guard/redis');
jest.mock('8x8-sms-guard/testing');
jest.mock('8x8-sms-guard/webhooks');

const { LimitError, SmsClient } = require('8x8-sms-guard');
const { redisLimits } = require('8x8-sms-guard/redis');
const { createTestClient } = require('8x8-sms-guard/testing');
const { createWebhookReceiver } = require('8x8-sms-guard/webhooks');

test('jest.mock makes a mock of the class', () => {
  const send = jest.fn().mockResolvedValue({ umid: 'umid' });
  SmsClient.mockImplementation(() => ({ messages: { send } }));
  expect(new SmsClient({ apiKey: 'wrong on purpose' }).messages.send).toBe(send);
  expect(SmsClient).toHaveBeenCalledTimes(1);
  expect(jest.isMockFunction(SmsClient.prototype.close)).toBe(true);
});

test('jest.mock makes a mock of every other export', () => {
  for (const mocked of [LimitError, redisLimits, createTestClient, createWebhookReceiver]) {
    expect(jest.isMockFunction(mocked)).toBe(true);
  }
});

test('jest.spyOn replaces an export', () => {
  const library = jest.requireActual('8x8-sms-guard');
  const spy = jest.spyOn(library, 'SmsClient').mockImplementation(() => ({ spied: true }));
  expect(new library.SmsClient()).toEqual({ spied: true });
  spy.mockRestore();
});

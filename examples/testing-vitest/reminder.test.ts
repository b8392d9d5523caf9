import { SmsError } from '8x8-sms-guard';
import { createEmulator, createMswHandlers } from '8x8-sms-guard/testing';
import { http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { sendReminder } from './reminder.ts';

const emulator = createEmulator({ apiKey: 'test-key' });
const server = setupServer(...createMswHandlers(emulator, { http }));

beforeAll(() => {
  vi.stubEnv('EIGHTBYEIGHT_API_KEY', 'test-key');
  vi.stubEnv('EIGHTBYEIGHT_SUB_ACCOUNT_ID', 'reminders');
  server.listen({ onUnhandledFrame: 'error' });
});
afterEach(() => emulator.clear());
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});

test('sends the time', async () => {
  const umid = await sendReminder('+6591234567', '9:30');
  expect(emulator.messages).toMatchObject([{ umid, subAccountId: 'reminders', text: 'See you at 9:30.' }]);
});

test('is not sent twice when the answer gets lost', async () => {
  emulator.failNext('lost-response');
  const error: unknown = await sendReminder('+6598765432', '9:30').catch((reason: unknown) => reason);
  expect(SmsError.isInstance(error) && error.submission).toBe('unknown');
  expect(emulator.messages).toHaveLength(1);
});

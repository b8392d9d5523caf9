import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEmulator } from '../../../src/emulator/emulator.ts';
import { type ExportRow, ServerError, SmsClient } from '../../../src/index.ts';
import { ACCOUNT_ID } from '../../support/emulator.ts';
import { errorOf, KEY, SUB_ACCOUNT_ID } from '../../support/sms-client.ts';

// No `fetch` option here: everything goes through the global one, and msw refuses what has no handler.
const emulator = createEmulator({ apiKey: KEY, subAccountIds: [SUB_ACCOUNT_ID], prepaid: true });
const server = setupServer(http.all('https://sms.us.8x8.com/*', ({ request }) => emulator.fetch(request)));

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

function newClient() {
  return new SmsClient({
    apiKey: KEY,
    subAccountId: SUB_ACCOUNT_ID,
    accountId: ACCOUNT_ID,
    region: 'us',
    clock: { now: () => Date.now() },
    retry: { maxAttempts: 2, baseMs: 1, maxMs: 1 },
  });
}

describe('through the global fetch', () => {
  it('sends, looks up, reports and exports', async () => {
    await using sms = newClient();
    const sent = await sms.messages.send({
      destination: '+6591234567',
      text: 'Your code is 4711',
      purpose: 'otp',
    });
    expect((await sms.messages.get(sent.umid)).status.state).toBe('sent');
    await sms.messages.feedback(sent.umid, { outcome: 'success', destination: '+6591234567' });
    const survey = { surveyId: 'a&b', destination: '+6598765432', templateBody: '{{url}}' };
    expect((await sms.surveys.send(survey)).status).toBe('accepted');
    expect((await sms.account.balance()).currency).toBe('USD');
    await sms.webhookSettings.set([{ subAccountId: '*', url: 'https://team.example' }]);
    await sms.webhookSettings.delete([{ subAccountId: '*' }]);

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const rows: ExportRow[] = [];
    const reading = (async () => {
      for await (const row of sms.exports.run()) rows.push(row);
    })().finally(() => vi.useRealTimers());
    while (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(500);
    await reading;
    expect(rows.map(({ umid }) => umid)).toContain(sent.umid);
  });

  it('repeats a read, not a send, when an answer breaks off', async () => {
    await using sms = newClient();
    let count = 0;
    server.use(
      http.all('https://sms.us.8x8.com/*', () => {
        count += 1;
        return HttpResponse.html('<h1>Bad gateway</h1>', { status: 502 });
      }),
    );
    expect(await errorOf(sms.account.prices())).toBeInstanceOf(ServerError);
    expect(count).toBe(2);
    const survey = { surveyId: 'nps', destination: '+6591234567', templateBody: 'a' };
    expect(await errorOf(sms.surveys.send(survey))).toMatchObject({ code: 'server', submission: 'unknown' });
    expect(count).toBe(3);
  });

  it('is refused by msw when the host is another', async () => {
    // msw says it once more on the console.
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    const sms = newClient().withOptions({ region: 'eu', retry: false });
    const error = await errorOf(sms.account.balance());
    expect(error).toMatchObject({ code: 'connection', submission: 'not-submitted' });
    expect(said).toHaveBeenCalled();
    said.mockRestore();
  });
});

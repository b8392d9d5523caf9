import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SurveyBatchMessage, SurveySendManyOptions } from '../../src/api/surveys.ts';
import { numberOf, testClient } from '../support/client.ts';
import { jsonResponse } from '../support/respond-with.ts';
import { collect, summary } from '../support/send-many.ts';
import { failureOf } from '../support/transport.ts';

const template = { templateBody: 'Hi {{name}}, how was it? {{url:name}}' };
const options: SurveySendManyOptions = { surveyId: 'nps/2026', template };

function invitations(count: number): SurveyBatchMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    destination: numberOf(index),
    templateVariables: { name: `Mei ${index}` },
  }));
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('surveys.sendMany', () => {
  it("sends every row to 8x8's endpoint for survey batches, with its variables", async () => {
    const { sms, emulator, of } = testClient();
    const rows = [
      ...invitations(2),
      { destination: numberOf(2), templateBody: 'Own text {{url}}', clientMessageId: 'own' },
    ];
    const { results, error } = await collect(sms.surveys.sendMany(rows, { ...options, chunkSize: 2 }));
    expect(error).toBeUndefined();
    expect(summary(results)).toEqual(['0 accepted', '1 accepted', '2 accepted']);
    expect(emulator.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array(2).fill('POST /api/v1/subaccounts/team_otp/surveys/nps%2F2026/messages/batch'),
    );
    expect(emulator.messages).toMatchObject([
      { destination: numberOf(0), surveyId: 'nps/2026', templateVariables: { name: 'Mei 0' } },
      { destination: numberOf(1), surveyId: 'nps/2026', templateVariables: { name: 'Mei 1' } },
      { destination: numberOf(2), clientMessageId: 'own' },
    ]);
    expect(of('chunk-finished')).toMatchObject([
      { chunk: 1, messages: 2, accepted: 2 },
      { chunk: 2, messages: 1, accepted: 1 },
    ]);
  });

  it('leaves out rows that a guard refuses and rows that are malformed, and run() counts them', async () => {
    const { sms, emulator } = testClient({ guards: { recipient: { limit: 1, windowMs: 60_000 } } });
    const first = { destination: numberOf(0), templateVariables: { name: 'Mei' } };
    const rows = [
      first,
      first,
      { destination: numberOf(1), templateVariables: { name: 'undefined' } },
      { destination: numberOf(2) },
      { destination: numberOf(3), templateVariables: { name: 'Mei' }, text: 'Hello' } as never,
      { destination: 'nobody', templateVariables: { name: 'Mei' } },
    ];
    const seen: string[] = [];
    const counts = await sms.surveys.sendMany(rows, options).run((result) => {
      seen.push(result.status === 'accepted' ? 'accepted' : `${result.status} ${result.error.code}`);
    });
    expect(seen).toEqual([
      'accepted',
      'blocked limit',
      'blocked guard',
      'blocked guard',
      'failed validation',
      'blocked invalid-phone-number',
    ]);
    expect(counts).toEqual({ accepted: 1, rejected: 0, blocked: 4, failed: 1 });
    expect(emulator.messages).toHaveLength(1);
  });

  it('is resumed after a crash without sending anything twice', async () => {
    const rows = invitations(6);
    let token: string | undefined;
    const checkpoint = (next: string) => {
      token = next;
    };
    const { sms, emulator } = testClient();
    const crashed = sms.surveys.sendMany(rows, { ...options, chunkSize: 2, concurrency: 1, checkpoint });
    for (let row = 0; row < 3; row += 1) expect((await crashed.next()).value?.status).toBe('accepted');
    // The process dies here: the second chunk was written, and not all of its results were read.
    const left = token as string | undefined;
    expect(emulator.messages).toHaveLength(4);
    const sentBefore = emulator.messages.map(({ clientMessageId }) => clientMessageId);

    const { results, error } = await collect(
      sms.surveys.sendMany(rows, { ...options, checkpoint, resumeFrom: left }),
    );
    expect(error).toBeUndefined();
    expect(summary(results)).toEqual(['2 failed unknown', '3 failed unknown', '4 accepted', '5 accepted']);
    expect(results.slice(0, 2).map(({ clientMessageId }) => clientMessageId)).toEqual(sentBefore.slice(2));
    expect(emulator.messages.map(({ destination }) => destination)).toEqual(
      rows.map(({ destination }) => destination),
    );
    await crashed.return();
  });

  it('refuses a token of messages.sendMany, and the other way round', async () => {
    const { sms, emulator } = testClient();
    const tokens: string[] = [];
    const checkpoint = (token: string) => void tokens.push(token);
    await sms.surveys.sendMany(invitations(1), { ...options, checkpoint }).run();
    await sms.messages.sendMany([{ destination: numberOf(1), text: 'Hello' }], { checkpoint }).run();
    const sent = emulator.messages.length;
    const [ofSurveys] = tokens;
    const ofMessages = tokens.at(-1);
    expect(
      await failureOf(sms.surveys.sendMany(invitations(1), { ...options, resumeFrom: ofMessages }).run()),
    ).toMatchObject({
      code: 'validation',
      path: 'resumeFrom',
      message: expect.stringContaining('surveys.sendMany'),
    });
    expect(await failureOf(sms.messages.sendMany([], { resumeFrom: ofSurveys }).run())).toMatchObject({
      code: 'validation',
      path: 'resumeFrom',
      message: expect.stringContaining('messages.sendMany'),
    });
    expect(emulator.messages).toHaveLength(sent);
  });

  it('ends at a refusal that concerns the account, and leaves the rest to the resumed run', async () => {
    let requests = 0;
    let token = '';
    const { sms } = testClient({
      async fetch() {
        requests += 1;
        return jsonResponse({ code: 2007, message: 'Not enough balance' }, 402);
      },
    });
    const rows = invitations(5);
    const run = {
      ...options,
      chunkSize: 1,
      concurrency: 1,
      checkpoint(next: string) {
        token = next;
      },
    };
    const { results, error } = await collect(sms.surveys.sendMany(rows, run));
    expect(error).toMatchObject({ status: 402, apiCode: 2007 });
    expect(requests).toBe(1);
    expect(results.length).toBeLessThan(5);

    const paid = testClient();
    const rest = await collect(paid.sms.surveys.sendMany(rows, { ...options, resumeFrom: token }));
    expect(summary(rest.results)).toEqual(rows.map((_, row) => `${row} accepted`));
  });

  it('says by its name that it was aborted', async () => {
    const { sms, emulator } = testClient();
    const run = sms.surveys.sendMany(invitations(1), { ...options, signal: AbortSignal.abort() });
    expect(await failureOf(run.run())).toMatchObject({
      code: 'aborted',
      message: expect.stringMatching(/^surveys\.sendMany: /),
    });
    expect(emulator.requests).toEqual([]);
  });

  it('warns when nobody reads it', async () => {
    vi.useFakeTimers();
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { sms, emulator, of } = testClient();
    await sms.surveys.sendMany(invitations(1), options);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(of('send-many-not-read')).toMatchObject([{ operation: 'surveys.sendMany' }]);
    expect(vi.mocked(console.warn).mock.calls).toEqual([
      [expect.stringContaining('surveys.sendMany was called, and nobody reads its results')],
    ]);
    expect(emulator.requests).toEqual([]);
  });

  it.each([
    ['no options', undefined, 'options'],
    ['no survey', { template }, 'options.surveyId'],
    ['an empty survey', { ...options, surveyId: '' }, 'options.surveyId'],
    ['a template without a text', { ...options, template: {} }, 'options.template.templateBody'],
    ['the text of a message', { ...options, template: { text: 'Hello' } }, 'options.template.text'],
    ['an unknown option', { ...options, clientIp: '203.0.113.7' }, 'options.clientIp'],
  ])('refuses %s before anything is read', async (_, given, path) => {
    const { sms, emulator } = testClient();
    const read = vi.fn();
    const input = { [Symbol.iterator]: read };
    const error = await failureOf(sms.surveys.sendMany(input, given as never).run());
    expect(error).toMatchObject({ code: 'validation', submission: 'not-submitted', path });
    expect(read).not.toHaveBeenCalled();
    expect(emulator.requests).toEqual([]);
  });
});

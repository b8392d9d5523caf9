import { describe, expect, it } from 'vitest';
import { MessageRejectedError, type SurveyInput, ValidationError } from '../../../src/index.ts';
import { START } from '../../support/emulator.ts';
import { errorOf, KEY, startClient } from '../../support/sms-client.ts';

const NUMBER = '+6591234567';
const survey = { surveyId: 'nps', destination: NUMBER, templateBody: 'How was it? {{url}}' } as const;

describe('surveys.send', () => {
  it('sends an invitation with its variables', async () => {
    const { sms, emulator, calls, lastBody } = startClient();
    const sent = await sms.surveys.send({
      ...survey,
      destination: '9123 4567',
      country: 'SG',
      templateBody: 'Hi {{name}}, {{url:name:visit}}',
      templateVariables: { name: 'Mei', visit: 3, vip: true },
      source: 'Team',
      encoding: 'GSM7',
      scheduled: new Date(START + 60_000),
      expiry: new Date(START + 120_000),
      dlrCallbackUrl: 'https://team.example/receipts',
      clientMessageId: 'one',
      purpose: 'transactional',
    });
    expect(sent).toMatchObject({ status: 'accepted', clientMessageId: 'one', parts: 1, encoding: 'GSM7' });
    expect(calls()).toEqual(['POST /surveys/nps/messages']);
    expect(lastBody()).toEqual({
      destination: NUMBER,
      clientMessageId: 'one',
      templateBody: 'Hi {{name}}, {{url:name:visit}}',
      templateVariables: { name: 'Mei', visit: 3, vip: true },
      source: 'Team',
      encoding: 'GSM7',
      scheduled: '2026-07-01T00:01:00.000Z',
      expiry: '2026-07-01T00:02:00.000Z',
      dlrCallbackUrl: 'https://team.example/receipts',
    });
    expect(emulator.messages[0]?.text).toMatch(/^Hi Mei, http:\S{16}$/);
  });

  it.each([
    ['{{url}}', 139, 1],
    ['{{url}}', 140, 2],
    ['{{url:name:visit}}', 139, 1],
    ['{{name}}', 157, 1],
    ['{{name}}', 158, 2],
  ])('counts %s beside %i characters as the emulator bills it', async (placeholder, length, parts) => {
    const { sms, emulator } = startClient();
    const templateBody = 'a'.repeat(length) + placeholder;
    const sent = await sms.surveys.send({
      ...survey,
      templateBody,
      templateVariables: { name: 'Mei', visit: 1 },
    });
    expect(sent.parts).toBe(parts);
    expect(emulator.messages[0]?.parts).toBe(parts);
  });

  it.each([
    [{ templateBody: 'Hi {{name}}' }, 'content', 'unresolved-placeholder'],
    [{ templateBody: 'Hi %name% {{url}}' }, 'content', 'unresolved-placeholder'],
    [
      { templateBody: 'Hi {{name}} {{url}}', templateVariables: { name: 'undefined' } },
      'content',
      'unresolved-placeholder',
    ],
    [
      { templateBody: 'a {{url:name}}', templateVariables: { name: 'null' } },
      'content',
      'unresolved-placeholder',
    ],
    [{ templateBody: 'Hi {{toString}}', templateVariables: {} }, 'content', 'unresolved-placeholder'],
    [{ templateBody: '{{a}}', templateVariables: { a: KEY } }, 'content', 'api-key-in-text'],
    [{ templateBody: '{{a}}', templateVariables: { a: '\u0007' } }, 'content', 'control-character'],
    [{ templateBody: `${'a'.repeat(1_520)}{{url}}` }, 'content', 'too-many-parts'],
    [
      {
        templateBody: '{{a}}{{b}}',
        templateVariables: { a: `{{url:${'a'.repeat(900)}}}`, b: `{{url:${'b'.repeat(900)}}}` },
      },
      'content',
      'too-many-parts',
    ],
    [{ destination: '+870773111632' }, 'phone', 'satellite'],
    [{ purpose: 'marketing' }, 'consent', undefined],
  ])('passes the guards: %o is stopped by %s', async (change, guard, reason) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.surveys.send({ ...survey, ...change } as SurveyInput));
    expect(error).toMatchObject({
      guard,
      submission: 'not-submitted',
      ...(reason && guard === 'content' && { reason }),
    });
    expect(emulator.requests).toEqual([]);
  });

  it('counts with everything else that goes to a number', async () => {
    const { sms } = startClient();
    await sms.surveys.send(survey);
    for (let count = 0; count < 3; count += 1) {
      await sms.surveys.send(survey);
      await sms.messages.send({ destination: NUMBER, text: 'x' });
    }
    expect(await errorOf(sms.surveys.send(survey))).toMatchObject({ code: 'limit', guard: 'recipient' });
  });

  it('replaces typography when told to', async () => {
    const { sms, lastBody } = startClient({}, { guards: { content: { replaceTypography: true } } });
    const sent = await sms.surveys.send({ ...survey, templateBody: 'It’s {{url}}' });
    expect(sent.encoding).toBe('GSM7');
    expect(lastBody()).toMatchObject({ templateBody: "It's {{url}}" });
  });

  it('throws what 8x8 rejects, and never sends twice', async () => {
    const { sms, emulator, calls } = startClient({}, { retry: { maxAttempts: 3, baseMs: 1, maxMs: 1 } });
    emulator.failNext('reject');
    expect(await errorOf(sms.surveys.send(survey))).toBeInstanceOf(MessageRejectedError);
    emulator.failNext('lost-response');
    expect(await errorOf(sms.surveys.send(survey))).toMatchObject({ submission: 'unknown' });
    emulator.failNext({ status: 200, body: '{}' });
    expect(await errorOf(sms.surveys.send(survey))).toMatchObject({ code: 'api', submission: 'unknown' });
    expect(calls()).toHaveLength(3);
  });

  it('sends what the guards saw, whatever the caller changes meanwhile', async () => {
    const { sms, emulator } = startClient();
    const templateVariables: Record<string, string> = { name: 'Mei' };
    const input = { ...survey, templateBody: 'Hi {{name}}', templateVariables };
    const pending = sms.surveys.send(input);
    input.templateBody = KEY;
    await pending;
    expect(emulator.messages[0]?.text).toBe('Hi Mei');
  });

  it.each([
    [{ ...survey, surveyId: undefined }, 'surveyId'],
    [{ ...survey, templateBody: undefined }, 'templateBody'],
    [{ ...survey, text: 'a' }, 'text'],
    [{ ...survey, clientIp: '10.0.0.1' }, 'clientIp'],
    [{ ...survey, templateVariables: [] }, 'templateVariables'],
    [{ ...survey, templateVariables: null }, 'templateVariables'],
    [{ ...survey, templateVariables: { a: {} } }, 'templateVariables'],
    [{ ...survey, templateVariables: { a: Number.NaN } }, 'templateVariables'],
    [{ ...survey, templateVariables: { a: 'x'.repeat(1_001) } }, 'templateVariables'],
    [{ ...survey, templateVariables: { ['x'.repeat(1_001)]: 1 } }, 'templateVariables'],
    [null, ''],
  ])('refuses %o', async (input, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.surveys.send(input as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });
});

describe('surveys.sendBatch', () => {
  it('sends to many in one request, with a template and results in order', async () => {
    const { sms, emulator, lastBody, calls } = startClient();
    const { results, counts, batchId } = await sms.surveys.sendBatch({
      surveyId: 'nps',
      messages: [
        { destination: NUMBER, templateVariables: { name: 'Mei' }, clientMessageId: 'a' },
        { destination: '123', clientMessageId: 'b' },
        { destination: '9876 5432', templateBody: 'Own {{url}}', clientMessageId: 'c' },
        { destination: NUMBER, clientMessageId: 'd' },
        null as never,
      ],
      template: { templateBody: 'Hi {{name}} {{url}}', source: 'Team', scheduled: new Date(START + 60_000) },
      clientBatchId: 'batch',
      country: 'SG',
      purpose: 'transactional',
    });
    expect(counts).toEqual({ accepted: 2, rejected: 0, blocked: 2, failed: 1 });
    expect(results.map(({ status }) => status)).toEqual([
      'accepted',
      'blocked',
      'accepted',
      'blocked',
      'failed',
    ]);
    expect(results[3]).toMatchObject({ error: { guard: 'content', reason: 'unresolved-placeholder' } });
    expect(results[4]).toMatchObject({ error: { path: 'messages[4]' } });
    expect(batchId).toBe(emulator.messages[0]?.batchId);
    expect(calls()).toEqual(['POST /surveys/nps/messages/batch']);
    expect(lastBody()).toEqual({
      clientBatchId: 'batch',
      includeMessagesInResponse: true,
      template: {
        templateBody: 'Hi {{name}} {{url}}',
        source: 'Team',
        scheduled: '2026-07-01T00:01:00.000Z',
      },
      messages: [
        { destination: NUMBER, clientMessageId: 'a', templateVariables: { name: 'Mei' } },
        { destination: '+6598765432', clientMessageId: 'c', templateBody: 'Own {{url}}' },
      ],
    });
    expect(emulator.messages.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^Hi Mei http/),
      expect.stringMatching(/^Own http/),
    ]);
  });

  it('merges equal messages and refuses repeated ids', async () => {
    const { sms, emulator } = startClient();
    const message = { destination: NUMBER, templateBody: 'a {{url}}' };
    const merged = await sms.surveys.sendBatch({
      surveyId: 'nps',
      messages: [message, message],
      mergeDuplicates: true,
    });
    expect(merged.results[1]).toMatchObject({ status: 'accepted', duplicateOf: 0 });
    const own = { ...message, clientMessageId: 'a' };
    const repeated = await sms.surveys.sendBatch({ surveyId: 'nps', messages: [own, own] });
    expect(repeated.counts).toMatchObject({ accepted: 1, failed: 1 });
    const allowed = await sms.surveys.sendBatch({
      surveyId: 'nps',
      messages: [own, own],
      allowRepeatedIds: true,
    });
    expect(allowed.counts.accepted).toBe(2);
    expect(emulator.messages).toHaveLength(4);
  });

  it('has no batchId when nothing went out', async () => {
    const { sms } = startClient();
    const { batchId, counts } = await sms.surveys.sendBatch({
      surveyId: 'nps',
      messages: [{ destination: '1', templateBody: 'a' }],
    });
    expect(batchId).toBeUndefined();
    expect(counts.blocked).toBe(1);
  });

  it.each([
    [{ messages: [survey] }, 'surveyId'],
    [{ surveyId: 'nps' }, 'messages'],
    [{ surveyId: 'nps', messages: [] }, 'messages'],
    [{ surveyId: 'nps', messages: [survey], template: {} }, 'template.templateBody'],
    [{ surveyId: 'nps', messages: [survey], template: { text: 'a' } }, 'template.text'],
    [{ surveyId: 'nps', destinations: [NUMBER] }, 'destinations'],
    [{ surveyId: 'nps', messages: [survey], clientIp: '10.0.0.1' }, 'clientIp'],
    [undefined, ''],
  ])('refuses %o before anything is sent', async (input, path) => {
    const { sms, emulator } = startClient();
    const error = await errorOf(sms.surveys.sendBatch(input as never));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ path });
    expect(emulator.requests).toEqual([]);
  });
});

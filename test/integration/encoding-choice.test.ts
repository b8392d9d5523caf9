import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/index.ts';
import { numberOf, testClient } from '../support/client.ts';

const LONG = `Garçon, “ça va”? ${'a'.repeat(60)}`;
const LONG_SENT = `Garcon, "ca va"? ${'a'.repeat(60)}`;
const SHORT = 'Garçon, “ça va”?';
const start = () => testClient({ guards: { content: { transliterate: 'to-save-parts' }, backoff: false } });
type Body = {
  readonly text?: string;
  readonly template?: { readonly text?: string; readonly templateBody?: string };
  readonly messages: readonly { readonly text?: string; readonly templateBody?: string }[];
};
const bodyOf = ({ emulator }: ReturnType<typeof start>) => emulator.requests.at(-1)?.body as Body;

describe('transliterate: to-save-parts', () => {
  it('changes a text only when that saves a part, and the estimate shows it', async () => {
    const client = start();
    const long = await client.sms.messages.send({ destination: numberOf(1), text: LONG });
    expect([bodyOf(client).text, long.parts, long.encoding]).toEqual([LONG_SENT, 1, 'GSM7']);
    expect(client.sms.messages.estimate({ text: LONG })).toMatchObject({
      sentText: LONG_SENT,
      parts: 1,
      encoding: 'GSM7',
    });
    const short = await client.sms.messages.send({ destination: numberOf(1), text: SHORT });
    expect([bodyOf(client).text, short.parts, short.encoding]).toEqual([SHORT, 1, 'UCS2']);
    const estimate = client.sms.messages.estimate({ text: SHORT });
    expect(estimate).toMatchObject({ parts: 1, encoding: 'UCS2' });
    expect(estimate).not.toHaveProperty('sentText');
  });

  it('is off by default; the estimate shows what it would save', async () => {
    const client = testClient();
    await client.sms.messages.send({ destination: numberOf(1), text: LONG });
    expect(bodyOf(client).text).toBe(LONG);
    const estimate = client.sms.messages.estimate({ text: LONG });
    expect(estimate).toMatchObject({ parts: 2, afterTransliteration: { parts: 1, text: LONG_SENT } });
    expect(estimate).not.toHaveProperty('afterReplacement');
    expect(client.sms.messages.estimate({ text: 'it’s' })).not.toHaveProperty('afterTransliteration');
    expect(client.sms.messages.estimate({ text: `${LONG} 👍` })).not.toHaveProperty('afterTransliteration');
  });

  it('decides for the text of a template by its own encoding, for a message’s by that of both', async () => {
    const client = start();
    const destinations = [numberOf(1), numberOf(2)];
    await client.sms.messages.sendBatch({ destinations, template: { text: LONG } });
    expect(bodyOf(client).template?.text).toBe(LONG_SENT);

    const { results } = await client.sms.messages.sendBatch({
      template: { text: LONG, encoding: 'UCS2' },
      messages: [
        { destination: numberOf(1) },
        { destination: numberOf(2), text: `${LONG}b` },
        { destination: numberOf(3), text: `${LONG}b`, encoding: 'AUTO' },
      ],
    });
    expect(bodyOf(client).template?.text).toBe(LONG);
    expect(bodyOf(client).messages.map(({ text }) => text)).toEqual([undefined, `${LONG}b`, `${LONG_SENT}b`]);
    expect(results.map((result) => result.status === 'accepted' && result.parts)).toEqual([2, 2, 1]);
  });

  it('counts the link of a survey as it is billed', async () => {
    const client = start();
    const templateBody = `ç ${'a'.repeat(46)} {{url}}`;
    const message = { surveyId: 'nps', destination: numberOf(1), templateBody };
    await client.sms.surveys.send(message);
    expect((bodyOf(client) as { templateBody?: string }).templateBody).toBe(templateBody);
    await client.sms.surveys.send({ ...message, templateBody: `a${templateBody}` });
    expect((bodyOf(client) as { templateBody?: string }).templateBody).toBe(
      `a${templateBody.replace('ç', 'c')}`,
    );
    await client.sms.surveys.sendBatch({
      surveyId: 'nps',
      messages: [{ destination: numberOf(1) }, { destination: numberOf(2), templateBody }],
      template: { templateBody: `a${templateBody}` },
    });
    expect(bodyOf(client).template?.templateBody).toBe(`a${templateBody.replace('ç', 'c')}`);
    expect(bodyOf(client).messages.map((each) => each.templateBody)).toEqual([undefined, templateBody]);
  });

  it('counts the code of a verification, and leaves what is spoken alone', async () => {
    const client = start();
    const template = `ç ${'a'.repeat(64)}{code}`;
    const sent = () => (bodyOf(client) as { template?: unknown }).template;
    await client.sms.verifications.start({ destination: numberOf(1), template });
    expect(sent()).toBe(template);
    await client.sms.verifications.start({ destination: numberOf(2), template, codeLength: 5 });
    expect(sent()).toBe(template.replace('ç', 'c'));
    await client.sms.verifications.start({
      destination: numberOf(3),
      template,
      codeLength: 5,
      channel: 'call',
      language: 'en-US',
    });
    expect(sent()).toBe(template);
  });

  it.each([
    { transliterate: true },
    { transliterate: 'always' },
    { replaceTypography: 'always' },
    { replaceTypography: 1 },
  ])('refuses %j', (content) => {
    expect(() => testClient({ guards: { content: content as never } })).toThrow(ConfigurationError);
  });
});

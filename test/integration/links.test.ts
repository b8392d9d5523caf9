import { describe, expect, it } from 'vitest';
import { GuardError } from '../../src/errors.ts';
import type { GuardsOptions } from '../../src/guards/registry.ts';
import { numberOf, testClient } from '../support/client.ts';
import { failureOf } from '../support/transport.ts';

const startWith = (links: GuardsOptions['links']) => testClient({ guards: { links } });
const message = { destination: numberOf(1), text: 'See https://evil.example/a' };

describe('guards.links', () => {
  it('refuses a foreign link in every kind of send, and says where it is', async () => {
    const { sms, emulator } = startWith({ allow: ['example.com'] });
    const error = await failureOf(sms.messages.send(message));
    expect(error).toBeInstanceOf(GuardError);
    expect(error).toMatchObject({
      guard: 'links',
      reason: 'link-not-allowed',
      submission: 'not-submitted',
      message: expect.stringMatching(/^The link at character 5 .*guards\.links\.allow.*Nothing was sent\.$/),
    });
    const { results } = await sms.messages.sendBatch({
      destinations: [numberOf(1), numberOf(2)],
      template: { text: message.text },
    });
    expect(results.map(({ status }) => status)).toEqual(['blocked', 'blocked']);
    const run = await sms.messages.sendMany([message, { ...message, text: 'See example.com' }]).run();
    expect(run).toMatchObject({ accepted: 1, blocked: 1 });
    const start = sms.verifications.start({ destination: numberOf(3), template: '{code} at evil.example/x' });
    expect(await failureOf(start)).toMatchObject({ guard: 'links', reason: 'link-not-allowed' });
    expect(emulator.messages).toHaveLength(1);
  });

  it('lets the short links of 8x8 pass in surveys, and no other', async () => {
    const { sms } = startWith({ allow: [] });
    const survey = { surveyId: 'nps', destination: numberOf(1), templateVariables: { name: 'Mei' } };
    await sms.surveys.send({ ...survey, templateBody: 'Hi {{name}}, how was it? {{url:name}}' });
    const injected = { ...survey, templateVariables: { name: 'evil.example/x' } };
    expect(
      await failureOf(sms.surveys.send({ ...injected, templateBody: 'Hi {{name}}: {{url}}' })),
    ).toMatchObject({ reason: 'link-not-allowed' });
  });

  it('only watches in monitor mode, and is off without being configured', async () => {
    const watching = startWith({ allow: [], mode: 'monitor' });
    await watching.sms.messages.send(message);
    expect(watching.of('guard-observed')).toMatchObject([
      { decision: { guard: 'links', reason: 'link-not-allowed', mode: 'monitor' } },
    ]);
    const off = startWith(undefined);
    await off.sms.messages.send({ ...message, text: 'bit.ly/x' });
    expect(off.of('guard-observed')).toEqual([]);
  });
});

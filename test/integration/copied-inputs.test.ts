import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { numberOf, testClient } from '../support/client.ts';
import { NOON } from '../support/fake-clock.ts';
import { textOf } from '../support/inbound.ts';
import { jsonResponse } from '../support/respond-with.ts';

/** An object that says what is read of it. Once the call has returned, whoever reads it gets something else. */
function watched(given: object) {
  const reads = new Map<string, number>();
  const late: string[] = [];
  let isLate = false;
  function watch<Value>(value: Value, path: string): Value {
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return new Proxy(value, {
      get(target, name) {
        const read = Reflect.get(target, name) as unknown;
        if (typeof name === 'symbol' || name === 'length' || typeof read === 'function') return read;
        const place = `${path}.${name}`;
        if (isLate) late.push(place);
        reads.set(place, (reads.get(place) ?? 0) + 1);
        return isLate ? 'changed' : watch(read, place);
      },
    });
  }
  return {
    input: watch(given, 'input'),
    end: () => {
      isLate = true;
    },
    twice: () => [...reads].filter(([, count]) => count > 1).map(([place]) => place),
    late,
  };
}

const destination = numberOf(1);
const message = { destination, text: 'a', scheduled: new Date(NOON + 3_600_000) };
const survey = { destination, templateBody: 'Hi {{name}}', templateVariables: { name: 'Mei' } };
const patch = [{ op: 'replace', path: '/firstName', value: 'Mei' }];

/** Arguments of each method, without the call options; a method without a row takes a message. */
const INPUTS: Readonly<Record<string, readonly unknown[]>> = {
  'messages.send': [message],
  'messages.sendBatch': [{ messages: [message, message], template: { source: 'Team' } }],
  'messages.get': ['u-1'],
  'messages.cancel': ['u-1'],
  'messages.cancelBatch': ['b-1'],
  'messages.deletePii': ['u-1'],
  'messages.feedback': ['u-1', { outcome: 'success' }],
  'messages.estimate': [{ text: 'a', destination }],
  'messages.sendMany': [[], { template: { text: 'a', source: 'Team' } }],
  'surveys.send': [{ surveyId: 'nps', ...survey }],
  'surveys.sendBatch': [
    { surveyId: 'nps', messages: [survey], template: { templateBody: 'a {{url}}', source: 'Team' } },
  ],
  'surveys.sendMany': [[], { surveyId: 'nps', template: { templateBody: 'a {{url}}', source: 'Team' } }],
  'verifications.start': [{ destination, brand: 'Team', sms: { source: 'Team' } }],
  'verifications.get': ['s-1', { destination }],
  'verifications.check': ['s-1', { destination, code: '4711', subject: 'a' }],
  'verifications.smaCoverage': [{ clientIp: '203.0.113.7' }],
  'lookup.get': [destination, { type: 'format' }],
  'exports.start': [{ from: new Date(0), to: new Date(1), countries: ['SG'] }],
  'exports.run': [{ from: new Date(0), to: new Date(1), countries: ['SG'] }],
  'account.prices': [{ country: 'SG' }],
  'webhookSettings.set': [[{ subAccountId: '*', url: 'https://example.test', oauth: undefined }]],
  'webhookSettings.delete': [[{ subAccountId: '*' }]],
  'contacts.create': [{ msisdn: destination, customAttributes: { team: 'a' } }],
  'contacts.update': [1, patch],
  'contacts.list': [{ query: 'a' }],
  'contacts.block': [destination, { country: 'SG' }],
  'groups.create': [{ name: 'a' }],
  'groups.update': [1, patch],
  'groups.addContacts': [1, [1, 2]],
  'groups.removeContacts': [1, [1, 2]],
  'groups.list': [{ name: 'a' }],
  'contactJobs.createContacts': [{ file: 'a', groups: [1] }],
  'contactJobs.deleteContacts': [{ ids: [1] }],
  'contactJobs.copyContacts': [{ from: 1, to: 2 }],
  'contactJobs.moveContacts': [{ from: 1, to: 2 }],
  'contactJobs.deleteGroups': [{ ids: [1], deleteContacts: false }],
  'contactJobs.list': [{ type: 'copyContacts' }],
  'consent.grant': [destination, { source: 'web-form', purposes: ['marketing'] }],
  'consent.revoke': [destination, { source: 'web-form', at: new Date(NOON) }],
  'consent.requestOptIn': [destination, { text: 'Reply YES', purposes: ['marketing'] }],
  'consent.confirm': [destination, { source: 'web-form' }],
  'consent.handleInbound': [textOf('STOP', { raw: { price: { amount: 1 } } })],
  'consent.status': [destination, { country: 'SG' }],
  'guards.inspect': [destination, { guard: 'recipient' }],
  'guards.release': [destination, { guard: 'recipient' }],
};

function startClient() {
  const bodies: string[] = [];
  const kit = testClient({
    accountId: 'acme',
    guards: { consent: { ledger: memoryConsentLedger(), inbound: { optOutReply: 'Out.' } } },
    async fetch(url, init) {
      bodies.push(`${url} ${typeof init?.body === 'string' ? init.body : ''}`);
      return jsonResponse({ umid: 'u', status: { code: 'QUEUED' } });
    },
  });
  return { sms: kit.sms, bodies };
}

type Method = (...inputs: readonly unknown[]) => unknown;

function methodsOf(resource: object): string[] {
  return Object.keys(resource).filter(
    (name) => typeof (resource as Record<string, unknown>)[name] === 'function',
  );
}

/** Every method of every resource, also those that are added later. */
const METHODS = Object.entries(startClient().sms).flatMap(([name, resource]) =>
  methodsOf(resource as object).map((method) => `${name}.${method}`),
);

describe('an input is read once, before the call returns', () => {
  it.each(METHODS)('%s', async (name) => {
    const { sms, bodies } = startClient();
    const [resource = '', method = ''] = name.split('.');
    const inputs = INPUTS[name] ?? [message];
    const watches = [...inputs, { timeoutMs: 5_000, deadlineMs: 5_000 }].map((input) =>
      typeof input === 'object' && input !== null ? watched(input) : undefined,
    );
    const given = watches.map((watch, place) => (watch === undefined ? inputs[place] : watch.input));
    const target = (sms as unknown as Record<string, Record<string, Method>>)[resource] as Record<
      string,
      Method
    >;
    const answer = target[method]?.(...given);
    for (const watch of watches) watch?.end();
    if (typeof answer === 'object' && answer !== null && 'next' in answer) {
      await (answer as AsyncIterator<unknown>).next().catch(() => {});
    } else await Promise.resolve(answer).catch(() => {});
    for (const watch of watches)
      expect({ late: watch?.late ?? [], twice: watch?.twice() ?? [] }).toEqual({ late: [], twice: [] });
    for (const body of bodies) expect(body).not.toContain('changed');
  });

  it('a row of sendMany is read when it is pulled', async () => {
    const { sms, bodies } = startClient();
    const rows = [message, { ...message, destination: numberOf(2) }].map(watched);
    async function* input() {
      for (const row of rows) {
        yield row.input as typeof message;
        row.end();
      }
    }
    for await (const result of sms.messages.sendMany(input())) expect(result.index).toBeLessThan(2);
    for (const row of rows) expect([row.late, row.twice()]).toEqual([[], []]);
    expect(bodies).toHaveLength(1);
  });

  it('a row of surveys.sendMany is read with its variables', async () => {
    const { sms, bodies } = startClient();
    const row = watched(survey);
    function* input() {
      yield row.input as typeof survey;
      row.end();
    }
    for await (const result of sms.surveys.sendMany(input(), { surveyId: 'nps' }))
      expect(result.index).toBe(0);
    expect([row.late, row.twice()]).toEqual([[], []]);
    expect(bodies).toEqual([expect.stringContaining('"name":"Mei"')]);
  });
});

it('a variable of a survey cannot pass the content guard as one text and be sent as another', async () => {
  const { sms, bodies } = startClient();
  let reads = 0;
  const templateVariables = {
    get name() {
      reads += 1;
      return reads === 1 ? 'Mei' : '{{password}}';
    },
  };
  await sms.surveys.send({ surveyId: 'nps', ...survey, templateVariables }).catch(() => {});
  expect([reads, bodies.length]).toEqual([1, 1]);
  expect(bodies[0]).toContain('Mei');
});

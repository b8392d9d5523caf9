import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsClient } from '../../src/client.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { numberOf, type TestClient, testClient } from '../support/client.ts';
import { drive, useFakeTimeouts } from '../support/drive.ts';
import { collect } from '../support/send-many.ts';
import { failureOf } from '../support/transport.ts';

const hangs = () => new Promise<never>(() => {});
const hangingStore: LimitStore = {
  take: hangs,
  settle: hangs,
  inspect: hangs,
  release: hangs,
  records: { read: hangs, write: hangs, remove: hangs },
};
const destination = numberOf(1);
const surveyMessage = { destination, templateBody: 'How was it? {{url}}' };
const contact = { addresses: { msisdn: destination } };
const file = new Blob(['msisdn\n']);

type Namespace = {
  [Name in keyof SmsClient]: SmsClient[Name] extends (...values: never[]) => unknown ? never : Name;
}[keyof SmsClient];
type Method = { [Name in Namespace]: `${Name}.${keyof SmsClient[Name] & string}` }[Namespace];

/** One call of every public method; the compiler asks for a new one. */
const CALLS: Readonly<Record<Method, (sms: SmsClient) => Promise<unknown>>> = {
  'messages.send': (sms) => sms.messages.send({ destination, text: 'Hello' }),
  'messages.sendBatch': (sms) => sms.messages.sendBatch({ messages: [{ destination, text: 'Hello' }] }),
  'messages.sendMany': (sms) => collect(sms.messages.sendMany([{ destination, text: 'Hello' }])),
  'messages.get': (sms) => sms.messages.get('umid'),
  'messages.reconcile': (sms) => sms.messages.reconcile('order-7', { sentAt: new Date(0) }),
  'messages.cancel': (sms) => sms.messages.cancel('umid'),
  'messages.cancelBatch': (sms) => sms.messages.cancelBatch('batch'),
  'messages.deletePii': (sms) => sms.messages.deletePii('umid'),
  'messages.feedback': (sms) => sms.messages.feedback('umid', { outcome: 'success', destination }),
  'messages.feedbackInBackground': (sms) => {
    sms.messages.feedbackInBackground('umid', { outcome: 'success', destination });
    return sms.close();
  },
  'messages.estimate': async (sms) => sms.messages.estimate({ text: 'Hello' }),
  'surveys.send': (sms) => sms.surveys.send({ ...surveyMessage, surveyId: 'nps' }),
  'surveys.sendBatch': (sms) => sms.surveys.sendBatch({ surveyId: 'nps', messages: [surveyMessage] }),
  'surveys.sendMany': (sms) => collect(sms.surveys.sendMany([surveyMessage], { surveyId: 'nps' })),
  'verifications.start': (sms) => sms.verifications.start({ destination, brand: 'Team' }),
  'verifications.get': (sms) => sms.verifications.get('session'),
  'verifications.check': (sms) => sms.verifications.check('session', { destination, code: '4711' }),
  'oneTimePasswords.issue': (sms) =>
    sms.oneTimePasswords.issue({ destination, subject: 'visitor', text: ({ code }) => code }),
  'oneTimePasswords.check': (sms) =>
    sms.oneTimePasswords.check({ destination, subject: 'visitor', code: '123456' }),
  'verifications.smaCoverage': (sms) =>
    sms.verifications.smaCoverage({ destination, clientIp: '203.0.113.7' }),
  'lookup.get': (sms) => sms.lookup.get(destination),
  'exports.start': (sms) => sms.exports.start({ from: new Date(0), to: new Date(1) }),
  'exports.get': (sms) => sms.exports.get('job'),
  'exports.cancel': (sms) => sms.exports.cancel('job'),
  'exports.run': (sms) => collect(sms.exports.run({ from: new Date(0), to: new Date(1) }) as never),
  'account.prices': (sms) => sms.account.prices(),
  'account.balance': (sms) => sms.account.balance(),
  'webhookSettings.list': (sms) => sms.webhookSettings.list(),
  'webhookSettings.set': (sms) => sms.webhookSettings.set({ url: 'https://example.com' } as never),
  'webhookSettings.delete': (sms) => sms.webhookSettings.delete('DLR' as never),
  'contacts.list': (sms) => collect(sms.contacts.list() as never),
  'contacts.create': (sms) => sms.contacts.create(contact as never),
  'contacts.get': (sms) => sms.contacts.get(1),
  'contacts.update': (sms) => sms.contacts.update(1, contact as never),
  'contacts.delete': (sms) => sms.contacts.delete(1),
  'contacts.block': (sms) => sms.contacts.block(destination),
  'groups.list': (sms) => collect(sms.groups.list() as never),
  'groups.create': (sms) => sms.groups.create({ name: 'Team' } as never),
  'groups.get': (sms) => sms.groups.get(1),
  'groups.update': (sms) => sms.groups.update(1, { name: 'Team' } as never),
  'groups.delete': (sms) => sms.groups.delete(1),
  'groups.addContacts': (sms) => sms.groups.addContacts(1, [1]),
  'groups.removeContacts': (sms) => sms.groups.removeContacts(1, [1]),
  'contactJobs.createContacts': (sms) => sms.contactJobs.createContacts({ file } as never),
  'contactJobs.deleteContacts': (sms) => sms.contactJobs.deleteContacts({ contactIds: ['1'] } as never),
  'contactJobs.copyContacts': (sms) => sms.contactJobs.copyContacts({ contactIds: ['1'] } as never),
  'contactJobs.moveContacts': (sms) => sms.contactJobs.moveContacts({ contactIds: ['1'] } as never),
  'contactJobs.deleteGroups': (sms) => sms.contactJobs.deleteGroups({ groupIds: ['1'] } as never),
  'contactJobs.get': (sms) => sms.contactJobs.get('job'),
  'contactJobs.list': (sms) => collect(sms.contactJobs.list() as never),
  'guards.inspect': (sms) => sms.guards.inspect(destination),
  'guards.release': (sms) => sms.guards.release(destination),
  'consent.status': (sms) => sms.consent.status(destination),
  'consent.history': (sms) => sms.consent.history(destination),
  'consent.grant': (sms) => sms.consent.grant(destination, { source: 'form' }),
  'consent.revoke': (sms) => sms.consent.revoke(destination, { source: 'form' }),
  'consent.requestOptIn': (sms) =>
    sms.consent.requestOptIn(destination, { text: 'Reply YES', source: 'form' }),
  'consent.confirm': (sms) => sms.consent.confirm(destination, { answer: 'yes', source: 'form' } as never),
  'consent.handleInbound': (sms) => sms.consent.handleInbound({ source: destination, body: 'STOP' } as never),
  'consent.forget': (sms) => sms.consent.forget(destination),
};

function clientOn(limits: LimitStore): TestClient {
  const consent = {
    ledger: memoryConsentLedger(),
    forgetSecret: 'f'.repeat(32),
    inbound: { optOutReply: 'No more messages.' },
  };
  const oneTimePasswords = { secret: 's'.repeat(32) };
  return testClient({ accountId: 'account', limits, oneTimePasswords, guards: { consent } });
}

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('a limit store that never answers', () => {
  it.each(Object.keys(CALLS) as Method[])('does not hold %s for ever', async (method) => {
    const { sms } = clientOn(hangingStore);
    const outcome = await drive(
      CALLS[method](sms).then(
        () => 'settled',
        () => 'settled',
      ),
    );
    expect(outcome).toBe('settled');
  });

  it('every method of the client has a call here', () => {
    const { sms } = clientOn(hangingStore);
    const methods = Object.entries(sms).flatMap(([name, namespace]) =>
      Object.keys(namespace as object).map((method) => `${name}.${method}`),
    );
    expect(methods.sort()).toEqual(Object.keys(CALLS).sort());
  });

  it('is a StoreError of every call that needs its answer, and one event', async () => {
    for (const method of [
      'messages.send',
      'messages.feedback',
      'verifications.start',
      'verifications.check',
      'guards.inspect',
      'guards.release',
      'consent.forget',
    ] as const) {
      const { sms, of } = clientOn(hangingStore);
      const error = await drive(failureOf(CALLS[method](sms)));
      expect(error, method).toMatchObject({ code: 'store', submission: 'not-submitted' });
      expect(of('store-failed'), method).toHaveLength(1);
    }
  });

  it('does not hold a right code, whichever call of the store is the first to hang', async () => {
    for (const name of ['take', 'settle', 'inspect', 'release'] as const) {
      const limits = memoryLimits();
      const { sms, emulator } = clientOn(limits);
      const { sessionId } = await drive(sms.verifications.start({ destination, brand: 'Team' }));
      const code = emulator.verifications[0]?.code ?? '';
      limits[name] = hangs;
      const outcome = await drive(
        sms.verifications.check(sessionId, { destination, code }).then(
          () => 'settled',
          () => 'settled',
        ),
      );
      expect(outcome, name).toBe('settled');
    }
  });
});

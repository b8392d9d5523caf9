import type { SmsClient } from '../../src/client.ts';
import { textOf } from './inbound.ts';
import { collect } from './send-many.ts';

type Namespace = {
  [Name in keyof SmsClient]: SmsClient[Name] extends (...values: never[]) => unknown ? never : Name;
}[keyof SmsClient];

/** Every method of every resource of a client. */
export type Method = { [Name in Namespace]: `${Name}.${keyof SmsClient[Name] & string}` }[Namespace];

/** The values that a caller hands in. */
export interface CallValues {
  readonly destination: string;
  readonly text: string;
  /** A code that a person typed: 6 digits. */
  readonly code: string;
  readonly subject: string;
  /** The name of a contact or a group. */
  readonly name: string;
}

/** One valid call of every public method; the compiler asks for a new one. */
export const CALLS: Readonly<Record<Method, (sms: SmsClient, values: CallValues) => Promise<unknown>>> = {
  'messages.send': (sms, { destination, text }) => sms.messages.send({ destination, text }),
  'messages.sendBatch': (sms, { destination, text }) =>
    sms.messages.sendBatch({ messages: [{ destination, text }] }),
  'messages.sendMany': (sms, { destination, text }) =>
    collect(sms.messages.sendMany([{ destination, text }])),
  'messages.get': (sms) => sms.messages.get('umid'),
  'messages.reconcile': (sms, { destination }) =>
    sms.messages.reconcile('order-7', { sentAt: new Date(0), destination }),
  'messages.cancel': (sms) => sms.messages.cancel('umid'),
  'messages.cancelBatch': (sms) => sms.messages.cancelBatch('batch'),
  'messages.deletePii': (sms) => sms.messages.deletePii('umid'),
  'messages.feedback': (sms, { destination, subject }) =>
    sms.messages.feedback('umid', { outcome: 'success', destination, subject }),
  'messages.feedbackInBackground': (sms, { destination, subject }) => {
    sms.messages.feedbackInBackground('umid', { outcome: 'success', destination, subject });
    return sms.close();
  },
  'messages.estimate': async (sms, { destination, text }) => sms.messages.estimate({ text, destination }),
  'surveys.send': (sms, { destination, text }) =>
    sms.surveys.send({ surveyId: 'nps', destination, templateBody: text }),
  'surveys.sendBatch': (sms, { destination, text }) =>
    sms.surveys.sendBatch({ surveyId: 'nps', messages: [{ destination, templateBody: text }] }),
  'surveys.sendMany': (sms, { destination, text }) =>
    collect(sms.surveys.sendMany([{ destination, templateBody: text }], { surveyId: 'nps' })),
  'verifications.start': (sms, { destination, subject }) =>
    sms.verifications.start({ destination, brand: 'Team', subject }),
  'verifications.get': (sms, { destination }) => sms.verifications.get('session', { destination }),
  'verifications.check': (sms, { destination, code }) =>
    sms.verifications.check('session', { destination, code }),
  'verifications.smaCoverage': (sms, { destination }) =>
    sms.verifications.smaCoverage({ destination, clientIp: '203.0.113.7' }),
  'oneTimePasswords.issue': (sms, { destination, subject, text }) =>
    sms.oneTimePasswords.issue({ destination, subject, text: ({ code }) => `${text} ${code}` }),
  'oneTimePasswords.check': (sms, { destination, subject, code }) =>
    sms.oneTimePasswords.check({ destination, subject, code }),
  'lookup.get': (sms, { destination }) => sms.lookup.get(destination),
  'exports.start': (sms, { destination }) =>
    sms.exports.start({ from: new Date(0), to: new Date(1), phoneNumber: destination.slice(1) }),
  'exports.get': (sms) => sms.exports.get('job'),
  'exports.cancel': (sms) => sms.exports.cancel('job'),
  'exports.run': (sms, { destination }) =>
    collect(
      sms.exports.run({ from: new Date(0), to: new Date(1), phoneNumber: destination.slice(1) }) as never,
    ),
  'account.prices': (sms) => sms.account.prices(),
  'account.balance': (sms) => sms.account.balance(),
  'webhookSettings.list': (sms) => sms.webhookSettings.list(),
  'webhookSettings.set': (sms) =>
    sms.webhookSettings.set([{ subAccountId: '*', url: 'https://team.example/8x8' }]),
  'webhookSettings.delete': (sms) => sms.webhookSettings.delete([{ subAccountId: '*' }]),
  'contacts.list': (sms, { name }) => collect(sms.contacts.list({ query: name }) as never),
  'contacts.create': (sms, { destination, name }) =>
    sms.contacts.create({ addresses: { msisdn: destination }, firstName: name }),
  'contacts.get': (sms) => sms.contacts.get(1),
  'contacts.update': (sms, { name }) =>
    sms.contacts.update(1, [{ op: 'replace', path: '/firstName', value: name }]),
  'contacts.delete': (sms) => sms.contacts.delete(1),
  'contacts.block': (sms, { destination }) => sms.contacts.block(destination),
  'groups.list': (sms, { name }) => collect(sms.groups.list({ name }) as never),
  'groups.create': (sms, { name }) => sms.groups.create({ name }),
  'groups.get': (sms) => sms.groups.get(1),
  'groups.update': (sms, { name }) => sms.groups.update(1, [{ op: 'replace', path: '/name', value: name }]),
  'groups.delete': (sms) => sms.groups.delete(1),
  'groups.addContacts': (sms) => sms.groups.addContacts(1, [1]),
  'groups.removeContacts': (sms) => sms.groups.removeContacts(1, [1]),
  'contactJobs.createContacts': (sms, { destination }) =>
    sms.contactJobs.createContacts({ file: `msisdn\n${destination}\n` }),
  'contactJobs.deleteContacts': (sms) => sms.contactJobs.deleteContacts({ ids: [1] }),
  'contactJobs.copyContacts': (sms) => sms.contactJobs.copyContacts({ from: 1, to: 2 }),
  'contactJobs.moveContacts': (sms) => sms.contactJobs.moveContacts({ from: 1, to: 2 }),
  'contactJobs.deleteGroups': (sms) => sms.contactJobs.deleteGroups({ ids: [1], deleteContacts: false }),
  'contactJobs.get': (sms) => sms.contactJobs.get('job'),
  'contactJobs.list': (sms) => collect(sms.contactJobs.list() as never),
  'guards.inspect': (sms, { destination }) => sms.guards.inspect(destination),
  'guards.explain': (sms, { destination, text, subject }) =>
    sms.guards.explain({ destination, text, subject }),
  'guards.release': (sms, { destination }) => sms.guards.release(destination),
  'guards.suspensions': (sms) => sms.guards.suspensions(),
  'guards.lift': (sms) => sms.guards.lift({ pool: true }),
  'guards.trust': (sms) => sms.guards.trust({ country: 'SG' }),
  'guards.reportOutcome': (sms, { destination }) =>
    sms.guards.reportOutcome({ destination, outcome: 'success' }),
  'consent.status': (sms, { destination }) => sms.consent.status(destination),
  'consent.history': (sms, { destination }) => sms.consent.history(destination),
  'consent.grant': (sms, { destination, text }) =>
    sms.consent.grant(destination, { source: 'form', evidence: text }),
  'consent.revoke': (sms, { destination }) => sms.consent.revoke(destination, { source: 'form' }),
  'consent.requestOptIn': (sms, { destination, text }) =>
    sms.consent.requestOptIn(destination, { text, source: 'form' }),
  'consent.confirm': (sms, { destination }) => sms.consent.confirm(destination, { source: 'form' }),
  'consent.handleInbound': (sms, { destination, text }) =>
    sms.consent.handleInbound(textOf('STOP', { source: destination, raw: { text } })),
  'consent.forget': (sms, { destination }) => sms.consent.forget(destination),
};

/** The names of all methods of a client, as {@link CALLS} has them. */
export function methodsOf(sms: SmsClient): string[] {
  const methods = Object.entries(sms).flatMap(([name, resource]) =>
    Object.keys(resource as object).map((method) => `${name}.${method}`),
  );
  return methods.sort();
}

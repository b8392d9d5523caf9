// The calls of ci/stack-driver.mjs: every public method, with the ways to each kind of error that it throws.

const PERSON = '+6591234567';
const OTHER = '+6598765432';
const CLIENT_IP = '203.0.113.7';
const message = { destination: PERSON, text: 'hi' };
const STOP = {
  type: 'inbound',
  umid: 'umid',
  subAccountId: 'driver',
  source: PERSON,
  destination: OTHER,
  body: 'STOP',
  timestamp: '2026-11-29T00:00:00Z',
};
const json = (status, body) => async () =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
const status = (code) => ({ fetch: json(code, { code: 1000, message: 'said by the driver' }) });
const fail = async () => {
  throw new Error('said by the driver');
};
const FAILING_STORE = { take: fail, settle: fail, inspect: fail, release: fail };
const FAILING_RECORDS = { ...FAILING_STORE, records: { read: fail, write: fail, remove: fail } };
const FAILING_LEDGER = { get: fail, append: fail, history: fail, forget: fail };
/** Fetches nothing until its signal fires. */
const hang = (input, init) =>
  new Promise((_, reject) => {
    const { signal } = init?.signal ? init : input;
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** How any method that asks 8x8 gets each kind: options of the client, of the call, and what is done before. */
const ASKS = {
  ValidationError: { call: { timeoutMs: 0 } },
  ConfigurationError: { before: (sms) => sms.close() },
  BadRequestError: { client: status(400) },
  AuthenticationError: { client: status(401) },
  PermissionDeniedError: { client: status(403) },
  NotFoundError: { client: status(404) },
  TlsUpgradeRequiredError: { client: status(426) },
  RateLimitError: { client: status(429) },
  ServerError: { client: status(500) },
  ApiError: { client: status(302) },
  ConnectionError: { client: { fetch: fail } },
  TimeoutError: { client: { fetch: hang }, call: { timeoutMs: 5 } },
  AbortedError: { call: { signal: AbortSignal.abort() } },
  QueueFullError: {
    client: { fetch: hang, pace: { requestsPerSecond: 1, maxQueued: 0 } },
    // The first call gets the permit, the second one is refused.
    earlier: (_, work) => [work()],
  },
};
const { QueueFullError } = ASKS;
/** The lane of message details has a queue of 60; a method that computes a digest may miss the second of a single call. */
const crowd = (_, work) => Array.from({ length: 61 }, work);
const BAD_NUMBER = { InvalidPhoneNumberError: { number: '12' } };
const STORE = { StoreError: { client: { limits: FAILING_STORE } } };
const NEVER_THROWS = ['describeDeliveryError'];

/** @param others what the cases need of other entries */
export function createCases(library, { postgresConsentLedger, createWebhookReceiver }) {
  const { SmsClient, exportConsent, importConsent, memoryConsentLedger, memoryLimits, readKeyword } = library;
  const { clientIpFrom, measureText, parsePhoneNumber, presets, template } = library;
  const withLedger = (ledger) => ({
    guards: { consent: { ledger, forgetSecret: 'secret-of-the-driver-to-forget-people' } },
  });
  const optedOut = {
    client: () => withLedger(memoryConsentLedger()),
    before: (sms) => sms.consent.revoke(PERSON, { source: 'driver' }),
  };
  const RECORD_STORE = {
    StoreError: {
      client: {
        limits: FAILING_RECORDS,
        oneTimePasswords: { secret: 'secret-of-the-driver-of-32-characters' },
      },
    },
  };
  const GUARDS = {
    ...BAD_NUMBER,
    ...STORE,
    GuardError: { client: { guards: { countries: { allow: ['ID'] } } } },
    ConsentError: optedOut,
    LimitError: {
      client: { guards: { recipient: { limit: 1, windowMs: 60_000 } } },
      before: (sms) => sms.messages.send(message),
    },
  };
  const SENDS = { ...ASKS, ...GUARDS };
  const rejected = { umid: 'umid', destination: PERSON, status: { code: 'REJECTED', description: 'no' } };
  const REJECTED = { MessageRejectedError: { client: { fetch: json(200, rejected) } } };
  /** Throws for a malformed call only; the rest is in the results. */
  const { ValidationError, ConfigurationError } = ASKS;
  const BATCHES = { ValidationError, ConfigurationError };
  /** Asks the limit store, and never 8x8. */
  const COUNTS = {
    ...BATCHES,
    ...BAD_NUMBER,
    ...STORE,
    AbortedError: ASKS.AbortedError,
    TimeoutError: {
      client: {
        limits: {
          ...FAILING_STORE,
          inspect: () => new Promise(() => {}),
          release: () => new Promise(() => {}),
        },
      },
      call: { deadlineMs: 5 },
    },
  };
  /** Asks the limit store for suspensions. */
  const hangsForEver = () => new Promise(() => {});
  const storeOf = (answer) => ({
    limits: {
      ...FAILING_STORE,
      doubts: { enter: answer, alerts: answer, lift: answer, trust: answer, forget: answer },
    },
  });
  const DESK = {
    ...BATCHES,
    StoreError: { client: storeOf(fail) },
    AbortedError: ASKS.AbortedError,
    TimeoutError: { client: storeOf(hangsForEver), call: { deadlineMs: 5 } },
  };
  const RECORDS = {
    ...BATCHES,
    AbortedError: { ...ASKS.AbortedError, client: () => withLedger(memoryConsentLedger()) },
    StoreError: { client: withLedger(FAILING_LEDGER) },
  };
  const LEDGER = { ...RECORDS, ...BAD_NUMBER };
  const { BadRequestError: _, ...SENDS_MANY } = ASKS;

  async function readAll(rows) {
    for await (const row of rows) if (row === undefined) return;
  }
  const started = (sms) =>
    sms.verifications.start({ destination: PERSON }).then(({ sessionId }) => sessionId);

  /** Each public method: the kinds that it throws, and how it is called. `id` is a number, or what `before` gave. */
  const METHODS = {
    'messages.send': [
      { ...SENDS, ...REJECTED },
      (sms, id, o) => sms.messages.send({ ...message, destination: id }, o),
    ],
    'messages.sendBatch': [BATCHES, (sms, _, o) => sms.messages.sendBatch({ messages: [message] }, o)],
    'messages.sendMany': [
      { ...SENDS_MANY, ...STORE },
      (sms, _, o) => readAll(sms.messages.sendMany([message, message, message], { chunkSize: 1, ...o })),
    ],
    'messages.get': [
      { ...ASKS, QueueFullError: { ...QueueFullError, earlier: crowd } },
      (sms, _, o) => sms.messages.get('umid', o),
    ],
    'messages.cancel': [ASKS, (sms, _, o) => sms.messages.cancel('umid', o)],
    'messages.cancelBatch': [ASKS, (sms, _, o) => sms.messages.cancelBatch('batch', o)],
    'messages.deletePii': [ASKS, (sms, _, o) => sms.messages.deletePii('umid', o)],
    'messages.feedback': [
      { ...ASKS, ...BAD_NUMBER, ...STORE },
      (sms, id, o) => sms.messages.feedback('umid', { outcome: 'success', destination: id }, o),
    ],
    // Its failures are events.
    'messages.feedbackInBackground': [{}, () => undefined],
    'messages.reconcile': [
      { ...ASKS, ...BAD_NUMBER },
      (sms, id, o) => sms.messages.reconcile('message-1', { sentAt: new Date(), destination: id }, o),
    ],
    'messages.estimate': [
      { ValidationError: { number: 'text' }, InvalidPhoneNumberError: { number: '12' } },
      (sms, id) => sms.messages.estimate({ ...(id === 'text' ? {} : { text: 'hi' }), destination: id }),
    ],
    'surveys.send': [
      { ...SENDS, ...REJECTED },
      (sms, id, o) =>
        sms.surveys.send({ surveyId: 'nps', destination: id, templateBody: 'How was it? {{url}}' }, o),
    ],
    'surveys.sendBatch': [
      BATCHES,
      (sms, id, o) =>
        sms.surveys.sendBatch(
          { surveyId: 'nps', messages: [{ destination: id, templateBody: '{{url}}' }] },
          o,
        ),
    ],
    'surveys.sendMany': [
      { ...SENDS_MANY, ...STORE },
      (sms, _, o) => {
        const row = { destination: PERSON, templateBody: '{{url}}' };
        return readAll(sms.surveys.sendMany([row, row, row], { surveyId: 'nps', chunkSize: 1, ...o }));
      },
    ],
    'verifications.start': [
      {
        ...SENDS,
        QueueFullError: {
          ...QueueFullError,
          client: { ...QueueFullError.client, guards: { backoff: false } },
        },
      },
      (sms, id, o) => sms.verifications.start({ destination: id }, o),
    ],
    'verifications.get': [
      {
        ...ASKS,
        ...STORE,
        ...BAD_NUMBER,
        QueueFullError: { ...QueueFullError, earlier: crowd },
        GuardError: { before: started, number: OTHER },
      },
      (sms, id, o, sessionId = 'session') => sms.verifications.get(sessionId, { destination: id }, o),
    ],
    'verifications.check': [
      {
        ...ASKS,
        ...BAD_NUMBER,
        ...STORE,
        // A session is checked once at a time.
        QueueFullError: {
          ...QueueFullError,
          earlier: (sms) => crowd(sms, () => sms.verifications.smaCoverage({ clientIp: CLIENT_IP })),
        },
        GuardError: { before: started, number: OTHER },
        LimitError: {
          client: { guards: { verificationAttempts: { perNumber: { limit: 1, windowMs: 60_000 } } } },
          async before(sms) {
            const sessionId = await started(sms);
            await sms.verifications.check(sessionId, { destination: PERSON, code: 'wrong' });
            return sessionId;
          },
        },
      },
      (sms, id, o, sessionId = 'session') =>
        sms.verifications.check(sessionId, { destination: id, code: '4711' }, o),
    ],
    'verifications.smaCoverage': [
      { ...ASKS, ...BAD_NUMBER },
      (sms, id, o) => sms.verifications.smaCoverage({ clientIp: CLIENT_IP, destination: id }, o),
    ],
    'oneTimePasswords.issue': [
      {
        ...SENDS,
        ...REJECTED,
        ...RECORD_STORE,
        QueueFullError: {
          ...QueueFullError,
          client: { ...QueueFullError.client, guards: { backoff: false } },
        },
      },
      (sms, id, o) =>
        sms.oneTimePasswords.issue({ destination: id, subject: 'visitor', text: ({ code }) => code }, o),
    ],
    'oneTimePasswords.check': [
      {
        ...BATCHES,
        ...BAD_NUMBER,
        AbortedError: ASKS.AbortedError,
        ...RECORD_STORE,
      },
      (sms, id, o) => sms.oneTimePasswords.check({ destination: id, subject: 'visitor', code: '471100' }, o),
    ],
    request: [ASKS, (sms, _, o) => sms.request({ path: '/api/v1/subaccounts/{subAccountId}/things' }, o)],
    'lookup.get': [{ ...ASKS, ...BAD_NUMBER }, (sms, id, o) => sms.lookup.get(id, {}, o)],
    'exports.start': [ASKS, (sms, _, o) => sms.exports.start({}, o)],
    'exports.get': [ASKS, (sms, _, o) => sms.exports.get('job', o)],
    'exports.cancel': [ASKS, (sms, _, o) => sms.exports.cancel('job', o)],
    'exports.run': [ASKS, (sms, _, o) => readAll(sms.exports.run({}, o))],
    'account.prices': [ASKS, (sms, _, o) => sms.account.prices({}, o)],
    'account.balance': [ASKS, (sms, _, o) => sms.account.balance(o)],
    'webhookSettings.list': [ASKS, (sms, _, o) => sms.webhookSettings.list(o)],
    'webhookSettings.set': [
      ASKS,
      (sms, _, o) => sms.webhookSettings.set([{ subAccountId: '*', url: 'https://team.example' }], o),
    ],
    'webhookSettings.delete': [ASKS, (sms, _, o) => sms.webhookSettings.delete([{ subAccountId: '*' }], o)],
    'contacts.list': [ASKS, (sms, _, o) => readAll(sms.contacts.list({}, o))],
    'contacts.create': [ASKS, (sms, _, o) => sms.contacts.create({ addresses: { msisdn: PERSON } }, o)],
    'contacts.get': [ASKS, (sms, _, o) => sms.contacts.get(1, o)],
    'contacts.update': [ASKS, (sms, _, o) => sms.contacts.update(1, [{ op: 'remove', path: '/country' }], o)],
    'contacts.delete': [ASKS, (sms, _, o) => sms.contacts.delete(1, o)],
    'contacts.block': [{ ...ASKS, ...BAD_NUMBER }, (sms, id, o) => sms.contacts.block(id, {}, o)],
    'groups.list': [ASKS, (sms, _, o) => readAll(sms.groups.list({}, o))],
    'groups.create': [ASKS, (sms, _, o) => sms.groups.create({ name: 'group' }, o)],
    'groups.get': [ASKS, (sms, _, o) => sms.groups.get(1, o)],
    'groups.update': [ASKS, (sms, _, o) => sms.groups.update(1, [{ op: 'remove', path: '/description' }], o)],
    'groups.delete': [ASKS, (sms, _, o) => sms.groups.delete(1, o)],
    'groups.addContacts': [ASKS, (sms, _, o) => sms.groups.addContacts(1, [1], o)],
    'groups.removeContacts': [ASKS, (sms, _, o) => sms.groups.removeContacts(1, [1], o)],
    'contactJobs.createContacts': [
      ASKS,
      (sms, _, o) => sms.contactJobs.createContacts({ file: 'msisdn\n1' }, o),
    ],
    'contactJobs.deleteContacts': [ASKS, (sms, _, o) => sms.contactJobs.deleteContacts({ ids: [1] }, o)],
    'contactJobs.copyContacts': [ASKS, (sms, _, o) => sms.contactJobs.copyContacts({ from: 1, to: 2 }, o)],
    'contactJobs.moveContacts': [ASKS, (sms, _, o) => sms.contactJobs.moveContacts({ from: 1, to: 2 }, o)],
    'contactJobs.deleteGroups': [
      ASKS,
      (sms, _, o) => sms.contactJobs.deleteGroups({ ids: [1], deleteContacts: false }, o),
    ],
    'contactJobs.get': [ASKS, (sms, _, o) => sms.contactJobs.get('job', o)],
    'contactJobs.list': [ASKS, (sms, _, o) => readAll(sms.contactJobs.list({}, o))],
    'guards.inspect': [COUNTS, (sms, id, o) => sms.guards.inspect(id, {}, o)],
    'guards.explain': [
      { ...BATCHES, AbortedError: ASKS.AbortedError },
      (sms, id, o) => sms.guards.explain({ destination: id, text: 'hi' }, o),
    ],
    'guards.release': [COUNTS, (sms, id, o) => sms.guards.release(id, {}, o)],
    'guards.suspensions': [DESK, (sms, _, o) => sms.guards.suspensions(o)],
    'guards.lift': [DESK, (sms, _, o) => sms.guards.lift({ country: 'ID' }, o)],
    'guards.trust': [DESK, (sms, _, o) => sms.guards.trust({ country: 'ID', days: 1 }, o)],
    'guards.reportOutcome': [
      { ...DESK, ...BAD_NUMBER },
      (sms, id, o) => sms.guards.reportOutcome({ destination: id, outcome: 'other-way' }, o),
    ],
    'consent.status': [LEDGER, (sms, id, o) => sms.consent.status(id, {}, o)],
    'consent.history': [LEDGER, (sms, id, o) => sms.consent.history(id, {}, o)],
    'consent.grant': [LEDGER, (sms, id, o) => sms.consent.grant(id, { source: 'driver' }, o)],
    'consent.revoke': [LEDGER, (sms, id, o) => sms.consent.revoke(id, { source: 'driver' }, o)],
    'consent.requestOptIn': [LEDGER, (sms, id, o) => sms.consent.requestOptIn(id, { text: 'Yes?' }, o)],
    'consent.confirm': [LEDGER, (sms, id, o) => sms.consent.confirm(id, {}, o)],
    'consent.forget': [LEDGER, (sms, id, o) => sms.consent.forget(id, {}, o)],
    'consent.handleInbound': [RECORDS, (sms, _, o) => sms.consent.handleInbound(STOP, o)],
    withOptions: [
      {
        ConfigurationError: {},
        RestrictionError: { before: (sms) => sms.restrict({ operations: ['messages.send'] }) },
      },
      (sms, _, __, restricted) =>
        (restricted ?? sms).withOptions(restricted ? { apiKey: 'another' } : { unknownOption: true }),
    ],
    restrict: [{ ConfigurationError: {} }, (sms) => sms.restrict({ unknownRestriction: true })],
    close: [{ ValidationError: {} }, (sms) => sms.close({ drainMs: -1 })],
    constructor: [{ ConfigurationError: {} }, () => new SmsClient({ unknownOption: true })],
  };
  const STORE_ONLY = { StoreError: {} };
  const postgres = postgresConsentLedger({ pool: { query: fail } });
  /** Exported functions, and what other entries throw of the classes here. */
  const FUNCTIONS = {
    importConsent: [
      { ValidationError: { number: 'xml' }, StoreError: { number: 'csv' } },
      (_, format) =>
        importConsent(
          { append: fail },
          `destination,state,source,at\n${PERSON},opted-out,driver,2026-11-01T00:00:00Z`,
          { format },
        ),
    ],
    exportConsent: [
      { ValidationError: {} },
      () => readAll(exportConsent({ entries: fail }, { format: 'xml' })),
    ],
    memoryConsentLedger: [{ ConfigurationError: {} }, () => memoryConsentLedger({ maxEntries: 0 })],
    memoryLimits: [{ ConfigurationError: {} }, () => memoryLimits({ maxEntries: 0 })],
    'postgresConsentLedger().append': [
      STORE_ONLY,
      () => postgres.append([{ key: PERSON, state: 'opted-in', scope: 'all', source: 'driver', at: 1 }]),
    ],
    'postgresConsentLedger().get': [STORE_ONLY, () => postgres.get([PERSON], {})],
    'postgresConsentLedger().history': [STORE_ONLY, () => postgres.history(PERSON, {})],
    'postgresConsentLedger().migrate': [STORE_ONLY, () => postgres.migrate()],
    clientIpFrom: [{ ValidationError: {} }, () => clientIpFrom({ headers: {} }, { unknownOption: true })],
    presets: [{ ConfigurationError: {} }, () => presets.otp({ countries: ['SG'] })],
    measureText: [{ ValidationError: {} }, () => measureText(4711)],
    template: [{ ConfigurationError: {} }, () => template('a text without a variable')],
    parsePhoneNumber: [{ ValidationError: {} }, () => parsePhoneNumber(PERSON, { unknownOption: true })],
    readKeyword: [{ ConfigurationError: {} }, () => readKeyword('yes', { extra: { nonsense: ['yes'] } })],
    'createWebhookReceiver().receive': [
      { WebhookError: {} },
      (client) =>
        createWebhookReceiver({
          client,
          authentication: { authorization: 'Bearer secret-of-the-driver' },
          handlers: {},
        }).receive(new Request('https://team.example', { method: 'POST', body: '{}' })),
    ],
  };

  return { METHODS, FUNCTIONS, NEVER_THROWS, PERSON };
}

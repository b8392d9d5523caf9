import type * as Library from '8x8-sms-guard';
import type * as Audit from '8x8-sms-guard/audit';
import type * as Postgres from '8x8-sms-guard/postgres';
import type * as Redis from '8x8-sms-guard/redis';
import type * as Testing from '8x8-sms-guard/testing';
import type * as Webhooks from '8x8-sms-guard/webhooks';

function check(condition: boolean, label: string): void {
  if (!condition) throw new Error(`not true: ${label}`);
}

/**
 * The first steps of a consumer: one message is sent, and the eighth to one number in half an hour is not. The last three
 * are kept for one-time passwords.
 */
export async function exercise(
  library: typeof Library,
  testing: typeof Testing,
  subAccountId: string,
): Promise<void> {
  const emulator = testing.createEmulator();
  const sms = new library.SmsClient({ apiKey: 'consumer-key', subAccountId, fetch: emulator.fetch });
  const message: Parameters<typeof sms.messages.send>[0] = { destination: '+6591234567', text: 'hi' };

  const sent = await sms.messages.send(message);
  const umids = new Set<string>([sent.umid]);
  check(sent.umid.length > 0, 'the message has a umid');
  for (let count = 2; count <= 7; count += 1) umids.add((await sms.messages.send(message)).umid);
  check(umids.size === 7, 'seven messages went out');

  let refusal: unknown;
  try {
    await sms.messages.send(message);
  } catch (error) {
    refusal = error;
  }
  check(refusal instanceof library.LimitError, 'instanceof LimitError');
  check(refusal instanceof library.SmsError, 'instanceof SmsError');
  check(!(refusal instanceof library.ConsentError), 'not instanceof ConsentError');
  if (!library.LimitError.isInstance(refusal)) throw new Error('not true: LimitError.isInstance');
  const code: 'limit' = refusal.code;
  check(code === 'limit', "code is 'limit'");
  check(refusal.submission === 'not-submitted', 'nothing was sent');
  check((refusal.retryAfterMs ?? 0) > 0, 'it says when to come back');
  await sms.close();
  await signIn(testing);
}

/** A code that the package draws, encrypts and checks, with the cryptography of the runtime. */
async function signIn(testing: typeof Testing): Promise<void> {
  const { sms, outbox, close } = testing.createTestClient();
  const visitor = { destination: '+6591234567', subject: 'visitor-7' };
  await sms.oneTimePasswords.issue({ ...visitor, text: ({ code }) => `Your code is ${code}` });
  const code = outbox.codeTo(visitor.destination);
  const first = await sms.oneTimePasswords.check({ ...visitor, code });
  const second = await sms.oneTimePasswords.check({ ...visitor, code });
  check(first.verified, 'the code is right');
  check(!second.verified && second.reason === 'used', 'the code is good once');
  await close();
}

/** A person replies STOP, and the next marketing message is refused. */
export async function hearBack(
  library: typeof Library,
  testing: typeof Testing,
  webhooks: typeof Webhooks,
): Promise<void> {
  const person = '+6591234567';
  const test = testing.createTestClient();
  const heard: string[] = [];
  const receiver = webhooks.createWebhookReceiver({
    client: test.sms,
    authentication: { authorization: 'Bearer consumer-webhook-secret' },
    handlers: { onInbound: ({ body }) => void heard.push(body) },
  });
  test.emulator.connect(receiver.handle, { authorization: 'Bearer consumer-webhook-secret' });
  const advert = { destination: person, text: 'Sale!', purpose: 'marketing' } as const;

  await test.sms.consent.grant(person, { source: 'web-form' });
  await test.sms.messages.send(advert);
  check(test.outbox.lastTo(person)?.text === 'Sale!', 'the outbox has the message');
  const { status } = await test.emulator.reply(person, 'Stop. Thank you');
  check(status === 200 && heard.length === 1, 'the receiver took the answer');
  const refusal = await test.sms.messages.send(advert).catch((error: unknown) => error);
  check(library.ConsentError.isInstance(refusal) && refusal.reason === 'opted-out', 'opted out');

  const refused = await receiver.handle(new Request('https://example.com', { method: 'POST', body: '{}' }));
  check(refused.status === 401, 'a stranger is refused');
  await test.close();
}

/** A message leaves one record of its admission and one of its end, and an edit of them is found. */
export async function keepRecords(
  library: typeof Library,
  testing: typeof Testing,
  audit: typeof Audit,
): Promise<void> {
  const secret = 'thirty-two characters or more of it';
  const { privateKey, publicKey } = await crypto.subtle
    .generateKey('Ed25519', true, ['sign', 'verify'])
    .then(async (pair) => {
      if (!('privateKey' in pair)) throw new Error('not true: a key pair');
      const [mine, theirs] = await Promise.all([
        crypto.subtle.exportKey('jwk', pair.privateKey),
        crypto.subtle.exportKey('jwk', pair.publicKey),
      ]);
      return { privateKey: { ...mine }, publicKey: { ...theirs } };
    });
  const written: string[] = [];
  const log = audit.auditLog({
    secret,
    salts: audit.memorySalts(),
    writer: (lines) => void written.push(lines),
    signer: audit.ed25519Signer({ keyId: 'consumer', privateKey }),
  });
  const sms = new library.SmsClient({
    apiKey: 'consumer-key',
    subAccountId: 'audited',
    fetch: testing.createEmulator().fetch,
    audit: log,
  });
  await sms.messages.send({ destination: '+6591234568', text: 'hi' });
  await log.close();
  const text = written.join('');
  check(!text.includes('91234568'), 'no number is in the log');
  const verify = (chunk: string) =>
    audit.verifyAudit({
      sources: [{ name: 'log', chunks: [chunk] }],
      secrets: { 1: secret },
      publicKeys: { consumer: publicKey },
    });
  const { ok, records } = await verify(text);
  check(ok && records === 4, 'start, admitted, sent, end');
  check((await verify(text.replace('message-sent', 'message-lost'))).first?.seq === 3, 'an edit is found');
  await sms.close();
}

/** A ledger on any pool with `query(text, values)`. */
export async function keepConsent(postgres: typeof Postgres): Promise<void> {
  const asked: string[] = [];
  const pool: Postgres.SqlPool = {
    async query(text) {
      asked.push(text);
      return { rows: [] };
    },
  };
  const ledger = postgres.postgresConsentLedger({ pool, schema: 'messaging' });
  await ledger.migrate();
  check(
    asked[0] === postgres.consentLedgerSql({ schema: 'messaging' }),
    'migrate runs the SQL that is shown',
  );
  check((await ledger.history('+6591234567')).length === 0, 'nobody is on record');
}

/** Limits on a server that does not answer: this process uses its share of ten, and reports it. */
export async function countAlone(
  library: typeof Library,
  testing: typeof Testing,
  redis: typeof Redis,
): Promise<void> {
  const noServer = () => Promise.reject(new Error('no server'));
  const heard: string[] = [];
  const limits = redis.redisLimits({
    client: { evalsha: noServer, eval: noServer, call: noServer } satisfies Redis.RedisCommands,
    secret: 'thirty-two characters or more of it',
    onStoreError: { local: { processes: 2 } },
    onEvent: ({ type }) => void heard.push(type),
  });
  const sms = new library.SmsClient({
    apiKey: 'consumer-key',
    subAccountId: 'alone',
    fetch: testing.createEmulator().fetch,
    limits,
    guards: { recipient: { limit: 10, windowMs: 1_800_000 } },
  });
  const message = { destination: '+6591234567', text: 'hi' };
  for (let count = 1; count <= 5; count += 1) await sms.messages.send(message);
  const refusal = await sms.messages.send(message).catch((error: unknown) => error);
  check(library.LimitError.isInstance(refusal), 'the sixth is over the share of one in two');
  check(heard.includes('limits-switched'), 'the switch was told');
  await sms.close();
  await limits.close();
}

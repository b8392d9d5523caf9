import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { ConfigurationError, LimitError, StoreError, ValidationError } from '../../src/errors.ts';
import { SmsClient, type SmsClientOptions } from '../../src/index.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import type { RecordStore } from '../../src/limits/record-store.ts';
import { createTestClient } from '../../src/testing/create-test-client.ts';
import { API_KEY, numberOf, SUB_ACCOUNT_ID, type TestClient, testClient } from '../support/client.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { failureOf } from '../support/transport.ts';

const destination = numberOf(1);
const subject = 'visitor-7';
const request = {
  destination,
  subject,
  text: ({ code }: { readonly code: string }) => `Your code is ${code}`,
};
const MINUTE_MS = 60_000;
const SECRET = 'a secret of thirty-two characters';

function lastCode({ emulator }: TestClient): string {
  return /\d{4,8}$/.exec(emulator.messages.at(-1)?.text ?? '')?.[0] ?? '';
}

function otherThan(code: string): string {
  return String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
}

/** Wrong codes at will, from one number. */
const UNLIMITED: SmsClientOptions = { guards: { verificationAttempts: false, recipient: false } };

/** A store of one process that does not look like one: to the client it is shared. */
function sharedStore(limits: LimitStore = memoryLimits()): LimitStore & { readonly records: RecordStore } {
  return {
    take: (...args) => limits.take(...args),
    settle: (...args) => limits.settle(...args),
    inspect: (...args) => limits.inspect(...args),
    release: (...args) => limits.release(...args),
    records: limits.records as RecordStore,
  };
}

/** The records of a store, and a fault before and after each write. */
function watchedRecords(limits: LimitStore = memoryLimits()) {
  const records = limits.records as RecordStore;
  const values: string[] = [];
  const keys: string[] = [];
  const faults: { before?: () => Promise<void>; after?: () => Promise<void> } = {};
  const store: LimitStore = {
    ...sharedStore(limits),
    records: {
      read: (...args) => records.read(...args),
      remove: (...args) => records.remove(...args),
      async write(scope, key, value, write) {
        await faults.before?.();
        keys.push(key);
        values.push(value);
        const verdict = await records.write(scope, key, value, write);
        await faults.after?.();
        return verdict;
      },
    },
  };
  return { store, values, keys, faults };
}

describe('a one-time password', () => {
  it('is sent with purpose otp, verified once, and clears the wait of the number', async () => {
    const client = testClient();
    const { sms, emulator, clock } = client;
    const issued = await sms.oneTimePasswords.issue({ ...request, clientIp: '203.0.113.7' });
    expect(issued).toMatchObject({
      destination,
      expiresAt: clock.now() + 10 * MINUTE_MS,
      isResend: false,
      umid: emulator.messages[0]?.umid,
    });
    expect(JSON.stringify(issued)).not.toContain(lastCode(client));
    await expect(sms.oneTimePasswords.issue(request)).rejects.toMatchObject({ guard: 'backoff' });
    const code = lastCode(client);
    expect(code).toMatch(/^\d{6}$/);
    const entered = ` ${code.slice(0, 3)} – ${code.slice(3)} `;
    expect(await sms.oneTimePasswords.check({ destination, subject, code: entered })).toEqual({
      verified: true,
      destination,
    });
    expect(client.of('backoff-cleared')).toHaveLength(1);
    expect(client.of('verification-checked')).toMatchObject([{ status: 'VERIFIED' }]);
    expect(await sms.oneTimePasswords.check({ destination, subject, code })).toEqual({
      verified: false,
      destination,
      reason: 'used',
      triesLeft: 0,
    });
    // The next one is another code.
    expect(await sms.oneTimePasswords.issue(request)).toMatchObject({ isResend: false });
    expect(lastCode(client)).not.toBe(code);
  });

  it('is what outbox.codeTo of the test kit returns', async () => {
    await using test = createTestClient();
    const text = ({ code }: { readonly code: string }) => `${code} is your code, @team.example #${code}`;
    await test.sms.oneTimePasswords.issue({ destination, subject, text });
    const code = test.outbox.codeTo(destination);
    expect(await test.sms.oneTimePasswords.check({ destination, subject, code })).toMatchObject({
      verified: true,
    });
  });

  it('is bound to its number and subject', async () => {
    const client = testClient();
    const { sms } = client;
    await sms.oneTimePasswords.issue(request);
    const code = lastCode(client);
    for (const other of [
      { destination: numberOf(2), subject },
      { destination, subject: 'visitor-8' },
    ]) {
      expect(await sms.oneTimePasswords.check({ ...other, code })).toMatchObject({ reason: 'no-code' });
    }
    expect(await sms.oneTimePasswords.check({ destination, subject, code })).toMatchObject({
      verified: true,
    });
  });

  it('is the same in a resend, which moves neither its end nor its tries', async () => {
    const client = testClient();
    const { sms, clock } = client;
    const { expiresAt } = await sms.oneTimePasswords.issue(request);
    const code = lastCode(client);
    const wrong = { destination, subject, code: otherThan(code) };
    expect(await sms.oneTimePasswords.check(wrong)).toMatchObject({ reason: 'wrong-code', triesLeft: 4 });
    clock.advance(5 * MINUTE_MS);
    expect(await sms.oneTimePasswords.issue(request)).toMatchObject({ isResend: true, expiresAt });
    expect(lastCode(client)).toBe(code);
    expect(await sms.oneTimePasswords.check(wrong)).toMatchObject({ triesLeft: 3 });
    clock.advance(5 * MINUTE_MS - 1);
    expect(await sms.oneTimePasswords.check(wrong)).toMatchObject({ triesLeft: 2 });
    clock.advance(1);
    expect(await sms.oneTimePasswords.check({ ...wrong, code })).toMatchObject({ reason: 'no-code' });
  });

  it('ends with the fifth try, and the next issue sends another code', async () => {
    const client = testClient();
    const { sms, clock } = client;
    await sms.oneTimePasswords.issue(request);
    const code = lastCode(client);
    for (const triesLeft of [4, 3, 2, 1, 0]) {
      const checked = await sms.oneTimePasswords.check({ destination, subject, code: otherThan(code) });
      expect(checked).toMatchObject({ reason: 'wrong-code', triesLeft });
    }
    expect(await sms.oneTimePasswords.check({ destination, subject, code })).toMatchObject({
      reason: 'too-many-tries',
    });
    const statuses = client.of('verification-checked').map(({ status }) => status);
    expect(statuses).toEqual(['WAITING', 'WAITING', 'WAITING', 'WAITING', 'FAILED', 'FAILED']);
    clock.advance(MINUTE_MS);
    expect(await sms.oneTimePasswords.issue(request)).toMatchObject({ isResend: false });
    expect(await sms.oneTimePasswords.check({ destination, subject, code: lastCode(client) })).toMatchObject({
      verified: true,
    });
  });

  it('can be used when the answer of 8x8 was lost', async () => {
    const client = testClient();
    client.emulator.failNext('lost-response');
    const error = await failureOf(client.sms.oneTimePasswords.issue(request));
    expect(error).toMatchObject({ submission: 'unknown' });
    const code = lastCode(client);
    expect(await client.sms.oneTimePasswords.check({ destination, subject, code })).toMatchObject({
      verified: true,
    });
  });

  it('leaves no code behind when a guard refuses, or 8x8 does', async () => {
    const { store, values, keys } = watchedRecords();
    const oneTimePasswords = { secret: SECRET };
    const client = testClient({ limits: store, oneTimePasswords, guards: { countries: { allow: ['ID'] } } });
    await expect(client.sms.oneTimePasswords.issue(request)).rejects.toMatchObject({ guard: 'countries' });
    expect(values).toEqual([]);
    const second = testClient(
      { limits: store, oneTimePasswords, apiKey: 'unknown-key-0000' },
      { apiKey: ['x'] },
    );
    await expect(second.sms.oneTimePasswords.issue(request)).rejects.toMatchObject({
      submission: 'rejected',
    });
    const codeKey = keys.find((key) => key.startsWith('one-time-password:')) ?? '';
    expect(await store.records?.read(SUB_ACCOUNT_ID, codeKey)).toBeUndefined();
  });

  it('is refused when the text does not contain it, and what text throws reaches the caller', async () => {
    const { sms, emulator } = testClient();
    // The last two are asynchronous by mistake. Vitest fails for a rejection that nobody handles.
    const wrong: readonly [() => unknown, string][] = [
      [() => 'no code', 'one without it'],
      [() => 5, 'a number'],
      [() => Promise.resolve('4711'), 'a promise'],
      [() => Promise.reject(new Error('no translation')), 'a promise'],
    ];
    for (const [text, what] of wrong) {
      const error = await failureOf(sms.oneTimePasswords.issue({ ...request, text: text as () => string }));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({ path: 'request.text', message: expect.stringContaining(`not ${what}.`) });
    }
    const own = new Error('translation is missing');
    const throwing = () => {
      throw own;
    };
    await expect(sms.oneTimePasswords.issue({ ...request, text: throwing })).rejects.toBe(own);
    expect(emulator.messages).toEqual([]);
  });

  it.each([
    [{ subject: undefined }, 'request.subject'],
    [{ subject: '' }, 'request.subject'],
    [{ text: 'Your code is 1' }, 'request.text'],
    [{ code: '123456' }, 'request.code'],
    [{ clientIp: 'nowhere' }, 'request.clientIp'],
  ])('is refused for a malformed request: %j', async (fields, path) => {
    const error = await failureOf(
      testClient().sms.oneTimePasswords.issue({ ...request, ...fields } as never),
    );
    expect(error).toMatchObject({ code: 'validation', path });
  });

  it('is refused for a malformed check', async () => {
    const { sms } = testClient();
    for (const code of ['', '   ', '1'.repeat(65)]) {
      const error = await failureOf(sms.oneTimePasswords.check({ destination, subject, code }));
      expect(error).toMatchObject({ code: 'validation', path: 'check.code' });
    }
  });

  it('has the length and the life of the options', async () => {
    const client = testClient({ oneTimePasswords: { codeLength: 8, validityMs: MINUTE_MS } });
    const { sms, clock } = client;
    expect(await sms.oneTimePasswords.issue(request)).toMatchObject({ expiresAt: clock.now() + MINUTE_MS });
    const code = lastCode(client);
    expect(code).toMatch(/^\d{8}$/);
    clock.advance(MINUTE_MS);
    expect(await sms.oneTimePasswords.check({ destination, subject, code })).toMatchObject({
      reason: 'no-code',
    });
  });

  it('is counted by the guard of attempts, but not without an open code', async () => {
    const attempts = { perNumber: { limit: 2, windowMs: 3_600_000 } };
    const client = testClient({ guards: { verificationAttempts: attempts } });
    const { sms } = client;
    await sms.oneTimePasswords.issue(request);
    const code = lastCode(client);
    for (let stranger = 0; stranger < 30; stranger += 1) {
      const guess = { destination, subject: `stranger-${stranger}`, code };
      expect(await sms.oneTimePasswords.check(guess)).toMatchObject({ reason: 'no-code' });
    }
    const wrong = { destination, subject, code: otherThan(code) };
    for (let tries = 1; tries <= 4; tries += 1) {
      expect(await sms.oneTimePasswords.check(wrong)).toMatchObject({ triesLeft: 5 - tries });
    }
    expect(await sms.oneTimePasswords.check({ ...wrong, code })).toMatchObject({ verified: true });
  });

  it('with fewer than six digits counts for the number: strangers could guess it in a day', async () => {
    const attempts = { perNumber: { limit: 2, windowMs: 3_600_000 } };
    const client = testClient({
      guards: { verificationAttempts: attempts },
      oneTimePasswords: { codeLength: 5 },
    });
    const { sms } = client;
    await sms.oneTimePasswords.issue(request);
    const wrong = { destination, subject, code: otherThan(lastCode(client)) };
    await sms.oneTimePasswords.check(wrong);
    await sms.oneTimePasswords.check(wrong);
    await expect(sms.oneTimePasswords.check(wrong)).rejects.toBeInstanceOf(LimitError);
  });

  it('is counted by the guard of attempts for its session and its subject', async () => {
    const attempts = { perSubject: { limit: 2, windowMs: 3_600_000 } };
    const client = testClient({ guards: { verificationAttempts: attempts } });
    const { sms } = client;
    await sms.oneTimePasswords.issue(request);
    const wrong = { destination, subject, code: otherThan(lastCode(client)) };
    await sms.oneTimePasswords.check(wrong);
    await sms.oneTimePasswords.check(wrong);
    await expect(sms.oneTimePasswords.check(wrong)).rejects.toBeInstanceOf(LimitError);
  });
});

describe('the report of success', () => {
  it('goes to 8x8 for the last message, after the check has returned', async () => {
    const client = testClient();
    const { sms, emulator, clock } = client;
    await sms.oneTimePasswords.issue(request);
    clock.advance(MINUTE_MS);
    await sms.oneTimePasswords.issue(request);
    await sms.oneTimePasswords.check({ destination, subject, code: lastCode(client) });
    await sms.close();
    const [first, second] = emulator.messages;
    const reports = emulator.requests.filter(({ path }) => path.endsWith('/feedback'));
    expect(reports.map(({ path }) => path)).toEqual([expect.stringContaining(second?.umid ?? 'none')]);
    expect(second?.umid).not.toBe(first?.umid);
  });

  it('fails no login, and holds none up', async () => {
    let calls = 0;
    const client = testClient();
    const never = new Promise<never>(() => {});
    const sms = client.sms.withOptions({
      fetch: (input, init) => {
        calls += 1;
        return new URL(String((input as Request).url ?? input)).pathname.endsWith('/feedback')
          ? never
          : client.emulator.fetch(input, init);
      },
    });
    await sms.oneTimePasswords.issue(request);
    const code = lastCode(client);
    expect(await sms.oneTimePasswords.check({ destination, subject, code })).toMatchObject({
      verified: true,
    });
    expect(calls).toBeGreaterThanOrEqual(1);
    await sms.close({ drainMs: 0 });
  });
});

describe('races', () => {
  it('a storm of right and wrong codes verifies once at most, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 60 }),
        async (isRight, delays) => {
          let step = 0;
          const { store, faults } = watchedRecords();
          const yieldOften = async () => {
            step += 1;
            // Turns of the event loop: a digest is worked out in another thread, so checks begin in different turns.
            for (let turn = 0; turn < (delays[step % delays.length] ?? 0); turn += 1) {
              await new Promise((resolve) => setImmediate(resolve));
            }
          };
          Object.assign(faults, { before: yieldOften, after: yieldOften });
          const client = testClient({ ...UNLIMITED, limits: store, oneTimePasswords: { secret: SECRET } });
          await client.sms.oneTimePasswords.issue(request);
          const code = lastCode(client);
          const checks = await Promise.all(
            isRight.map((right) =>
              client.sms.oneTimePasswords.check({
                destination,
                subject,
                code: right ? code : otherThan(code),
              }),
            ),
          );
          const verified = checks.filter((check) => check.verified);
          const wrong = checks.filter((check) => !check.verified && check.reason === 'wrong-code');
          expect(verified.length).toBeLessThanOrEqual(1);
          expect(verified.length + wrong.length).toBeLessThanOrEqual(5);
          // Whoever is among the first five is not shut out by what came with him.
          if (isRight.filter((right) => !right).length < 5 && isRight.includes(true)) {
            expect(verified).toHaveLength(1);
          }
          expect(checks.some((check, index) => check.verified && !isRight[index])).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('two messages of one session hold one code', async () => {
    const client = testClient({ guards: { backoff: false, recipient: false } });
    const { sms, emulator } = client;
    const issued = await Promise.all(Array.from({ length: 8 }, () => sms.oneTimePasswords.issue(request)));
    expect(issued).toHaveLength(8);
    expect(new Set(emulator.messages.map(({ text }) => text)).size).toBe(1);
    expect(await sms.oneTimePasswords.check({ destination, subject, code: lastCode(client) })).toMatchObject({
      verified: true,
    });
  });
});

describe('the limit store', () => {
  it('holds neither code nor number nor subject in clear', async () => {
    const { store, values, keys } = watchedRecords();
    const client = testClient({ limits: store, oneTimePasswords: { secret: SECRET } });
    await client.sms.oneTimePasswords.issue(request);
    const code = lastCode(client);
    await client.sms.oneTimePasswords.check({ destination, subject, code: otherThan(code) });
    const written = [...values, ...keys].join('\n');
    expect(values.length).toBeGreaterThan(2);
    expect(written).not.toContain(code);
    expect(written).not.toContain(destination.slice(1));
    expect(written).not.toContain(subject);
  });

  it('forgets every code of a person with consent.forget', async () => {
    const { store, keys } = watchedRecords();
    const client = testClient({
      limits: store,
      oneTimePasswords: { secret: SECRET },
      guards: { backoff: false, consent: { ledger: memoryConsentLedger(), forgetSecret: 'f'.repeat(32) } },
    });
    const { sms } = client;
    const codes: string[] = [];
    for (const each of ['one', 'two']) {
      await sms.oneTimePasswords.issue({ ...request, subject: each });
      codes.push(lastCode(client));
    }
    await sms.consent.forget(destination);
    for (const [index, each] of ['one', 'two'].entries()) {
      const check = { destination, subject: each, code: codes[index] ?? '' };
      expect(await sms.oneTimePasswords.check(check)).toMatchObject({ reason: 'no-code' });
    }
    for (const key of keys) expect(await store.records?.read(SUB_ACCOUNT_ID, key)).toBeUndefined();
  });

  it('refuses a code when it is full', async () => {
    const clock = createFakeClock();
    const client = testClient({ clock, limits: memoryLimits({ clock, maxRecordBytes: 700 }) });
    const error = await failureOf(client.sms.oneTimePasswords.issue(request));
    expect(error).toMatchObject({ code: 'limit', guard: 'verification', reason: 'capacity' });
    expect(client.emulator.messages).toEqual([]);
  });

  it('fails before the message: nothing is sent', async () => {
    const { store, faults } = watchedRecords();
    const client = testClient({ limits: store, oneTimePasswords: { secret: SECRET } });
    faults.before = async () => {
      throw new Error('gone');
    };
    await expect(client.sms.oneTimePasswords.issue(request)).rejects.toBeInstanceOf(StoreError);
    expect(client.emulator.messages).toEqual([]);
    expect((await client.sms.guards.inspect(destination)).counters.every(({ count }) => count === 0)).toBe(
      true,
    );
  });

  it('fails after the message: the code is good, only the report is lost', async () => {
    const { store, faults, values } = watchedRecords();
    const client = testClient({ limits: store, oneTimePasswords: { secret: SECRET } });
    faults.before = async () => {
      if (values.length === 2) throw new Error('gone');
    };
    await client.sms.oneTimePasswords.issue(request);
    faults.before = async () => {};
    const code = lastCode(client);
    expect(await client.sms.oneTimePasswords.check({ destination, subject, code })).toMatchObject({
      verified: true,
    });
  });

  it('fails at the right code: not accepted, and good again', async () => {
    const { store, faults, values } = watchedRecords();
    const client = testClient({ limits: store, oneTimePasswords: { secret: SECRET } });
    await client.sms.oneTimePasswords.issue(request);
    const check = { destination, subject, code: lastCode(client) };
    const before = values.length;
    faults.before = async () => {
      if (values.length > before) throw new Error('gone');
    };
    await expect(client.sms.oneTimePasswords.check(check)).rejects.toBeInstanceOf(StoreError);
    faults.before = async () => {};
    expect(await client.sms.oneTimePasswords.check(check)).toMatchObject({ verified: true });
  });

  it('loses the answer to the success: the person is in, once', async () => {
    const { store, faults, values } = watchedRecords();
    const client = testClient({ limits: store, oneTimePasswords: { secret: SECRET } });
    await client.sms.oneTimePasswords.issue(request);
    const check = { destination, subject, code: lastCode(client) };
    const success = values.length + 2;
    faults.after = async () => {
      if (values.length === success) throw new Error('lost');
    };
    expect(await client.sms.oneTimePasswords.check(check)).toMatchObject({ verified: true });
    expect(values).toHaveLength(success);
    expect(await client.sms.oneTimePasswords.check(check)).toMatchObject({ reason: 'used' });
  });

  it('is refused when it returns something else than a code', async () => {
    const records = {
      ...sharedStore().records,
      read: async () => ({ value: '{}', version: '1', endsInMs: 5 }),
    };
    const { sms } = testClient({
      limits: { ...sharedStore(), records },
      oneTimePasswords: { secret: SECRET },
    });
    await expect(sms.oneTimePasswords.issue(request)).rejects.toThrow('a record that is not a code');
    records.read = async () => ({ value: 'x', version: '1', endsInMs: 5 });
    await expect(sms.oneTimePasswords.issue(request)).rejects.toBeInstanceOf(StoreError);
  });

  it('needs records', async () => {
    const { records: _, ...plain } = sharedStore();
    const error = await failureOf(testClient({ limits: plain }).sms.oneTimePasswords.issue(request));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ option: 'limits' });
    expect(() => testClient({ limits: plain, oneTimePasswords: { secret: SECRET } })).toThrow(
      ConfigurationError,
    );
    const consent = { ledger: memoryConsentLedger(), forgetSecret: 'f'.repeat(32) };
    await testClient({ limits: plain, guards: { consent } }).sms.consent.forget(destination);
  });
});

describe('a store that others write to at the same time', () => {
  const CONFLICT = { written: false, reason: 'conflict' } as const;

  /** A client with a code, and records whose methods can be replaced. */
  async function issued() {
    const shared = sharedStore();
    const records = { ...shared.records } as { -readonly [Name in keyof RecordStore]: RecordStore[Name] };
    records.read = (...args) => shared.records.read(...args);
    records.write = (...args) => shared.records.write(...args);
    records.remove = (...args) => shared.records.remove(...args);
    const limits = { ...shared, records };
    const client = testClient({ limits, oneTimePasswords: { secret: SECRET }, guards: { backoff: false } });
    await client.sms.oneTimePasswords.issue(request);
    return { ...client, limits, records, shared, check: { destination, subject, code: lastCode(client) } };
  }

  it('ends a check that never gets its turn, and accepts the code later', async () => {
    const { sms, records, shared, check } = await issued();
    records.write = async () => CONFLICT;
    await expect(sms.oneTimePasswords.check(check)).rejects.toThrow('Check it again.');
    let writes = 0;
    records.write = (...args) => {
      writes += 1;
      return writes === 1 ? shared.records.write(...args) : Promise.resolve(CONFLICT);
    };
    await expect(sms.oneTimePasswords.check(check)).rejects.toBeInstanceOf(StoreError);
    records.write = (...args) => shared.records.write(...args);
    expect(await sms.oneTimePasswords.check(check)).toMatchObject({ verified: true });
  });

  it.each<[string, (code: string) => string]>([
    ['as it is', (code) => code],
    ['with spaces', (code) => ` ${code.slice(0, 3)} ${code.slice(3)}\n`],
    ['with a dash', (code) => `${code.slice(0, 3)}-${code.slice(3)}`],
    [
      'in full-width digits',
      (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    ],
    [
      'in Arabic digits',
      (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit))),
    ],
    [
      'in Bengali digits',
      (code) => code.replace(/\d/g, (digit) => String.fromCharCode(0x9e6 + Number(digit))),
    ],
    ['with invisible characters of a copied message', (code) => `\u2068${code}\u2069\u200b`],
  ])('accepts a code that is typed %s', async (_, typed) => {
    const client = testClient();
    await client.sms.oneTimePasswords.issue(request);
    const check = { destination, subject, code: typed(lastCode(client)) };
    expect(await client.sms.oneTimePasswords.check(check)).toMatchObject({ verified: true });
  });

  it('accepts no code that was removed while it was compared', async () => {
    const { sms, records, shared, check } = await issued();
    let writes = 0;
    records.write = async (scope, key, value, write) => {
      writes += 1;
      if (writes === 1) return shared.records.write(scope, key, value, write);
      await shared.records.remove(scope, key);
      return CONFLICT;
    };
    expect(await sms.oneTimePasswords.check(check)).toMatchObject({ reason: 'no-code' });
  });

  it('counts no attempt of a check whose code was used before its turn', async () => {
    const { sms, records, shared, check } = await issued();
    records.write = async (scope, key, value, write) => {
      await shared.records.write(scope, key, value.replace('"isUsed":false', '"isUsed":true'), write);
      return CONFLICT;
    };
    expect(await sms.oneTimePasswords.check(check)).toMatchObject({ reason: 'used' });
    const { counters } = await sms.guards.inspect(destination, { guard: 'verificationAttempts' });
    expect(counters.every(({ count }) => count === 0)).toBe(true);
  });

  it('sends nothing when the code never gets its turn', async () => {
    const { sms, emulator, records, shared } = await issued();
    records.write = async () => CONFLICT;
    await expect(sms.oneTimePasswords.issue(request)).rejects.toThrow('to this visitor at once');
    const other = { ...request, subject: 'visitor-8' };
    await expect(sms.oneTimePasswords.issue(other)).rejects.toThrow('of one number');
    expect(emulator.messages).toHaveLength(1);
    records.write = (...args) => shared.records.write(...args);
  });

  it('keeps the code when its message cannot be remembered', async () => {
    const { sms, emulator, records, shared, check } = await issued();
    let writes = 0;
    records.write = async (...args) => {
      writes += 1;
      return writes === 2 ? CONFLICT : shared.records.write(...args);
    };
    await sms.oneTimePasswords.issue(request);
    expect(writes).toBe(3);
    writes = 0;
    records.write = async (scope, key, value, write) => {
      writes += 1;
      if (writes === 1) return shared.records.write(scope, key, value, write);
      await shared.records.remove(scope, key);
      return CONFLICT;
    };
    expect(await sms.oneTimePasswords.issue(request)).toMatchObject({ isResend: true });
    expect(emulator.messages).toHaveLength(3);
    expect(await sms.oneTimePasswords.check(check)).toMatchObject({ reason: 'no-code' });
  });

  it('verifies a code although the wait cannot be cleared, and an unsent one cannot be removed', async () => {
    const { sms, emulator, limits, records, check } = await issued();
    limits.release = async () => {
      throw new Error('gone');
    };
    expect(await sms.oneTimePasswords.check(check)).toMatchObject({ verified: true });
    records.remove = async () => {
      throw new Error('gone');
    };
    emulator.failNext('reject', { match: ({ path }) => path.endsWith('/messages') });
    await expect(sms.oneTimePasswords.issue(request)).rejects.toMatchObject({ submission: 'rejected' });
  });
});

describe('the secret', () => {
  it('is required for a store that processes share', async () => {
    const error = await failureOf(testClient({ limits: sharedStore() }).sms.oneTimePasswords.issue(request));
    expect(error).toMatchObject({ code: 'configuration', option: 'oneTimePasswords.secret' });
    expect(() => testClient({ limits: sharedStore(), oneTimePasswords: {} })).toThrow(ConfigurationError);
  });

  it.each([
    { secret: 'short' },
    { previousSecrets: [SECRET] },
    { secret: SECRET, previousSecrets: ['short'] },
    { codeLength: 3 },
    { validityMs: 59_999 },
    { secrets: SECRET },
  ])('and the other options are checked: %j', (oneTimePasswords) => {
    expect(() => testClient({ oneTimePasswords: oneTimePasswords as never })).toThrow(ConfigurationError);
  });

  it('can be changed while codes are open', async () => {
    const limits = sharedStore();
    const old = testClient({ limits, oneTimePasswords: { secret: SECRET } });
    await old.sms.oneTimePasswords.issue(request);
    const check = { destination, subject, code: lastCode(old) };
    const secret = 'another secret of as many characters';
    const forgetful = testClient({ limits, oneTimePasswords: { secret } });
    const error = await failureOf(forgetful.sms.oneTimePasswords.check(check));
    expect(error).toMatchObject({ code: 'configuration', option: 'oneTimePasswords.previousSecrets' });
    const changed = testClient({ limits, oneTimePasswords: { secret, previousSecrets: [SECRET] } });
    expect(await changed.sms.oneTimePasswords.check(check)).toMatchObject({ verified: true });
  });

  it('is shared by the clients of a memory store', async () => {
    const clock = createFakeClock();
    const limits = memoryLimits({ clock });
    const first = testClient({ clock, limits });
    await first.sms.oneTimePasswords.issue(request);
    const second = testClient({ clock, limits });
    const check = { destination, subject, code: lastCode(first) };
    expect(await second.sms.oneTimePasswords.check(check)).toMatchObject({ verified: true });
  });

  it('is not drawn before the first code: the global scope of a Worker may not', () => {
    const { crypto } = globalThis;
    const noCrypto = { value: undefined, configurable: true };
    Object.defineProperty(globalThis, 'crypto', noCrypto);
    try {
      const options = { apiKey: API_KEY, subAccountId: SUB_ACCOUNT_ID, oneTimePasswords: {} };
      expect(new SmsClient(options).oneTimePasswords).toBeDefined();
    } finally {
      Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true, writable: true });
    }
  });
});

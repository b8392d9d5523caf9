import { afterEach, describe, expect, it, vi } from 'vitest';
import { auditLog } from '../../../src/audit/audit-log.ts';
import { memorySalts } from '../../../src/audit/salts.ts';
import { ed25519Signer } from '../../../src/audit/signer.ts';
import { verifyAudit } from '../../../src/audit/verify-audit.ts';
import type { SmsEvent } from '../../../src/events.ts';
import {
  AUDIT_SECRET,
  createMemoryLog,
  PERSON,
  recordMany,
  recordsOf,
  sentEvent,
} from '../../support/audit.ts';

const secrets = { 1: AUDIT_SECRET };
const about = { person: PERSON, context: undefined };

afterEach(() => {
  vi.useRealTimers();
});

async function createKeyPair() {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.exportKey('jwk', pair.privateKey),
    crypto.subtle.exportKey('jwk', pair.publicKey),
  ]);
  return { privateKey: { ...privateKey }, publicKey: { ...publicKey }, pair };
}

describe('the records of a log', () => {
  it('hold the fields of an event, and instead of the number the ID of a person', async () => {
    const { log, text } = createMemoryLog();
    log.record(sentEvent(), about);
    await log.close();
    const [start, sent, end] = recordsOf(text());
    expect(start).toMatchObject({ v: 1, seq: 1, kid: '1', type: 'start', by: '0.1.0', after: [] });
    expect(sent).toEqual({
      v: 1,
      chain: start?.chain,
      seq: 2,
      kid: '1',
      at: 1_764_400_000_001,
      type: 'message-sent',
      person: expect.stringMatching(/^[\w-]{22}$/),
      data: {
        clientMessageId: 'message-1',
        country: 'SG',
        callingCode: '65',
        purpose: 'otp',
        umid: '0f8fad5b-d9cb-469f-a165-70867728950e',
        attempts: 1,
      },
      mac: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(end).toMatchObject({ seq: 3, type: 'end' });
    expect(text()).not.toMatch(/9123|\*\*\*\*/);
  });

  it('hold no digit of a number that a decision or a description shows masked', async () => {
    const { log, text } = createMemoryLog();
    const blocked: SmsEvent = {
      ...sentEvent(),
      type: 'message-blocked',
      decision: {
        guard: 'pumping',
        reason: 'suspended',
        mode: 'enforce',
        destination: '+65******67',
        explanation: 'To +65******67 and ********* 12 codes were not entered',
      },
    } as never;
    log.record(blocked, about);
    await log.flush();
    expect(recordsOf(text())[1]?.data).toMatchObject({
      decision: {
        guard: 'pumping',
        reason: 'suspended',
        mode: 'enforce',
        explanation: 'To [number] and [number] 12 codes were not entered',
      },
    });
    expect(text()).not.toContain('destination');
  });

  it.each([
    [1_764_400_000_000.75, 1_764_400_000_000],
    [Number.NaN, 0],
  ])('verify with a clock that says %d', async (time, at) => {
    const { log, text, source } = createMemoryLog({ clock: { now: () => time } });
    log.record({ ...sentEvent(1), at: time }, about);
    await log.close();
    expect(recordsOf(text()).map((record) => record.at)).toEqual([at, at, at]);
    expect(await verifyAudit({ sources: source(), secrets })).toMatchObject({ ok: true, records: 3 });
  });

  it('leave out what decides nothing, and name the actor of a call', async () => {
    const { log, text } = createMemoryLog({
      actorOf: (context) => (context as { agent?: string } | undefined)?.agent,
    });
    const attempt = { type: 'pace-resumed', at: 1, host: 'sms.8x8.com' } as const;
    expect(log.record(attempt, { person: undefined, context: undefined })).toBe(true);
    const released = {
      type: 'limits-released',
      at: 2,
      destination: '+65******67',
      guards: ['recipient'],
    } as const;
    log.record(released, { person: PERSON, context: { agent: 'support-7' } });
    await log.flush();
    expect(recordsOf(text()).map(({ type }) => type)).toEqual(['start', 'limits-released']);
    expect(recordsOf(text())[1]).toMatchObject({ actor: 'support-7', data: { guards: ['recipient'] } });
  });

  it('reach the log although actorOf throws', async () => {
    const { log, text, errors } = createMemoryLog({
      actorOf: () => {
        throw new Error('no context');
      },
    });
    log.record(sentEvent(), about);
    await log.flush();
    expect(recordsOf(text())).toHaveLength(2);
    expect(errors).toEqual([new Error('no context')]);
  });

  it('have one ID per person, in every notation, which personIds finds', async () => {
    const { log, text } = createMemoryLog();
    log.record(sentEvent(1), { person: '+541123456789', context: undefined });
    log.record(sentEvent(2), { person: '+541123456789', context: undefined });
    log.record(sentEvent(3), about);
    await log.flush();
    const [, one, two, other] = recordsOf(text());
    expect(one?.person).toBe(two?.person);
    expect(other?.person).not.toBe(one?.person);
    expect(await log.personIds('+5491123456789')).toEqual([one?.person]);
    expect(await log.personIds('+6590000000')).toEqual([]);
    await expect(log.personIds('91234567')).rejects.toThrow('personIds needs a number in E.164');
  });
});

describe('forgetting a person', () => {
  it('leaves records that nobody can link to the number, not even with the secret, and a chain that verifies', async () => {
    const salts = memorySalts();
    const { log, text, source } = createMemoryLog({ salts });
    log.record(sentEvent(1), about);
    const gone: SmsEvent = { type: 'consent-forgotten', at: 2, destination: '+65******67' };
    log.record(gone, about);
    await log.forget(PERSON);
    const [, first, forgotten] = recordsOf(text());
    expect(forgotten).toMatchObject({ type: 'consent-forgotten', person: first?.person });
    expect(await log.personIds(PERSON)).toEqual([]);
    // Whoever has the secret and all that is stored makes another ID for the same number.
    const thief = createMemoryLog({ salts });
    thief.log.record(sentEvent(), about);
    await thief.log.close();
    expect(recordsOf(thief.text())[1]?.person).not.toBe(first?.person);
    log.record(sentEvent(2), about);
    await log.close();
    expect(recordsOf(text())[3]?.person).not.toBe(first?.person);
    expect((await verifyAudit({ sources: source(), secrets })).ok).toBe(true);
  });

  it('fails while the salts cannot be removed', async () => {
    const salts = { ...memorySalts(), remove: () => Promise.reject(new Error('down')) };
    const { log } = createMemoryLog({ salts });
    await expect(log.forget(PERSON)).rejects.toThrow('down');
    await log.close();
  });

  it('reaches the records that were made with an earlier secret', async () => {
    const salts = memorySalts();
    const before = createMemoryLog({ salts });
    before.log.record(sentEvent(1), about);
    await before.log.close();
    const previous = [{ keyId: '1', secret: AUDIT_SECRET }];
    const changed = { salts, secret: 'another-secret-of-the-tests-01234567', keyId: '2', previous };
    const after = createMemoryLog(changed);
    after.log.record(sentEvent(2), about);
    await after.log.flush();
    const ids = [recordsOf(before.text())[1]?.person, recordsOf(after.text())[1]?.person];
    expect(await after.log.personIds(PERSON)).toEqual(expect.arrayContaining(ids));
    const report = await verifyAudit({
      sources: [...before.source(), ...after.source()],
      secrets: { ...secrets, 2: changed.secret },
    });
    expect(report).toMatchObject({ ok: true, records: 5 });
    await after.log.forget(PERSON);
    expect(await after.log.personIds(PERSON)).toEqual([]);
    expect(await before.log.personIds(PERSON)).toEqual([]);
  });
});

describe('a log that cannot be written', () => {
  function createBroken(options = {}) {
    const state = { isDown: true, writes: 0 };
    const created = createMemoryLog({
      writer: (lines) => {
        state.writes += 1;
        if (state.isDown) throw new Error('disk full');
        created.pieces.push(lines);
      },
      ...options,
    });
    return { ...created, state };
  }

  it('keeps its records, tries again by itself, and says in the next chain that one was interrupted', async () => {
    vi.useFakeTimers();
    const { log, state, text, errors, source } = createBroken();
    state.isDown = false;
    log.record(sentEvent(1), about);
    await log.flush();
    state.isDown = true;
    log.record(sentEvent(2), about);
    await vi.advanceTimersByTimeAsync(400);
    expect(errors).toEqual([new Error('disk full')]);
    state.isDown = false;
    await vi.advanceTimersByTimeAsync(200);
    await log.close();
    const records = recordsOf(text());
    expect(records.map(({ type }) => type)).toEqual([
      'start',
      'message-sent',
      'start',
      'message-sent',
      'end',
    ]);
    expect(records[2]?.after).toEqual([
      { chain: records[0]?.chain, seq: 2, mac: records[1]?.mac, interrupted: true },
    ]);
    expect(await verifyAudit({ sources: source(), secrets })).toMatchObject({ ok: true, records: 5 });
  });

  it('waits ever longer between two attempts', async () => {
    vi.useFakeTimers();
    const { log, state } = createBroken();
    log.record(sentEvent(1), about);
    const attempts: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      const before = state.writes;
      await vi.advanceTimersByTimeAsync(1_000);
      if (state.writes > before) attempts.push(second);
    }
    expect(attempts).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
  });

  it('accepts the piece of a line that the failure left in a stream', async () => {
    const pieces: string[] = [];
    let failAt = 2;
    const { log } = createMemoryLog({
      writer: (lines) => {
        failAt -= 1;
        if (failAt === 0) {
          pieces.push(lines.slice(0, 40));
          throw new Error('connection lost');
        }
        pieces.push(lines);
      },
    });
    log.record(sentEvent(1), about);
    await expect(log.flush()).rejects.toThrow('The audit log cannot be written');
    await log.close();
    const sources = [{ name: 'stream', chunks: pieces }];
    expect(await verifyAudit({ sources, secrets })).toMatchObject({ ok: true, torn: 1 });
  });

  it.each([
    ['of the very first line', [1], 1],
    ['of the first lines of several attempts', [1, 2, 3], 3],
    ['of a record, and then of the line that begins again', [2, 3], 2],
  ])('accepts the piece %s', async (_, failing, torn) => {
    vi.useFakeTimers();
    const pieces: string[] = [];
    let writes = 0;
    const { log } = createMemoryLog({
      writer: (lines) => {
        writes += 1;
        const fails = failing.includes(writes);
        pieces.push(fails ? lines.slice(0, 40) : lines);
        if (fails) throw new Error('connection lost');
      },
    });
    log.record(sentEvent(1), about);
    await vi.advanceTimersByTimeAsync(60_000);
    await log.close();
    const sources = [{ name: 'stream', chunks: pieces }];
    const report = await verifyAudit({ sources, secrets });
    expect(report).toMatchObject({ ok: true, torn });
    expect(report.chains.at(-1)?.records).toBeGreaterThanOrEqual(3);
  });

  it('accepts no record before a restart that somebody has changed, or written: a piece of a line is no JSON', async () => {
    const pieces: string[] = [];
    let failAt = 2;
    const { log } = createMemoryLog({
      writer: (lines) => {
        failAt -= 1;
        pieces.push(lines);
        if (failAt === 0) throw new Error('no answer');
      },
    });
    log.record(sentEvent(1), about);
    await expect(log.flush()).rejects.toThrow('The audit log cannot be written');
    await log.close();
    const lines = pieces.join('').split('\n');
    const verify = async (changed: readonly string[]) =>
      verifyAudit({ sources: [{ name: 'stream', chunks: [changed.join('\n')] }], secrets });
    expect(await verify(lines)).toMatchObject({ ok: true, torn: 1 });
    const ofFailure = lines.findIndex((line) => line.includes('message-sent'));
    const foreign = (lines[ofFailure] as string)
      .replace('message-1', 'message-9')
      .replace('"mac":"', '"mac":"-');
    const altered = { ok: false, first: { kind: 'altered', line: ofFailure + 1 } };
    expect(await verify(lines.with(ofFailure, foreign))).toMatchObject(altered);
    expect(await verify(lines.with(ofFailure, `"${'x'.repeat(70_000)}`))).toMatchObject(altered);
  });

  it('loses an event that no JSON can hold, says so, and goes on', async () => {
    const { log, text, errors } = createMemoryLog();
    log.record({ ...sentEvent(1), attempts: 1n } as never, about);
    log.record(sentEvent(2), about);
    await log.close();
    expect(recordsOf(text()).map(({ type }) => type)).toEqual(['start', 'message-sent', 'lost', 'end']);
    expect(recordsOf(text())[2]?.data).toMatchObject({ count: 1, from: sentEvent(1).at });
    expect(errors[0]).toBeInstanceOf(TypeError);
  });

  it('loses an event that is longer than any line that can be verified, and goes on', async () => {
    const { log, source, errors } = createMemoryLog();
    log.record({ ...sentEvent(1), umid: 'é'.repeat(33_000) } as never, about);
    log.record(sentEvent(2), about);
    await log.close();
    expect(errors[0]).toBeInstanceOf(RangeError);
    expect(await verifyAudit({ sources: source(), secrets })).toMatchObject({
      ok: true,
      records: 4,
      lost: 1,
    });
  });

  it('gives salts that hang ten seconds, and then tries again', async () => {
    vi.useFakeTimers();
    const salts = memorySalts();
    let hangs = true;
    const { log, text, errors } = createMemoryLog({
      salts: { ...salts, read: (name) => (hangs ? new Promise(() => {}) : salts.read(name)) },
    });
    log.record(sentEvent(1), about);
    await vi.advanceTimersByTimeAsync(10_100);
    expect(errors).toEqual([new Error('The salts of the audit log took more than 10000 ms.')]);
    hangs = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(recordsOf(text()).map(({ type }) => type)).toEqual(['start', 'message-sent']);
    await log.close();
  });

  it('counts in the log what did not fit into the queue, and says so at once', async () => {
    vi.useFakeTimers();
    const { log, state, text, errors } = createBroken({ maxQueued: 100 });
    const taken = Array.from({ length: 130 }, (_, index) => log.record(sentEvent(index), about));
    expect(taken.filter(Boolean)).toHaveLength(100);
    expect(errors).toMatchObject([{ message: 'The queue of the audit log is full.' }]);
    await vi.advanceTimersByTimeAsync(100);
    state.isDown = false;
    await log.flush();
    const records = recordsOf(text());
    expect(records).toHaveLength(102);
    expect(records.at(-1)).toMatchObject({
      type: 'lost',
      data: { count: 30, from: sentEvent(100).at, to: sentEvent(129).at },
    });
    const report = await verifyAudit({ sources: [{ name: 'log', chunks: [text()] }], secrets });
    expect(report).toMatchObject({ ok: true, lost: 30 });
    expect(log.record(sentEvent(), about)).toBe(true);
    await log.close();
  });

  it('lets messages pass by default', async () => {
    vi.useFakeTimers();
    const { log } = createBroken({ maxQueued: 100 });
    const signal = new AbortController().signal;
    for (let index = 0; index < 60; index += 1) log.record(sentEvent(index), about);
    let isOver = false;
    const waiting = log.ready({ signal })?.then(() => {
      isOver = true;
    });
    expect(isOver).toBe(false);
    await waiting;
    // It is known to be down: nobody waits for it.
    expect(log.ready({ signal })).toBeUndefined();
  });

  it('makes a send wait for room in the queue, for a second at most', async () => {
    vi.useFakeTimers();
    const signal = new AbortController().signal;
    const { log } = createMemoryLog({ maxQueued: 100, writer: () => new Promise(() => {}) });
    expect(log.ready({ signal })).toBeUndefined();
    for (let index = 0; index < 60; index += 1) log.record(sentEvent(index), about);
    let waitedMs = 0;
    const started = Date.now();
    void log.ready({ signal })?.then(() => {
      waitedMs = Date.now() - started;
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(waitedMs).toBe(1_000);
  });

  it('refuses messages with whenUnavailable refuse, until it can be written', async () => {
    vi.useFakeTimers();
    const { log, state } = createBroken({ whenUnavailable: 'refuse' });
    const signal = new AbortController().signal;
    expect(log.ready({ signal })).toBeUndefined();
    log.record(sentEvent(1), about);
    await expect(log.ready({ signal })).rejects.toThrow('disk full');
    await expect(log.ready({ signal })).rejects.toThrow('disk full');
    state.isDown = false;
    await vi.advanceTimersByTimeAsync(600);
    log.record(sentEvent(2), about);
    await log.ready({ signal });
    expect(log.ready({ signal })).toBeUndefined();
    await log.close();
    await expect(log.ready({ signal })).rejects.toThrow('Records were lost');
    expect(log.record(sentEvent(3), about)).toBe(false);
  });

  it('gives a writer that hangs ten seconds', async () => {
    vi.useFakeTimers();
    const { log, errors } = createMemoryLog({ writer: () => new Promise(() => {}) });
    log.record(sentEvent(1), about);
    await vi.advanceTimersByTimeAsync(10_100);
    expect(errors).toMatchObject([{ message: 'The writer of the audit log took more than 10000 ms.' }]);
  });

  it('can be closed again after a failure', async () => {
    const { log, state, text } = createBroken();
    log.record(sentEvent(1), about);
    await expect(log.close()).rejects.toThrow('cannot be written');
    state.isDown = false;
    await log.close();
    expect(recordsOf(text()).map(({ type }) => type)).toEqual(['start', 'message-sent', 'end']);
  });

  it('writes name and code of an error to the console, without its message', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const error = Object.assign(new Error('/secret/path'), { code: 'ENOSPC' });
    const log = auditLog({ secret: AUDIT_SECRET, salts: memorySalts(), writer: () => Promise.reject(error) });
    log.record(sentEvent(1), about);
    await expect(log.flush()).rejects.toThrow('cannot be written');
    expect(printed.mock.calls).toEqual([
      ['8x8-sms-guard: the audit log failed (Error ENOSPC). Set onError to get the error.'],
    ]);
    printed.mockRestore();
  });
});

describe('signed heads', () => {
  it('come every headEvery records, at the start and at the end, and verify without the secret', async () => {
    const { privateKey, publicKey } = await createKeyPair();
    const { log, text, source } = createMemoryLog({
      headEvery: 10,
      signer: ed25519Signer({ keyId: 'kms-1', privateKey }),
    });
    recordMany(log, 25);
    await log.close();
    const records = recordsOf(text());
    expect(records.filter(({ sig }) => sig !== undefined).map(({ type }) => type)).toEqual([
      'start',
      'head',
      'head',
      'end',
    ]);
    const publicKeys = { 'kms-1': publicKey };
    expect(await verifyAudit({ sources: source(), publicKeys })).toMatchObject({
      ok: true,
      chains: [{ records: 29, signed: 29, isClosed: true }],
    });
    expect(await verifyAudit({ sources: source(), secrets, publicKeys })).toMatchObject({ ok: true });
    const altered = text().replace('message-17', 'message-71');
    const report = await verifyAudit({ sources: [{ name: 'log', chunks: [altered] }], publicKeys });
    expect(report.first).toMatchObject({ kind: 'altered', seq: 13 });
    expect(report.first?.message).toBe(
      'A record from 13 to 23 was altered: the signature of record 23 does not fit.',
    );
  });

  it('come with the first record after a minute', async () => {
    const { privateKey } = await createKeyPair();
    let now = 1_000_000;
    const { log, text } = createMemoryLog({
      clock: { now: () => now },
      signer: ed25519Signer({ keyId: 'a', privateKey }),
    });
    for (const waitMs of [0, 30_000, 31_000]) {
      now += waitMs;
      log.record(sentEvent(), about);
      await log.flush();
    }
    expect(recordsOf(text()).map(({ type }) => type)).toEqual([
      'start',
      'message-sent',
      'message-sent',
      'message-sent',
      'head',
    ]);
  });

  it('are left out while the signer fails, and nothing else is', async () => {
    let now = 1_000_000;
    const { privateKey, publicKey } = await createKeyPair();
    const signer = ed25519Signer({ keyId: 'a', privateKey });
    let isDown = true;
    const { log, text, errors, source } = createMemoryLog({
      headEvery: 1,
      clock: { now: () => now },
      signer: {
        keyId: 'a',
        sign: (data, options) => (isDown ? Promise.reject(new Error('KMS')) : signer.sign(data, options)),
      },
    });
    recordMany(log, 3);
    await log.flush();
    expect(errors).toEqual([new Error('KMS')]);
    expect(recordsOf(text()).map(({ type }) => type)).not.toContain('head');
    isDown = false;
    now += 10_001;
    recordMany(log, 1);
    await log.close();
    expect(recordsOf(text()).filter(({ sig }) => sig !== undefined)).toHaveLength(2);
    expect(await verifyAudit({ sources: source(), publicKeys: { a: publicKey }, secrets })).toMatchObject({
      ok: true,
    });
  });

  it('refuse a key that is none, and a signature that is none', async () => {
    const { log, errors } = createMemoryLog({ signer: ed25519Signer({ keyId: 'a', privateKey: 'no key' }) });
    recordMany(log, 1);
    await log.flush();
    expect(errors).toMatchObject([{ name: 'ConfigurationError', option: 'privateKey' }]);
    const other = createMemoryLog({ signer: { keyId: 'a', sign: async () => new Uint8Array(10) } });
    recordMany(other.log, 1);
    await other.log.flush();
    expect(other.errors).toMatchObject([{ message: 'signer.sign gave no 64 bytes' }]);
  });

  it('give a signer that hangs five seconds', async () => {
    vi.useFakeTimers();
    const { log, errors } = createMemoryLog({ signer: { keyId: 'a', sign: () => new Promise(() => {}) } });
    recordMany(log, 1);
    await vi.advanceTimersByTimeAsync(5_100);
    expect(errors).toMatchObject([{ message: 'signer.sign took too long' }]);
  });

  it('take keys of OpenSSL', async () => {
    const { pair } = await createKeyPair();
    const pem = async (format: 'pkcs8' | 'spki', key: CryptoKey, label: string) => {
      const text = Buffer.from(await crypto.subtle.exportKey(format, key)).toString('base64');
      return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
    };
    const privateKey = await pem('pkcs8', pair.privateKey, 'PRIVATE KEY');
    const { log, source } = createMemoryLog({ signer: ed25519Signer({ keyId: 'a', privateKey }) });
    recordMany(log, 1);
    await log.close();
    const publicKeys = { a: await pem('spki', pair.publicKey, 'PUBLIC KEY') };
    expect(await verifyAudit({ sources: source(), publicKeys })).toMatchObject({ ok: true });
    await expect(verifyAudit({ sources: source(), publicKeys: { a: privateKey } })).rejects.toMatchObject({
      name: 'ConfigurationError',
      option: 'publicKeys.a',
    });
  });
});

describe('options of auditLog', () => {
  const good = { secret: AUDIT_SECRET, writer: () => {}, salts: memorySalts() };
  it.each([
    [{ ...good, writer: undefined }, 'file'],
    [{ ...good, file: '/tmp/audit.jsonl' }, 'file'],
    [{ ...good, salts: undefined }, 'salts'],
    [{ ...good, secret: undefined }, 'secret'],
    [{ ...good, secret: 'short' }, 'secret'],
    [{ ...good, keyId: 'no-dash' }, 'keyId'],
    [{ ...good, previous: [{ keyId: '1', secret: AUDIT_SECRET }] }, 'previous[0].keyId'],
    [{ ...good, signer: { keyId: '', sign: async () => new Uint8Array(64) } }, 'signer.keyId'],
    [{ ...good, fsyncMs: true as never }, 'fsyncMs'],
    [{ ...good, whenUnavailable: 'drop' as never }, 'whenUnavailable'],
    [{ ...good, sercet: 'x' } as never, 'sercet'],
  ])('%# are refused', (options, option) => {
    expect(() => auditLog(options)).toThrow(expect.objectContaining({ name: 'ConfigurationError', option }));
  });
});

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ownersLoss, ownersTable } from '../../bench/owner.ts';
import { memoryConsentLedger, memoryLimits } from '../../src/index.ts';
import { numberOf, testClient } from '../support/client.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const OWNER = numberOf(1);
const otp = { destination: OWNER, text: 'Your code is 4711', purpose: 'otp' } as const;
const owner = { subject: 'owner-device' };

/** The error of a request, or undefined when it was let through. */
async function failureOf(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A client whose owner has succeeded with the number a day ago. */
async function withKnownOwner(options: Parameters<typeof testClient>[0] = {}) {
  const client = testClient(options);
  const { sms, clock } = client;
  const { umid } = await sms.messages.send({ ...otp, ...owner });
  await sms.messages.feedback(umid, { outcome: 'success', destination: OWNER, ...owner });
  clock.advance(day);
  /** Waits and sends as a stranger; milliseconds until it was let through. */
  const waitAndSend = async (visitor: { subject?: string; clientIp?: string }) => {
    const error = await failureOf(sms.messages.send({ ...otp, ...visitor }));
    const waitMs =
      error === undefined ? 0 : ((error as { retryAfterMs?: number }).retryAfterMs ?? Number.NaN);
    if (error !== undefined) {
      clock.advance(waitMs);
      await sms.messages.send({ ...otp, ...visitor });
    }
    return waitMs;
  };
  return { ...client, waitAndSend };
}

describe('a stranger and the owner of a number', () => {
  it('costs an owner on a known device less than a minute, and never the right code', async () => {
    const rows = await ownersLoss();
    for (const row of rows) {
      expect(row, row.stranger).toMatchObject({ isAccepted: true });
      expect(row.ownerWaitS, row.stranger).toBeLessThanOrEqual(60);
      expect(row.newcomerWaitS, row.stranger).toBeLessThanOrEqual(30 * 60);
    }
    expect(await readFile('docs/guards.md', 'utf8')).toContain(ownersTable(rows));
  }, 120_000);
});

describe('backoff', () => {
  it('a known subject has a wait of its own; strangers share the one of the number, to 5 minutes', async () => {
    const { sms, waitAndSend } = await withKnownOwner({ guards: { recipient: false } });
    const waits: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) waits.push(await waitAndSend({ subject: `stranger-${turn}` }));
    expect(waits).toEqual([0, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    await sms.messages.send({ ...otp, ...owner });
    expect(await failureOf(sms.messages.send({ ...otp, ...owner }))).toMatchObject({
      retryAfterMs: 30_000,
      decision: { rule: 'backoff:subject' },
    });
  });

  it('after 30 codes to strangers in 24 hours the number waits for maxMs, and the owner does not', async () => {
    const { sms, waitAndSend } = await withKnownOwner({ guards: { recipient: false } });
    for (let turn = 0; turn < 30; turn += 1) await waitAndSend({ subject: `stranger-${turn}` });
    const waits: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) waits.push(await waitAndSend({ clientIp: `203.0.113.${turn}` }));
    expect(waits.at(-1)).toBe(60 * minute);
    await sms.messages.send({ ...otp, ...owner });
  });

  it('a stranger who comes again has a longer wait of their own', async () => {
    const { waitAndSend } = await withKnownOwner({ guards: { recipient: false } });
    const waits: number[] = [];
    for (let turn = 0; turn < 8; turn += 1) waits.push(await waitAndSend({ clientIp: '203.0.113.7' }));
    expect(waits.map((wait) => wait / 1_000)).toEqual([0, 30, 60, 120, 240, 480, 960, 1_920]);
  });

  it('an address never makes a visitor known', async () => {
    const { sms, clock } = testClient({ guards: { recipient: false } });
    const { umid } = await sms.messages.send({ ...otp, clientIp: '203.0.113.7' });
    await sms.messages.feedback(umid, { outcome: 'success', destination: OWNER });
    clock.advance(day);
    await sms.messages.send({ ...otp, clientIp: '203.0.113.8' });
    expect(await failureOf(sms.messages.send({ ...otp, clientIp: '203.0.113.7' }))).toMatchObject({
      reason: 'too-soon',
    });
  });

  it('a subject is known with the number that it succeeded with, for 90 days', async () => {
    const { sms, clock } = await withKnownOwner();
    const other = { ...otp, destination: numberOf(2) };
    await sms.messages.send({ ...other, subject: 'stranger' });
    expect(await failureOf(sms.messages.send({ ...other, ...owner }))).toMatchObject({ reason: 'too-soon' });
    clock.advance(88 * day);
    await sms.messages.send({ ...otp, subject: 'stranger' });
    await sms.messages.send({ ...otp, ...owner });
    clock.advance(day + minute);
    await sms.messages.send({ ...otp, subject: 'another stranger' });
    expect(await failureOf(sms.messages.send({ ...otp, ...owner }))).toMatchObject({ reason: 'too-soon' });
  });

  it('a success of the owner leaves the wait of strangers alone, and that of a newcomer ends it', async () => {
    const { sms } = await withKnownOwner({ guards: { recipient: false } });
    await sms.messages.send({ ...otp, subject: 'stranger' });
    const { umid } = await sms.messages.send({ ...otp, ...owner });
    await sms.messages.feedback(umid, { outcome: 'success', destination: OWNER, ...owner });
    await sms.messages.send({ ...otp, ...owner });
    expect(await failureOf(sms.messages.send({ ...otp, subject: 'stranger-2' }))).toMatchObject({
      reason: 'too-soon',
    });
    await sms.messages.feedback(umid, { outcome: 'success', destination: OWNER, subject: 'new-device' });
    await sms.messages.send({ ...otp, subject: 'stranger-2' });
  });

  it('feedback takes a subject only with a destination', async () => {
    const { sms } = testClient();
    const feedback = { outcome: 'success', ...owner } as const;
    expect(await failureOf(sms.messages.feedback('umid', feedback))).toMatchObject({ code: 'validation' });
  });

  it('nothing of the visitor but clientIp is sent to 8x8', async () => {
    const verify = async () => ({ passed: true });
    const { sms, emulator } = testClient({ guards: { human: { verify } } });
    const visitor = { ...owner, clientIp: '203.0.113.7', returning: true };
    await sms.messages.send({ ...otp, ...visitor, human: { passed: true, score: 0.9 } });
    await sms.verifications.start({
      destination: numberOf(2),
      ...visitor,
      human: { token: 'captcha-token' },
    });
    const bodies = JSON.stringify(emulator.requests);
    expect(bodies).toContain('203.0.113.7');
    expect(bodies).not.toMatch(/owner-device|human|passed|score|captcha-token|returning/);
  });

  it('a test for people is a verdict or a token', async () => {
    const { sms } = testClient();
    const failure = (human: object) => failureOf(sms.messages.send({ ...otp, human: human as never }));
    for (const [human, path] of [
      [{}, 'human.passed'],
      [{ score: 1 }, 'human.passed'],
      [{ passed: true, score: 1.1 }, 'human.score'],
      [{ token: '' }, 'human.token'],
      [{ token: 'x'.repeat(8_193) }, 'human.token'],
      [{ token: 'x', passed: true }, 'human.passed'],
      ['yes', 'human'],
    ] as const) {
      expect(await failure(human as object), JSON.stringify(human)).toMatchObject({
        code: 'validation',
        path,
      });
    }
    const returning = sms.messages.send({ ...otp, returning: 1 as never });
    expect(await failureOf(returning)).toMatchObject({ path: 'returning' });
  });
});

describe('recipient', () => {
  it('another form cannot use up what one-time passwords need, and strangers not what the owner needs', async () => {
    const { sms } = await withKnownOwner({ guards: { backoff: false } });
    for (let turn = 0; turn < 7; turn += 1) await sms.messages.send({ destination: OWNER, text: 'x' });
    expect(await failureOf(sms.messages.send({ destination: OWNER, text: 'x' }))).toMatchObject({
      decision: { observed: 7, limit: 7 },
    });
    await sms.messages.send({ ...otp, subject: 'stranger' });
    expect(await failureOf(sms.messages.send(otp))).toMatchObject({ decision: { observed: 8, limit: 8 } });
    const late = failureOf(sms.messages.send({ destination: OWNER, text: 'x' }));
    expect(String(await late)).toContain('already got 8 of 7 messages allowed in 30 min');
    for (let turn = 0; turn < 2; turn += 1) await sms.messages.send({ ...otp, ...owner });
    expect(await failureOf(sms.messages.send({ ...otp, ...owner }))).toMatchObject({
      decision: { observed: 10, limit: 10 },
    });
  });
});

describe('prefix', () => {
  const ranges = [{ removedDigits: 2, limit: 1, windowMs: 10 * minute }] as const;
  const neighbour = { ...otp, destination: numberOf(2), subject: 'stranger' };

  it('lets an owner on a known device through', async () => {
    const { sms } = await withKnownOwner({ guards: { prefix: { ranges } } });
    await sms.messages.send(neighbour);
    await sms.messages.send({ ...otp, ...owner });
    expect(await failureOf(sms.messages.send({ ...otp, subject: 'new-device' }))).toMatchObject({
      guard: 'prefix',
      action: 'refuse',
    });
  });

  it('asks for more with action "ask", and a person goes on', async () => {
    const { sms, of } = testClient({ guards: { prefix: { ranges, action: 'ask' } } });
    await sms.messages.send(neighbour);
    const error = await failureOf(sms.messages.send(otp));
    expect(error).toMatchObject({ guard: 'prefix', action: 'ask', decision: { action: 'ask' } });
    expect((error as Error).message).toContain('human: { passed: true }');
    expect(of('message-blocked').at(-1)?.decision.action).toBe('ask');
    const failed = sms.messages.send({ ...otp, human: { passed: false } });
    expect(await failureOf(failed)).toMatchObject({ action: 'ask' });
    await sms.messages.send({ ...otp, human: { passed: true } });
  });

  it('does not ask while another guard refuses anyway', async () => {
    const { sms, clock } = testClient({ guards: { prefix: { ranges, action: 'ask' } } });
    await sms.messages.send({ ...otp, human: { passed: true } });
    await sms.messages.send(neighbour);
    expect(await failureOf(sms.messages.send(otp))).toMatchObject({
      guard: 'backoff',
      action: 'refuse',
      retryAfterMs: 30_000,
    });
    clock.advance(30_000);
    expect(await failureOf(sms.messages.send(otp))).toMatchObject({ guard: 'prefix', action: 'ask' });
  });

  it('the options are read', () => {
    expect(() => testClient({ guards: { prefix: { action: 'allow' as never } } })).toThrow(/prefix.action/);
    expect(() => testClient({ guards: { recipient: { reserved: { otp: -1 } } } })).toThrow(/reserved.otp/);
  });
});

describe('verificationAttempts', () => {
  /** The owner's session, which 8x8 also gives to a stranger who asks for the same number. */
  async function sharedSession() {
    const client = testClient({ guards: { recipient: false, backoff: false } });
    const { sms, clock, emulator } = client;
    const codeOf = () => emulator.verifications.at(-1)?.code ?? '';
    const first = await sms.verifications.start({ destination: OWNER, ...owner });
    await sms.verifications.check(first.sessionId, { code: codeOf(), destination: OWNER, ...owner });
    clock.advance(minute);
    const { sessionId } = await sms.verifications.start({ destination: OWNER, ...owner });
    clock.advance(minute);
    const stranger = { subject: 'stranger', clientIp: '203.0.113.7' };
    expect((await sms.verifications.start({ destination: OWNER, ...stranger })).sessionId).toBe(sessionId);
    const check = (code: string, visitor: { subject?: string; clientIp?: string }) =>
      sms.verifications.check(sessionId, { code, destination: OWNER, ...visitor });
    return { ...client, check, codeOf, stranger, sessionId };
  }

  it('in a session that is also the owner’s a stranger tries 3 codes of 8x8’s 5', async () => {
    const { check, codeOf, stranger } = await sharedSession();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await check('XXXX', stranger)).toMatchObject({ verified: false, status: 'WAITING' });
    }
    expect(await failureOf(check('XXXX', stranger))).toMatchObject({
      guard: 'verificationAttempts',
      decision: { rule: 'verification-attempts:session', limit: 3 },
    });
    expect(await check('XXXX', owner)).toMatchObject({ verified: false });
    expect(await check(codeOf(), owner)).toMatchObject({ verified: true });
  });

  it('the same for a visitor without a subject', async () => {
    const { sms, check, codeOf, clock } = await sharedSession();
    clock.advance(minute);
    await sms.verifications.start({ destination: OWNER });
    for (let turn = 0; turn < 3; turn += 1) await check('XXXX', {});
    expect(await failureOf(check('XXXX', {}))).toMatchObject({ code: 'limit' });
    expect(await check(codeOf(), owner)).toMatchObject({ verified: true });
  });

  it('wrong codes of strangers count against the number and not against the owner', async () => {
    const { sms, clock, emulator } = await withKnownOwner({ guards: { recipient: false, backoff: false } });
    const wrong = async (subject: string, tries = 5) => {
      const { sessionId } = await sms.verifications.start({ destination: OWNER, subject });
      const check = { code: 'XXXX', destination: OWNER, subject };
      for (let turn = 0; turn < tries; turn += 1) await sms.verifications.check(sessionId, check);
      clock.advance(minute);
    };
    for (const subject of ['a', 'b', 'c', 'd']) await wrong(subject);
    expect(await failureOf(wrong('e', 1))).toMatchObject({
      decision: { rule: 'verification-attempts:number', observed: 20, limit: 20 },
    });
    clock.advance(minute);
    const { sessionId } = await sms.verifications.start({ destination: OWNER, ...owner });
    const code = emulator.verifications.at(-1)?.code ?? '';
    const right = { code, destination: OWNER, ...owner, clientIp: '203.0.113.7' };
    expect(await sms.verifications.check(sessionId, right)).toMatchObject({ verified: true });
  });

  it('a visitor is limited over all numbers', async () => {
    const verificationAttempts = { perSubject: { limit: 2, windowMs: minute } };
    const { sms } = testClient({ guards: { recipient: false, backoff: false, verificationAttempts } });
    const errors: unknown[] = [];
    for (let index = 0; index < 3; index += 1) {
      const visitor = { destination: numberOf(index), subject: 'stranger' };
      const { sessionId } = await sms.verifications.start(visitor);
      errors.push(await failureOf(sms.verifications.check(sessionId, { ...visitor, code: 'XXXX' })));
    }
    expect(errors).toMatchObject([
      undefined,
      undefined,
      {
        decision: { rule: 'verification-attempts:subject' },
        message: expect.stringContaining('by this subject'),
      },
    ]);
  });
});

describe('success without a code', () => {
  async function silent(clientIp?: string) {
    const client = testClient({ guards: { recipient: false } });
    const { sms, emulator } = client;
    const { sessionId } = await sms.verifications.start({
      destination: OWNER,
      channel: 'sma',
      clientIp,
      ...owner,
    });
    const read = () => sms.verifications.get(sessionId, { destination: OWNER, ...owner });
    const open = () => emulator.fetch(`https://verify.8x8.com/sma/${sessionId}`);
    return { ...client, read, open };
  }
  /** Whether the owner is let through while a stranger hammers the number. */
  async function isKnown({ sms }: ReturnType<typeof testClient>): Promise<boolean> {
    await failureOf(sms.messages.send({ ...otp, subject: 'stranger' }));
    return (await failureOf(sms.messages.send({ ...otp, ...owner }))) === undefined;
  }

  it('is remembered when the state of the session is read', async () => {
    const client = await silent();
    expect(await client.read()).toMatchObject({ status: 'WAITING' });
    await client.open();
    expect(await client.read()).toMatchObject({ status: 'VERIFIED' });
    expect(await isKnown(client)).toBe(true);
    // Once: reading again ends no wait that began since.
    await client.read();
    expect(client.of('backoff-cleared')).toHaveLength(1);
  });

  it('is remembered when the start says so', async () => {
    const client = await silent('203.0.113.7');
    expect(client.of('backoff-cleared')).toHaveLength(1);
    expect(await isKnown(client)).toBe(true);
  });

  describe('in a session that two visitors were given', () => {
    const stranger = { subject: 'stranger' };

    /** A stranger starts first, and the owner is given the same session a minute later. */
    async function shared(ownersIp?: string) {
      const client = testClient({ guards: { recipient: false, backoff: false } });
      const { verifications } = client.sms;
      const first = await verifications.start({ destination: OWNER, channel: 'sma', ...stranger });
      client.clock.advance(minute);
      const start = { destination: OWNER, channel: 'sma', clientIp: ownersIp, ...owner } as const;
      const second = await failureOf(verifications.start(start));
      const read = (visitor: { subject?: string }) =>
        failureOf(verifications.get(first.sessionId, { destination: OWNER, ...visitor }));
      const open = () => client.emulator.fetch(`https://verify.8x8.com/sma/${first.sessionId}`);
      return { ...client, second, read, open };
    }

    it('verifies nobody: the telephone of the owner would let the stranger in', async () => {
      const { read, open, of } = await shared();
      expect(await read(stranger)).toBeUndefined();
      await open();
      for (const visitor of [stranger, owner]) {
        expect(await read(visitor)).toMatchObject({ guard: 'verification', reason: 'session-shared' });
      }
      expect(of('backoff-cleared')).toEqual([]);
    });

    it('verifies nobody at the start either', async () => {
      const { second, read, of } = await shared('203.0.113.7');
      expect(second).toMatchObject({ reason: 'session-shared' });
      expect(await read(stranger)).toMatchObject({ reason: 'session-shared' });
      expect(of('backoff-cleared')).toEqual([]);
    });

    it('takes a second start without a subject for that of another visitor', async () => {
      const { sms, emulator, clock } = testClient({ guards: { recipient: false, backoff: false } });
      const start = { destination: OWNER, channel: 'sma' } as const;
      const { sessionId } = await sms.verifications.start(start);
      clock.advance(minute);
      await sms.verifications.start(start);
      await emulator.fetch(`https://verify.8x8.com/sma/${sessionId}`);
      expect(await failureOf(sms.verifications.get(sessionId, { destination: OWNER }))).toMatchObject({
        reason: 'session-shared',
      });
    });

    it('lets one visitor start twice', async () => {
      const { sms, emulator, clock } = testClient({ guards: { recipient: false, backoff: false } });
      const start = { destination: OWNER, channel: 'sma', ...owner } as const;
      const { sessionId } = await sms.verifications.start(start);
      clock.advance(minute);
      await sms.verifications.start(start);
      await emulator.fetch(`https://verify.8x8.com/sma/${sessionId}`);
      const read = sms.verifications.get(sessionId, { destination: OWNER, ...owner });
      expect(await read).toMatchObject({ status: 'VERIFIED' });
    });

    it('looks again after 8x8 has answered', async () => {
      let whileReading: (() => Promise<unknown>) | undefined;
      const client = testClient({ guards: { recipient: false, backoff: false } });
      const { sms } = testClient({
        guards: { recipient: false, backoff: false },
        clock: client.clock,
        fetch: async (input, init) => {
          const work = whileReading;
          whileReading = undefined;
          await work?.();
          return client.emulator.fetch(input, init);
        },
      });
      const { sessionId } = await sms.verifications.start({
        destination: OWNER,
        channel: 'sma',
        ...stranger,
      });
      client.clock.advance(minute);
      whileReading = async () => {
        await sms.verifications.start({ destination: OWNER, channel: 'sma', ...owner });
        await client.emulator.fetch(`https://verify.8x8.com/sma/${sessionId}`);
      };
      const read = sms.verifications.get(sessionId, { destination: OWNER, ...stranger });
      expect(await failureOf(read)).toMatchObject({ reason: 'session-shared' });
    });
  });

  it('a session whose visitors cannot be recorded is given to nobody', async () => {
    const client = await silent();
    client.clock.advance(minute);
    const limits = memoryLimits({ clock: client.clock });
    const { sms } = testClient({
      fetch: client.emulator.fetch,
      clock: client.clock,
      limits: {
        settle: (...given) => limits.settle(...given),
        inspect: (...given) => limits.inspect(...given),
        release: (...given) => limits.release(...given),
        async take(scope, requests, options) {
          const rules = requests.flatMap((request) => request.rules);
          if (rules.some(({ id }) => id === 'verification-visitors')) throw new Error('gone');
          return limits.take(scope, requests, options);
        },
      },
    });
    const start = sms.verifications.start({ destination: OWNER, channel: 'sma', ...owner });
    expect(await failureOf(start)).toMatchObject({
      code: 'store',
      message: expect.stringContaining('Use another channel.'),
    });
    client.clock.advance(minute);
    expect(await failureOf(sms.verifications.start({ destination: OWNER, ...owner }))).toBeUndefined();
  });

  it('a store that fails keeps nobody from reading the state', async () => {
    const client = await silent();
    await client.open();
    client.clock.advance(Number.NaN);
    expect(await failureOf(client.read())).toMatchObject({ code: 'store' });
  });
});

describe('the support desk and consent.forget', () => {
  it('show who is known as a number, and forget it', async () => {
    const ledger = memoryConsentLedger();
    const { sms } = await withKnownOwner({
      guards: { consent: { ledger, forgetSecret: 'secret'.repeat(8) } },
    });
    const known = async () => {
      const { counters } = await sms.guards.inspect(OWNER);
      return counters.find(({ rule }) => rule === 'known-subjects')?.count;
    };
    expect(await known()).toBe(1);
    await sms.messages.send({ ...otp, subject: 'stranger', clientIp: '203.0.113.7' });
    const { counters } = await sms.guards.inspect(OWNER, { guard: 'backoff' });
    expect(counters.map(({ rule, count }) => [rule, count])).toEqual([
      ['backoff:otp', 1],
      ['backoff:strangers', 1],
      ['backoff:subject', 1],
      ['backoff:address', 1],
      ['known-subjects', 1],
    ]);
    await sms.guards.release(OWNER, { guard: 'backoff' });
    expect(await known()).toBe(1);
    expect((await sms.guards.inspect(OWNER)).refusals.filter(({ guard }) => guard === 'backoff')).toEqual([]);
    await sms.messages.send({ ...otp, subject: 'stranger', clientIp: '203.0.113.7' });
    await sms.guards.release(OWNER);
    expect(await known()).toBeUndefined();
    const { umid } = await sms.messages.send({ ...otp, ...owner });
    await sms.messages.feedback(umid, { outcome: 'success', destination: OWNER, ...owner });
    expect(await known()).toBe(1);
    await sms.consent.forget(OWNER);
    expect(await known()).toBeUndefined();
    await sms.messages.send({ ...otp, subject: 'stranger' });
    expect(await failureOf(sms.messages.send({ ...otp, ...owner }))).toMatchObject({ reason: 'too-soon' });
  });
});

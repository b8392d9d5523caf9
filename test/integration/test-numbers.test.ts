import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../src/errors.ts';
import { SmsClient, type SmsClientOptions } from '../../src/index.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { createTestClient } from '../../src/testing/create-test-client.ts';
import { numberOf, testClient } from '../support/client.ts';

const destination = numberOf(1);
const CODE = '730915';
const WRONG = '730916';
const subject = 'visitor-7';
const testNumbers = { [destination]: CODE };
const request = {
  destination,
  subject,
  text: ({ code }: { readonly code: string }) => `Your code is ${code}`,
};
const MINUTE_MS = 60_000;

afterEach(() => {
  vi.unstubAllEnvs();
});

function failureOf(options: SmsClientOptions): ConfigurationError {
  try {
    testClient(options);
  } catch (error) {
    return error as ConfigurationError;
  }
  throw new Error('It was not refused');
}

describe('the constructor', () => {
  it('refuses test numbers unless NODE_ENV or the option says that they are meant', () => {
    for (const mode of ['production', '', 'staging']) {
      vi.stubEnv('NODE_ENV', mode);
      const error = failureOf({ testNumbers });
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.option).toBe('testNumbers');
      expect(inspect(error)).not.toContain(CODE);
      expect(() => testClient({ testNumbers, dangerouslyAllowTestNumbers: false })).toThrow('testNumbers');
      expect(testClient({ testNumbers, dangerouslyAllowTestNumbers: true }).sms).toBeInstanceOf(SmsClient);
      expect(testClient().sms).toBeInstanceOf(SmsClient);
      expect(createTestClient({ testNumbers }).sms).toBeInstanceOf(SmsClient);
    }
    for (const mode of ['development', 'test']) {
      vi.stubEnv('NODE_ENV', mode);
      expect(testClient({ testNumbers }).sms).toBeInstanceOf(SmsClient);
    }
  });

  it('refuses what is no number or no code, and shows neither', () => {
    for (const code of ['123', '12345678901', '12 34', '12-34', '', 123_456 as unknown as string]) {
      const error = failureOf({ testNumbers: { [destination]: code } });
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toContain('must be a string of 4 to 10 letters and digits');
      expect(inspect(error)).not.toContain(destination);
    }
    expect(failureOf({ testNumbers: { ...testNumbers, '+65 1': CODE } }).message).toMatch(
      /^testNumbers\[1\] is not a phone number\./,
    );
    const twice = failureOf({ testNumbers: { ...testNumbers, '9100 0001': CODE }, defaultCountry: 'SG' });
    expect(twice.message).toMatch(/^testNumbers\[1\] is the same number/);
    expect(inspect(twice)).not.toContain(CODE);
    expect(failureOf({ testNumbers: [] as never }).message).toContain('testNumbers must be an object');
  });

  it('copies the numbers, and shows no code of them', async () => {
    const given = { ...testNumbers };
    const { sms, emulator } = testClient({ testNumbers: given });
    delete given[destination];
    const { sessionId } = await sms.verifications.start({ destination });
    expect(emulator.requests).toEqual([]);
    expect(await sms.verifications.check(sessionId, { destination, code: CODE })).toMatchObject({
      verified: true,
    });
    expect(inspect(sms, { depth: 9, showHidden: true })).not.toContain(CODE);
  });
});

describe('verifications of a test number', () => {
  it('take the fixed code once, and send nothing', async () => {
    const { sms, emulator, events, of, clock } = testClient({
      testNumbers: { '9100 0001': CODE },
      defaultCountry: 'SG',
    });
    const started = await sms.verifications.start({ destination, subject, codeValidity: 60 });
    const { sessionId } = started;
    expect(started).toMatchObject({
      destination,
      status: 'WAITING',
      attempt: 0,
      expiresAt: new Date(clock.now() + MINUTE_MS).toISOString(),
      retryAt: clock.now() + 30_000,
    });
    const check = { destination, subject, code: ` ${CODE} ` };
    expect(await sms.verifications.check(sessionId, { ...check, code: WRONG })).toMatchObject({
      verified: false,
      status: 'WAITING',
      attempt: 1,
    });
    const checked = await sms.verifications.check(sessionId, check);
    expect(checked).toMatchObject({ verified: true, status: 'VERIFIED', sessionId });
    await expect(sms.verifications.check(sessionId, check)).rejects.toMatchObject({ reason: 'session-used' });
    expect(await sms.verifications.get(sessionId)).toMatchObject({ status: 'VERIFIED', destination });
    expect(emulator.requests).toEqual([]);
    expect(of('test-number-used')).toMatchObject([
      { operation: 'verifications.start', destination: '+65******01', country: 'SG', callingCode: '65' },
      { operation: 'verifications.check' },
      { operation: 'verifications.check' },
    ]);
    expect(of('backoff-cleared')).toHaveLength(1);
    expect(JSON.stringify([events, started, checked])).not.toContain(CODE);
  });

  it('end with the fifth wrong code, also without the guard', async () => {
    const { sms, emulator } = testClient({ testNumbers, guards: { verificationAttempts: false } });
    const { sessionId } = await sms.verifications.start({ destination });
    const statuses: string[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const { status } = await sms.verifications.check(sessionId, { destination, code: WRONG });
      statuses.push(status);
    }
    expect(statuses).toEqual(['WAITING', 'WAITING', 'WAITING', 'WAITING', 'FAILED']);
    expect(await sms.verifications.check(sessionId, { destination, code: CODE })).toMatchObject({
      verified: false,
      status: 'FAILED',
      attempt: 5,
    });
    expect(emulator.requests).toEqual([]);
  });

  it('take one of many right codes at once', async () => {
    const { sms } = testClient({ testNumbers });
    const { sessionId } = await sms.verifications.start({ destination });
    const checks = Array.from({ length: 5 }, () =>
      sms.verifications.check(sessionId, { destination, code: CODE }),
    );
    const settled = await Promise.allSettled(checks);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('pass the guards, which count codes too', async () => {
    const { sms, of } = testClient({
      testNumbers,
      guards: { verificationAttempts: { perSession: { limit: 2, windowMs: MINUTE_MS } } },
    });
    const { sessionId } = await sms.verifications.start({ destination });
    await expect(sms.verifications.start({ destination })).rejects.toMatchObject({ guard: 'backoff' });
    await sms.verifications.check(sessionId, { destination, code: WRONG });
    await sms.verifications.check(sessionId, { destination, code: WRONG });
    await expect(sms.verifications.check(sessionId, { destination, code: CODE })).rejects.toMatchObject({
      guard: 'verificationAttempts',
    });
    expect(of('test-number-used')).toHaveLength(3);
  });

  it('are bound to number, subject and time', async () => {
    const other = numberOf(2);
    const { sms, emulator, clock } = testClient({ testNumbers: { ...testNumbers, [other]: CODE } });
    const { sessionId } = await sms.verifications.start({ destination, subject, codeValidity: 60 });
    const mismatch = { reason: 'session-mismatch' };
    const check = { destination, subject, code: CODE };
    await expect(sms.verifications.check(sessionId, { ...check, destination: other })).rejects.toMatchObject(
      mismatch,
    );
    await expect(sms.verifications.check(sessionId, { ...check, subject: 'x' })).rejects.toMatchObject(
      mismatch,
    );
    await expect(sms.verifications.get(sessionId, { destination: other })).rejects.toMatchObject(mismatch);
    expect(await sms.verifications.get(sessionId, { destination, subject })).toMatchObject({
      status: 'WAITING',
    });
    clock.advance(MINUTE_MS);
    expect(await sms.verifications.check(sessionId, check)).toMatchObject({
      verified: false,
      status: 'EXPIRED',
    });
    expect(emulator.requests).toEqual([]);
  });

  it('know no session of 8x8 for the number, and leave every other number to 8x8', async () => {
    const limits = memoryLimits();
    const real = testClient({ limits });
    const { sessionId } = await real.sms.verifications.start({ destination });
    const { sms, emulator } = testClient({ limits, testNumbers });
    for (const id of [sessionId, 'unknown']) {
      await expect(sms.verifications.check(id, { destination, code: CODE })).rejects.toMatchObject({
        reason: 'session-unknown',
      });
    }
    expect(emulator.requests).toEqual([]);
    const other = await sms.verifications.start({ destination: numberOf(2) });
    await sms.verifications.get(other.sessionId);
    expect(
      await sms.verifications.check(other.sessionId, { destination: numberOf(2), code: CODE }),
    ).toMatchObject({
      verified: false,
    });
    expect(emulator.requests).toHaveLength(3);
  });

  it('also open a silent session with the code', async () => {
    const { sms, emulator } = testClient({ testNumbers });
    const { sessionId } = await sms.verifications.start({
      destination,
      channel: 'sma',
      clientIp: '203.0.113.7',
    });
    expect(await sms.verifications.check(sessionId, { destination, code: CODE })).toMatchObject({
      verified: true,
    });
    expect(emulator.requests).toEqual([]);
  });

  it('do not decide anything when the limit store says nothing', async () => {
    const limits = memoryLimits() as LimitStore & { inspect: unknown };
    const { sms } = testClient({ limits, testNumbers });
    const { sessionId } = await sms.verifications.start({ destination });
    limits.inspect = async () => [];
    await expect(sms.verifications.get(sessionId)).rejects.toMatchObject({ code: 'store' });
  });
});

describe('one-time passwords of a test number', () => {
  it('are the fixed code, count once, and send nothing', async () => {
    const { sms, emulator, events, of } = testClient({ testNumbers });
    const texts: string[] = [];
    const text = ({ code }: { readonly code: string }) => {
      texts.push(code);
      return `Your code is ${code}`;
    };
    const issued = await sms.oneTimePasswords.issue({ ...request, text });
    expect(texts).toEqual([CODE]);
    expect(issued).toMatchObject({ destination, isResend: false, attempts: 0 });
    const check = { destination, subject, code: CODE };
    const wrong = await sms.oneTimePasswords.check({ ...check, code: WRONG });
    expect(wrong).toMatchObject({ verified: false, reason: 'wrong-code', triesLeft: 4 });
    expect(await sms.oneTimePasswords.check(check)).toEqual({ verified: true, destination });
    expect(await sms.oneTimePasswords.check(check)).toMatchObject({ verified: false, reason: 'used' });
    await sms.close();
    expect(emulator.requests).toEqual([]);
    expect(of('test-number-used').map(({ operation }) => operation)).toEqual([
      'oneTimePasswords.issue',
      'oneTimePasswords.check',
      'oneTimePasswords.check',
    ]);
    expect(JSON.stringify([events, issued])).not.toContain(CODE);
  });

  it('end with the fifth wrong code', async () => {
    const { sms, emulator, clock } = testClient({ testNumbers });
    await sms.oneTimePasswords.issue(request);
    await expect(sms.oneTimePasswords.issue(request)).rejects.toMatchObject({ guard: 'backoff' });
    clock.advance(30_000);
    expect(await sms.oneTimePasswords.issue(request)).toMatchObject({ isResend: true });
    const check = { destination, subject, code: CODE };
    for (let tries = 1; tries <= 5; tries += 1) {
      expect(await sms.oneTimePasswords.check({ ...check, code: WRONG })).toMatchObject({
        triesLeft: 5 - tries,
      });
    }
    expect(await sms.oneTimePasswords.check(check)).toMatchObject({
      verified: false,
      reason: 'too-many-tries',
    });
    expect(emulator.requests).toEqual([]);
  });

  it('replace a code that was drawn before the number was reserved', async () => {
    const limits = memoryLimits();
    const guards = { backoff: false } as const;
    const before = testClient({ limits, guards, oneTimePasswords: { codeLength: 8 } });
    await before.sms.oneTimePasswords.issue(request);
    const { sms } = testClient({ limits, guards, testNumbers });
    expect(await sms.oneTimePasswords.issue(request)).toMatchObject({ isResend: false });
    expect(await sms.oneTimePasswords.check({ destination, subject, code: CODE })).toMatchObject({
      verified: true,
    });
  });

  it('warn in the log, and leave other messages alone', async () => {
    const lines: string[] = [];
    const warn = (line: string) => void lines.push(line);
    const logger = { debug() {}, info() {}, warn, error() {} };
    const { sms, emulator } = testClient({ testNumbers, logger });
    await sms.oneTimePasswords.issue(request);
    expect(lines).toEqual([
      expect.stringContaining('test-number-used +65******01 operation=oneTimePasswords.issue'),
    ]);
    await sms.messages.send({ destination, text: 'Hello' });
    expect(emulator.messages).toMatchObject([{ text: 'Hello' }]);
  });
});

import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as errors from '../../src/errors.ts';
import { guardError } from '../../src/guards/registry.ts';
import { maskNumber } from '../../src/internal/redact.ts';
import { VERSION } from '../../src/internal/version.ts';

const {
  AbortedError,
  ApiError,
  ConfigurationError,
  ConsentError,
  GuardError,
  InvalidPhoneNumberError,
  LimitError,
  MessageRejectedError,
  SmsError,
} = errors;

const decision = {
  guard: 'recipient',
  reason: 'over-limit',
  mode: 'enforce',
  explanation: 'No.',
  retryAfterMs: 5,
} as const;
const restricted = {
  message: 'No.',
  decision: { ...decision, guard: 'restriction', reason: 'country-not-allowed' },
} as const;
const guard = { message: 'No.', decision, clientMessageId: 'id-1' };
const api = { message: 'Oops', submission: 'unknown', status: 500, attempts: 2 } as const;
const lost = { message: 'Lost', submission: 'unknown', reason: 'reset', attempts: 1 } as const;

/** One of each class: [class, error, code, name, submission, classes above it]. */
function everyError(from: typeof errors) {
  return [
    [
      from.ConfigurationError,
      new from.ConfigurationError('x', 'apiKey'),
      'configuration',
      'not-submitted',
      [],
    ],
    [from.ValidationError, new from.ValidationError('x', 'text', 'id'), 'validation', 'not-submitted', []],
    [from.GuardError, new from.GuardError(guard), 'guard', 'not-submitted', []],
    [
      from.InvalidPhoneNumberError,
      new from.InvalidPhoneNumberError(guard),
      'invalid-phone-number',
      'not-submitted',
      [from.GuardError],
    ],
    [from.ConsentError, new from.ConsentError(guard), 'consent', 'not-submitted', [from.GuardError]],
    [from.LimitError, new from.LimitError(guard), 'limit', 'not-submitted', [from.GuardError]],
    [
      from.RestrictionError,
      new from.RestrictionError(restricted),
      'restriction',
      'not-submitted',
      [from.GuardError],
    ],
    [from.ApiError, new from.ApiError(api), 'api', 'unknown', []],
    [from.BadRequestError, new from.BadRequestError(api), 'bad-request', 'unknown', [from.ApiError]],
    [
      from.AuthenticationError,
      new from.AuthenticationError(api),
      'authentication',
      'unknown',
      [from.ApiError],
    ],
    [
      from.PermissionDeniedError,
      new from.PermissionDeniedError(api),
      'permission-denied',
      'unknown',
      [from.ApiError],
    ],
    [from.NotFoundError, new from.NotFoundError(api), 'not-found', 'unknown', [from.ApiError]],
    [from.RateLimitError, new from.RateLimitError(api), 'rate-limit', 'unknown', [from.ApiError]],
    [
      from.TlsUpgradeRequiredError,
      new from.TlsUpgradeRequiredError(api),
      'tls-upgrade-required',
      'unknown',
      [from.ApiError],
    ],
    [from.ServerError, new from.ServerError(api), 'server', 'unknown', [from.ApiError]],
    [from.ConnectionError, new from.ConnectionError(lost), 'connection', 'unknown', []],
    [from.TimeoutError, new from.TimeoutError(lost), 'timeout', 'unknown', [from.ConnectionError]],
    [
      from.AbortedError,
      new from.AbortedError({ message: 'x', submission: 'not-submitted' }),
      'aborted',
      'not-submitted',
      [],
    ],
    [from.QueueFullError, new from.QueueFullError(9, 'x', 'id'), 'queue-full', 'not-submitted', []],
    [from.StoreError, new from.StoreError('x', 'id'), 'store', 'not-submitted', []],
    [
      from.MessageRejectedError,
      new from.MessageRejectedError({ description: 'Unroutable', clientMessageId: 'id' }),
      'message-rejected',
      'rejected',
      [],
    ],
    [
      from.WebhookError,
      new from.WebhookError({ message: 'x', reason: 'malformed', status: 400, path: 'payload.umid' }),
      'webhook',
      'not-submitted',
      [],
    ],
  ] as const;
}

const ALL = everyError(errors);

describe('every error', () => {
  it('is listed here, so that a new class gets a test', () => {
    const classes = Object.values(errors).filter((value) => typeof value === 'function');
    expect(new Set([SmsError, ...ALL.map(([each]) => each)])).toEqual(new Set(classes));
  });

  it.each(ALL)('%o has its code, name, submission and place', (Class, error, code, submission, above) => {
    expect(error.code).toBe(code);
    expect(error.name).toBe(Class === AbortedError ? 'AbortError' : Class.kind);
    expect(error.submission).toBe(submission);
    expect(error).toBeInstanceOf(SmsError);
    expect(error).toBeInstanceOf(Error);
    const belongs = [Class, SmsError, ...above] as (typeof SmsError)[];
    for (const [Other] of ALL) {
      const asked = Other as unknown as typeof SmsError;
      expect(asked.isInstance(error), Other.kind).toBe(belongs.includes(asked));
    }
    expect(SmsError.isInstance(error)).toBe(true);
  });

  it.each(ALL)('%o names the entry of the page that explains it', (_Class, error, code) => {
    const isOfGuard = GuardError.isInstance(error);
    const entry = isOfGuard ? error.reason : code;
    expect(error.docUrl).toBe(
      `https://github.com/OWNER/8x8-sms-guard/blob/v${VERSION}/docs/troubleshooting.md#${entry}`,
    );
    const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
    expect(page).toContain(`\n### \`${entry}\`\n`);
    expect(inspect(error)).toContain(error.docUrl);
    expect(JSON.stringify(error)).toContain(error.docUrl);
  });

  it('has a code of its own', () => {
    const codes = ALL.map(([, , code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it.each(ALL)('%o can be logged: JSON and inspect show its fields and nothing live', (_Class, error) => {
    const json = JSON.parse(JSON.stringify(error)) as Record<string, unknown>;
    expect(json).toMatchObject({
      name: error.name,
      message: error.message,
      code: error.code,
      submission: error.submission,
    });
    expect(json).not.toHaveProperty('stack');
    expect(inspect(error)).toContain(error.message);
    expect(error).not.toHaveProperty('cause');
    for (const key of Reflect.ownKeys(error)) {
      const value = (error as unknown as Record<PropertyKey, unknown>)[key];
      expect(['string', 'number', 'boolean', 'object'], String(key)).toContain(typeof value);
      // Data and nothing else: a copy by JSON is the same.
      if (typeof key === 'string' && typeof value === 'object') {
        expect(JSON.parse(JSON.stringify(value)), key).toEqual(value);
      }
    }
  });

  it('leaves out the fields that are not known', () => {
    expect(Object.keys(new ConfigurationError('x'))).not.toContain('option');
    expect(Object.keys(new ApiError(api))).toEqual(
      expect.not.arrayContaining(['apiCode', 'errorId', 'timestamp', 'retryAfterMs', 'clientMessageId']),
    );
    expect(
      Object.keys(new GuardError({ ...guard, decision: { ...decision, retryAfterMs: undefined } as never })),
    ).not.toContain('retryAfterMs');
    expect(Object.keys(new MessageRejectedError({ description: '' }))).not.toContain('umid');
  });
});

describe('isInstance', () => {
  it.each([undefined, null, 1, 'LimitError', {}, [], new Error('x'), { code: 'limit' }, () => {}])(
    'is false for %o',
    (value) => {
      expect(SmsError.isInstance(value)).toBe(false);
      expect(LimitError.isInstance(value)).toBe(false);
    },
  );

  it('is false for what only looks like it', () => {
    expect(SmsError.isInstance({ [Symbol.for('8x8-sms-guard/error-kinds')]: 'SmsError' })).toBe(false);
  });

  it('is true across two copies of the module, where instanceof is false', async () => {
    vi.resetModules();
    const copy = await import('../../src/errors.ts');
    expect(copy.LimitError).not.toBe(LimitError);
    for (const [place, [Class, error]] of everyError(copy).entries()) {
      const Ours = ALL[place]?.[0] as unknown as typeof SmsError;
      expect(error, Class.kind).not.toBeInstanceOf(Ours);
      expect(Ours.isInstance(error), Class.kind).toBe(true);
      expect(SmsError.isInstance(error)).toBe(true);
    }
    expect(LimitError.isInstance(new copy.ConsentError(guard))).toBe(false);
  });

  it('is true between the CommonJS and the ESM build, minified', async () => {
    async function bundle(format: 'cjs' | 'esm'): Promise<string> {
      const entryPoints = ['src/errors.ts'];
      const { outputFiles } = await build({ entryPoints, bundle: true, minify: true, write: false, format });
      return outputFiles[0]?.text ?? '';
    }
    const module: { exports: typeof errors } = { exports: errors };
    new Function('module', 'exports', await bundle('cjs'))(module, module.exports);
    const esm = (await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(await bundle('esm'))}`
    )) as typeof errors;
    expect(module.exports.LimitError).not.toBe(esm.LimitError);
    for (const [place, [Class, error]] of everyError(module.exports).entries()) {
      const Theirs = everyError(esm)[place]?.[0] as unknown as typeof SmsError;
      expect(error).not.toBeInstanceOf(Theirs);
      expect(Theirs.isInstance(error), Class.kind).toBe(true);
      expect(error.name).toBe(Class.kind === 'AbortedError' ? 'AbortError' : Class.kind);
    }
  });
});

describe('text from outside', () => {
  const id = '6d56ca04-64aa-41fa-8b16-c3d1ebfce696';

  it('keeps code, errorId and timestamp of 8x8, and nothing in their place', () => {
    const kept = { apiCode: 1002, errorId: id, timestamp: '2026-11-22T09:00:00.123Z', retryAfterMs: 5 };
    expect(new ApiError({ ...api, ...kept })).toMatchObject(kept);
    const late = new ApiError({ ...api, timestamp: '2026-11-22T6591726354Z' });
    expect(late).not.toHaveProperty('timestamp');
    const forged = new ApiError({ ...api, errorId: '+6591726354', timestamp: 'sent to +6591726354' });
    expect(forged).not.toHaveProperty('errorId');
    expect(forged).not.toHaveProperty('timestamp');
  });

  it('keeps a umid of 8x8, and no echo in its place', () => {
    expect(new MessageRejectedError({ description: 'x', umid: id }).umid).toBe(id);
    expect(new MessageRejectedError({ description: 'x', umid: '6591726354' })).not.toHaveProperty('umid');
  });

  it('masks numbers, hides secrets and escapes control characters', () => {
    const message = 'bad +65 9172 6354 of key s3cret-key\u001b[31m\nforged line';
    const error = new ApiError({ ...api, message, secrets: ['s3cret-key'] });
    expect(error.message).toBe('bad +65******54 of key [redacted]\\u001b[31m\\u000aforged line');
    const rejected = new MessageRejectedError({ description: message });
    expect(rejected.description).toContain('+65******54');
    expect(rejected.message).toMatch(/^8x8 rejected the message: bad .* Nothing was sent\.$/);
    expect(new MessageRejectedError({ description: '' }).message).toContain('no reason given');
  });

  it('bounds what it keeps', () => {
    expect(new ApiError({ ...api, message: 'x'.repeat(100_000) }).message.length).toBeLessThan(700);
  });
});

describe('guardError', () => {
  it.each([
    ['phone', InvalidPhoneNumberError],
    ['consent', ConsentError],
    ['recipient', LimitError],
    ['backoff', LimitError],
    ['prefix', LimitError],
    ['idempotency', LimitError],
    ['content', GuardError],
    ['countries', GuardError],
    ['undeliverable', GuardError],
    ['verificationAttempts', LimitError],
    ['verification', GuardError],
  ] as const)('gives the class of %s', (name, Class) => {
    const error = guardError({ ...decision, guard: name }, 'No.', 'id-1');
    expect(error.constructor).toBe(Class);
    expect(error).toMatchObject({
      guard: name,
      reason: 'over-limit',
      retryAfterMs: 5,
      clientMessageId: 'id-1',
      message: 'No. Nothing was sent.',
    });
  });

  it('shows no 5 digits of any number in a decision', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9]\d{6,14}$/), (number) => {
        const error = guardError({ ...decision, destination: maskNumber(number) }, 'No.');
        expect(inspect(error.decision.destination)).not.toMatch(/\d{5}/);
      }),
    );
  });
});

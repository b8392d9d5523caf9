import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SmsClientOptions } from '../../../src/config/options.ts';
import { logListener } from '../../../src/internal/log-events.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { failureOf } from '../../support/transport.ts';

const createLogger = () => ({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() });
const message = { destination: numberOf(1), text: 'Your code is 4711' };
const typesOf = (log: ReturnType<typeof vi.fn>): string[] =>
  log.mock.calls.map(([line]) => String(line).replace(/^8x8-sms-guard: (\S+).*/s, '$1'));

describe('the logger', () => {
  it('gets what went well at debug', async () => {
    const logger = createLogger();
    const { sms, events } = testClient({ logger, logLevel: 'debug' });
    await sms.messages.send(message);
    expect(typesOf(logger.debug)).toEqual([
      'message-admitted',
      'attempt-started',
      'attempt-finished',
      'message-sent',
    ]);
    expect(logger.debug.mock.calls.map(([, fields]) => fields)).toEqual(events);
    for (const quiet of [logger.info, logger.warn, logger.error]) expect(quiet).not.toHaveBeenCalled();
  });

  it('gets what a guard refused at info, what failed at warn', async () => {
    const logger = createLogger();
    const { sms, emulator } = testClient({ logger, logLevel: 'info', onEvent: undefined });
    await failureOf(sms.messages.send({ ...message, text: 'Hi {{name}}' }));
    emulator.failNext('500');
    await failureOf(sms.messages.send(message));
    expect(typesOf(logger.info)).toEqual(['message-blocked']);
    expect(typesOf(logger.warn)).toEqual(['message-failed']);
    expect(logger.debug).not.toHaveBeenCalled();
  });

  it('gets a store that failed at error', async () => {
    const logger = createLogger();
    const limits = memoryLimits();
    vi.spyOn(limits, 'take').mockRejectedValue(new Error('down'));
    const { sms } = testClient({ logger, limits });
    await failureOf(sms.messages.send(message));
    expect(typesOf(logger.error)).toEqual(['store-failed']);
  });

  it('writes each event at the level that docs/options.md names', () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../../docs/options.md'), 'utf8');
    const [, events = '', levels = ''] = page.split(/^## Events$|^### `logger`$/m);
    const types = Array.from(events.matchAll(/^\| `([a-z-]+)` \|/gm), ([, type = '']) => type);
    expect(types.length).toBeGreaterThan(30);
    for (const type of types) {
      const documented = ['error', 'warn', 'info'].find((level) =>
        new RegExp(`^\\| \`${level}\` \\|.*\`${type}\``, 'm').test(levels),
      );
      const logger = createLogger();
      void logListener(logger, 'debug')({ type, at: 0 } as never, { context: undefined });
      expect([type, Object.entries(logger).find(([, log]) => log.mock.calls.length > 0)?.[0]]).toEqual([
        type,
        documented ?? 'debug',
      ]);
    }
  });

  it('may be broken', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const { sms } = testClient({ logger: { debug: broken, info: broken, warn: broken, error: broken } });
    expect(await sms.messages.send(message)).toMatchObject({ status: 'accepted' });
  });

  it('hands on the promise of an asynchronous logger, so that its failure is looked after', () => {
    const pending = Promise.resolve();
    const logger = { ...createLogger(), debug: () => pending };
    const event = { type: 'attempt-started', at: 0 } as never;
    expect(logListener(logger, 'debug')(event, { context: undefined })).toBe(pending);
  });
});

describe('the lines', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  it('say guard, reason, masked number and the wait by themselves', async () => {
    const logger = createLogger();
    const recipient = { limit: 1, windowMs: 1_800_000 };
    const { sms } = testClient({ logger, logLevel: 'info', guards: { recipient } });
    const sent = { ...message, clientMessageId: 'order-17' };
    await sms.messages.send(sent);
    await failureOf(sms.messages.send(sent));
    expect(logger.info.mock.calls).toEqual([
      [
        '8x8-sms-guard: message-blocked +65******01 by recipient: over-limit, 1 of 1 in 30 min, retry in 30 min id=order-17',
        expect.objectContaining({ type: 'message-blocked', country: 'SG', callingCode: '65' }),
      ],
    ]);
  });

  it('say what else happened, with texts quoted and without a directive for a formatter', () => {
    const logger = createLogger();
    const event = {
      type: 'message-rejected',
      at: 0,
      destination: '+65******01',
      description: '100%o and 5%%s',
    };
    void logListener(logger, 'info')(event as never, { context: undefined });
    const [line] = logger.info.mock.calls[0] as [string];
    expect(line).toBe('8x8-sms-guard: message-rejected +65******01 description="100% o and 5% % s"');
    expect(format(line, { leaked: true })).toBe(`${line} { leaked: true }`);
  });

  it('say that it is an outage', () => {
    const logger = createLogger();
    const decision = { guard: 'consent', reason: 'threw', mode: 'enforce', outage: true, limit: 3 };
    const event = { type: 'message-blocked', at: 0, destination: '****', clientMessageId: 'x', decision };
    void logListener(logger, 'info')(event as never, { context: undefined });
    expect(logger.info.mock.calls[0]?.[0]).toBe(
      '8x8-sms-guard: message-blocked **** by consent: threw, ? of 3 (outage) id=x',
    );
  });
});

describe('logLevel', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });
  const silent = createLogger();
  const linesOf = async (options: SmsClientOptions) => {
    const logger = createLogger();
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation(logger[level]);
    }
    const { sms, emulator } = testClient({ onEvent: undefined, ...options });
    emulator.failNext('500');
    await failureOf(sms.messages.send(message));
    await failureOf(sms.messages.send({ ...message, text: 'Hi {{name}}' }));
    return Object.entries(logger).flatMap(([level, log]) => (log.mock.calls.length > 0 ? [level] : []));
  };

  it('is warn by default, and none is written without a logger', async () => {
    expect(await linesOf({ logger: console })).toEqual(['warn']);
    expect(await linesOf({ logger: silent })).toEqual([]);
    expect(await linesOf({})).toEqual([]);
  });

  it('comes from the option, else from EIGHTBYEIGHT_LOG, and then goes to the console', async () => {
    expect(await linesOf({ logLevel: 'debug' })).toEqual(['debug', 'info', 'warn']);
    vi.stubEnv('EIGHTBYEIGHT_LOG', 'info');
    expect(await linesOf({})).toEqual(['info', 'warn']);
    expect(await linesOf({ logLevel: 'off' })).toEqual([]);
    vi.stubEnv('EIGHTBYEIGHT_LOG', 'loud');
    expect(() => testClient()).toThrow('EIGHTBYEIGHT_LOG must be one of off, error, warn, info, debug.');
    expect(() => testClient({ logLevel: 'error' })).not.toThrow();
  });
});

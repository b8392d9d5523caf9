import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { logListener } from '../../../src/internal/log-events.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import { numberOf, testClient } from '../../support/client.ts';
import { failureOf } from '../../support/transport.ts';

const createLogger = () => ({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() });
const message = { destination: numberOf(1), text: 'Your code is 4711' };
const typesOf = (log: ReturnType<typeof vi.fn>): string[] =>
  log.mock.calls.map(([line]) => String(line).replace(/^8x8-sms-guard: /, ''));

describe('the logger', () => {
  it('gets what went well at debug', async () => {
    const logger = createLogger();
    const { sms, events } = testClient({ logger });
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
    const { sms, emulator } = testClient({ logger, onEvent: undefined });
    await failureOf(sms.messages.send({ ...message, text: 'Hi {{name}}' }));
    emulator.failNext('500');
    await failureOf(sms.messages.send(message));
    expect(typesOf(logger.info)).toEqual(['message-blocked']);
    expect(typesOf(logger.warn)).toEqual(['attempt-failed', 'message-failed']);
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
      void logListener(logger)({ type, at: 0 } as never, { context: undefined });
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
    expect(logListener(logger)(event, { context: undefined })).toBe(pending);
  });
});

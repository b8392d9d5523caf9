import { describe, expect, it } from 'vitest';
import { GuardError, LimitError } from '../../../src/errors.ts';
import { guardError } from '../../../src/guards/registry.ts';
import {
  createUndeliverableGuard,
  undeliverableField,
  undeliverableSettings,
} from '../../../src/guards/undeliverable.ts';
import { decisionOfViolation, describeViolation } from '../../../src/guards/violation.ts';
import { validate } from '../../../src/schema.ts';
import { DELIVERY_ERROR_CODES } from '../../../src/webhooks/delivery-error-codes.ts';
import { messageOf } from '../../support/outgoing-message.ts';

const DAY_MS = 86_400_000;

describe('undeliverable', () => {
  it.each(['otp', 'transactional', 'marketing'] as const)(
    'reads one block for a message of purpose %s',
    (purpose) => {
      const guard = createUndeliverableGuard({});
      expect(guard.name).toBe('undeliverable');
      expect(guard.rules?.(messageOf({ purpose, destination: '+6591234567' }))).toEqual([
        {
          kind: 'block',
          id: 'undeliverable',
          guard: 'undeliverable',
          key: 6591234567,
          mode: 'enforce',
          windowMs: DAY_MS,
        },
      ]);
    },
  );

  it('knows one person by every spelling of the number', () => {
    const keyOf = (destination: string) =>
      createUndeliverableGuard({}).rules?.(messageOf({ destination }))[0]?.key;
    expect(keyOf('+5491123456789')).toBe(keyOf('+541123456789'));
  });

  it('has its mode, its time and its codes from the options, copied', () => {
    const errorCodes = [15];
    const settings = undeliverableSettings({ mode: 'monitor', forMs: 5_000, errorCodes });
    errorCodes.push(59);
    expect(settings).toMatchObject({ mode: 'monitor', forMs: 5_000, errorCodes: new Set([15]) });
    expect(settings.ruleOf(1)).toMatchObject({ mode: 'monitor', windowMs: 5_000 });
    expect(createUndeliverableGuard({ mode: 'monitor' }).mode).toBe('monitor');
  });

  it('goes by every code that means no such number, by default', () => {
    const codes = DELIVERY_ERROR_CODES.filter(({ kind }) => kind === 'no-such-number').map(
      ({ code }) => code,
    );
    expect([...undeliverableSettings({}).errorCodes]).toEqual(codes);
    expect(codes).toEqual([59]);
  });

  it.each([
    [{ forMs: 999 }, 'undeliverable.forMs must be a whole number from 1000 to 2678400000'],
    [{ forMs: 32 * DAY_MS }, 'undeliverable.forMs must be'],
    [{ errorCodes: [] }, 'undeliverable.errorCodes must be an array of 1 to 100 entries.'],
    [{ errorCodes: [0] }, 'undeliverable.errorCodes[0] must be a whole number from 1'],
    [{ mode: 'watch' }, 'undeliverable.mode must be one of "enforce", "monitor".'],
    [{ forms: 1 }, 'Did you mean "forMs"?'],
    [true, 'undeliverable must be false or an object of options, not a boolean.'],
  ])('refuses %j', (options, message) => {
    expect(validate(undeliverableField, options, 'undeliverable')?.message).toContain(message);
  });

  it('takes false, and every option within its bounds', () => {
    for (const options of [
      false,
      {},
      { mode: 'monitor', forMs: 1_000, errorCodes: [1, 59] },
      { forMs: 31 * DAY_MS },
    ]) {
      expect(validate(undeliverableField, options)).toBeUndefined();
    }
  });

  it('says who reported what, until when, and what lifts it', () => {
    const rule = undeliverableSettings({}).ruleOf(6591234567);
    const violation = { rule, reason: 'blocked-number', observed: 1, retryAfterMs: 3_600_000 } as const;
    const error = guardError(
      decisionOfViolation(violation, messageOf({ destination: '+6591234567' }), [violation]),
      describeViolation(violation),
    );
    expect(error.message).toBe(
      'The network reported that this number does not exist. If it does, lift the block with guards.release. ' +
        'Try again in 1 h. Nothing was sent.',
    );
    // Not a LimitError: whoever queues those for later would keep money for a number that nobody has.
    expect(error).toBeInstanceOf(GuardError);
    expect(error).not.toBeInstanceOf(LimitError);
    expect(error).toMatchObject({
      code: 'guard',
      reason: 'blocked-number',
      retryAfterMs: 3_600_000,
      decision: { rule: 'undeliverable', destination: '+65******67', observed: 1, windowMs: DAY_MS },
    });
  });
});

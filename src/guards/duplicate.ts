import { digestOf } from '../internal/digest.ts';
import { createSlices } from '../internal/slices.ts';
import { type LimitRule, MAX_WINDOW_MS } from '../limits/limit-store.ts';
import { purposesField } from '../purposes.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, integer, object, oneOf } from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { Guard, GuardMode, OutgoingMessage } from './guard.ts';

/**
 * Refuses a text that the same number received a short time ago: a retry of a whole job, a queue that delivers twice, a list that names
 * a person twice. The limit store receives a hash and never the text.
 *
 * @example duplicate: { windowMs: 86_400_000, purposes: ['marketing'] }
 */
export interface DuplicateGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /** Milliseconds in which a number receives a text only once, 1 second to 31 days. @default 600_000, ten minutes (chosen by this package) */
  readonly windowMs?: number | undefined;
  /**
   * Purposes that are checked. A person who requests a one-time password again wants it again, so `otp` is not among them.
   * @default ['transactional', 'marketing']
   */
  readonly purposes?: readonly Purpose[] | undefined;
}

const fields: Fields<DuplicateGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  windowMs: integer({ min: 1_000, max: MAX_WINDOW_MS, unit: 'milliseconds, 1 second to 31 days' }),
  purposes: purposesField,
};
export const duplicateField = falseOr(object(fields, FALSE_OR_OPTIONS));

const DEFAULT_WINDOW_MS = 600_000;

/** The sentence for a text that was sent before. */
export function describeDuplicateRule(): string {
  return 'This number received the same text a short time ago (guards.duplicate.windowMs). If it is another message, change its text.';
}

/** Refuses the same text to the same number. */
export function createDuplicateGuard(options: DuplicateGuardOptions): Guard<'duplicate'> {
  const { mode = 'enforce', windowMs = DEFAULT_WINDOW_MS } = options;
  const purposes: ReadonlySet<Purpose> = new Set(options.purposes ?? ['transactional', 'marketing']);
  /** Hashes of messages: rules are asked for synchronously, and every look at a message needs them. */
  const hashes = new WeakMap<OutgoingMessage, string>();
  const guard = 'duplicate';

  async function hash(message: OutgoingMessage): Promise<void> {
    const { content, purpose, channel, phone } = message;
    // The code of a verification is made by 8x8: its text is not known yet.
    if (content === undefined || channel !== undefined || !purposes.has(purpose)) return;
    if (!hashes.has(message)) hashes.set(message, await digestOf([guard, phone.key, content.text]));
  }

  return {
    name: guard,
    mode,
    async ask(messages, { signal }) {
      const slices = createSlices();
      for (const message of messages) {
        await hash(message);
        if (slices.isDue()) await slices.yield();
        signal?.throwIfAborted();
      }
      return [];
    },
    rules(message): readonly LimitRule[] {
      const key = hashes.get(message);
      return key === undefined
        ? []
        : [{ kind: 'window', id: 'duplicate:text', guard, key, mode, limit: 1, windowMs }];
    },
  };
}

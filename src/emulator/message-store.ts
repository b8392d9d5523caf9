import type { Clock } from '../types.ts';
import { forgetOldest } from './forget-oldest.ts';
import type { IdSource } from './ids.ts';
import {
  type EmulatedMessage,
  MASKED,
  type MessageDraft,
  type MessageOrigin,
  maskedDestination,
} from './message.ts';
import { MICROS, type PriceTable } from './prices.ts';
import type { CreateTable } from './table.ts';

/** The messages of one emulator. */
export interface MessageStore {
  /** All messages in order of acceptance. */
  readonly all: () => readonly EmulatedMessage[];
  find(subAccountId: string, umid: string): EmulatedMessage | undefined;
  /** Finds a message of any sub-account. */
  get(umid: string): EmulatedMessage | undefined;
  accept(draft: MessageDraft, origin: MessageOrigin): EmulatedMessage;
  /** Replaces some fields of a message. */
  change(message: EmulatedMessage, changes: Partial<EmulatedMessage>): EmulatedMessage;
  cancel(message: EmulatedMessage): boolean;
  /** Cancels the messages of a batch that are still scheduled, and returns their number; undefined for an unknown batch. */
  cancelBatch(subAccountId: string, batchId: string): number | undefined;
  removePersonalData(message: EmulatedMessage): void;
  /** Total price of everything accepted and not cancelled, in millionths of the currency. */
  readonly spentMicros: () => number;
  clear(): void;
}

export interface MessageStoreOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly prices: PriceTable;
  readonly maxKept: number;
  readonly createTable: CreateTable;
}

export function createMessageStore(options: MessageStoreOptions): MessageStore {
  const { clock, ids, prices, maxKept, createTable } = options;
  const messages = createTable<string, EmulatedMessage>('messages');
  const scheduled = new Set<string>();
  let nextDueAt = Number.POSITIVE_INFINITY;
  let spentMicros = 0;
  let listed: readonly EmulatedMessage[] | undefined;
  for (const message of messages.values()) countIn(message);

  function countIn({ umid, state, scheduledAt, price }: EmulatedMessage): void {
    spentMicros += Math.round(price.total * MICROS);
    if (state !== 'scheduled' || scheduledAt === undefined) return;
    scheduled.add(umid);
    nextDueAt = Math.min(nextDueAt, scheduledAt);
  }

  function change(message: EmulatedMessage, changes: Partial<EmulatedMessage>): EmulatedMessage {
    const changed = { ...message, ...changes };
    spentMicros += Math.round(changed.price.total * MICROS) - Math.round(message.price.total * MICROS);
    messages.set(message.umid, changed);
    listed = undefined;
    return changed;
  }

  /** Marks scheduled messages as sent when they are due. No timer runs, so this happens on every read. */
  function sendDue(): void {
    const now = clock.now();
    if (now < nextDueAt) return;
    nextDueAt = Number.POSITIVE_INFINITY;
    for (const umid of scheduled) {
      const message = messages.get(umid);
      const dueAt = message?.scheduledAt ?? 0;
      if (message === undefined) scheduled.delete(umid);
      else if (dueAt <= now) {
        scheduled.delete(umid);
        change(message, { state: 'sent', updatedAt: dueAt });
      } else nextDueAt = Math.min(nextDueAt, dueAt);
    }
  }

  function cancel(message: EmulatedMessage): boolean {
    if (message.state !== 'scheduled') return false;
    scheduled.delete(message.umid);
    change(message, {
      state: 'cancelled',
      updatedAt: clock.now(),
      price: { ...message.price, total: 0 },
    });
    return true;
  }

  return {
    all() {
      sendDue();
      listed ??= [...messages.values()];
      return listed;
    },
    find(subAccountId, umid) {
      sendDue();
      const message = messages.get(umid.toLowerCase());
      return message?.subAccountId === subAccountId ? message : undefined;
    },
    get(umid) {
      sendDue();
      return messages.get(umid.toLowerCase());
    },
    accept(draft, origin) {
      const now = clock.now();
      const totalMicros = prices.perPartMicros(draft.country) * draft.parts;
      const message: EmulatedMessage = {
        ...draft,
        ...origin,
        umid: ids.uuid(),
        state: draft.scheduledAt === undefined ? 'sent' : 'scheduled',
        createdAt: now,
        updatedAt: now,
        price: {
          perSms: prices.perPartMicros(draft.country) / MICROS,
          total: totalMicros / MICROS,
          currency: prices.currency,
        },
        personalDataRemoved: false,
      };
      messages.set(message.umid, message);
      listed = undefined;
      countIn(message);
      forgetOldest(messages, maxKept);
      return message;
    },
    change,
    cancel,
    cancelBatch(subAccountId, batchId) {
      sendDue();
      let cancelled: number | undefined;
      for (const message of messages.values()) {
        if (message.subAccountId !== subAccountId || message.batchId !== batchId.toLowerCase()) continue;
        cancelled = (cancelled ?? 0) + (cancel(message) ? 1 : 0);
      }
      return cancelled;
    },
    removePersonalData(message) {
      change(message, {
        destination: maskedDestination(message.destination),
        text: MASKED,
        personalDataRemoved: true,
        ...(message.templateVariables && { templateVariables: {} }),
      });
    },
    spentMicros: () => spentMicros,
    clear() {
      messages.clear();
      scheduled.clear();
      nextDueAt = Number.POSITIVE_INFINITY;
      spentMicros = 0;
      listed = undefined;
    },
  };
}

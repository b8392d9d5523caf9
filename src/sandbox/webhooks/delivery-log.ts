import type { CreateTable } from '../../emulator/table.ts';
import type { WebhookBody } from '../../emulator/webhooks/webhook-bodies.ts';

/** One attempt to post a webhook. */
export interface DeliveryAttempt {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** Status of the response; absent when there was none. */
  readonly status?: number;
  /** Why there was no response. */
  readonly error?: string;
}

/** A webhook with its attempts. */
export interface DeliveryRecord {
  readonly id: number;
  readonly subAccountId: string;
  readonly url: string;
  readonly event: WebhookBody;
  readonly attempts: readonly DeliveryAttempt[];
  /** `refused`: the sandbox may not post to that host. */
  readonly state: 'waiting' | 'delivered' | 'failed' | 'refused';
  /** Beginning of the receiver's last response. */
  readonly response?: string;
  /** When the next attempt is due, in epoch milliseconds. */
  readonly nextAt?: number;
}

/** The latest webhooks. */
export interface DeliveryLog {
  add(delivery: Omit<DeliveryRecord, 'id'>): DeliveryRecord;
  change(id: number, changes: Partial<DeliveryRecord>): DeliveryRecord | undefined;
  get(id: number): DeliveryRecord | undefined;
  all(): Iterable<DeliveryRecord>;
  clear(): void;
}

const MAX_DELIVERIES = 20_000;
const DELIVERIES = 'deliveries';

export function createDeliveryLog(createTable: CreateTable): DeliveryLog {
  const table = createTable<number, DeliveryRecord>(DELIVERIES);
  let nextId = 1;
  for (const id of table.keys()) nextId = Math.max(nextId, id + 1);
  return {
    add(delivery) {
      const record = { ...delivery, id: nextId };
      nextId += 1;
      table.set(record.id, record);
      for (const oldest of table.keys()) {
        if (table.size <= MAX_DELIVERIES) break;
        table.delete(oldest);
      }
      return record;
    },
    change(id, changes) {
      const known = table.get(id);
      if (known === undefined) return undefined;
      const changed = { ...known, ...changes };
      table.set(id, changed);
      return changed;
    },
    get: (id) => table.get(id),
    all: () => table.values(),
    clear: () => table.clear(),
  };
}

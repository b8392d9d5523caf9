import { callingCodeOf, originOf } from '../../emulator/calling-codes.ts';
import type { EmulatedMessage } from '../../emulator/message.ts';
import { MICROS } from '../../emulator/prices.ts';
import type { WebhookBody } from '../../emulator/webhooks/webhook-bodies.ts';
import type { Engine } from '../engine.ts';
import type { DeliveryRecord } from '../webhooks/delivery-log.ts';
import {
  type AdmissionRecord,
  type NoteRecord,
  noteOf,
  type RefusalRecord,
  type ReportedEvent,
} from './client-events.ts';
import { createPhoneIndex, type EntryReference, type Phone } from './phone-index.ts';
import type {
  EntryView,
  GuardCountView,
  MessageView,
  PhoneListView,
  PhoneView,
  RefusalView,
  ReplyView,
  ThreadView,
  WebhookView,
} from './views.ts';

/** A text that a person sent. */
interface ReplyRecord {
  readonly id: string;
  readonly at: number;
  readonly number: string;
  readonly to: string;
  readonly text: string;
}

/** The messages of a sandbox as phones with threads. */
export interface Inbox {
  /** Takes events of a client. */
  report(events: readonly ReportedEvent[]): void;
  phones(query: {
    readonly search: string;
    readonly refusedOnly: boolean;
    readonly offset: number;
    readonly limit: number;
  }): PhoneListView;
  thread(key: string, before: number | undefined, limit: number): ThreadView | undefined;
  webhooksOf(id: string): readonly WebhookView[];
  readonly guards: () => readonly GuardCountView[];
  readonly phoneCount: () => number;
  /** Calls back with the key of every phone that changed. */
  onChange(listener: (key: string) => void): void;
  clear(): void;
}

const MAX_RECORDS = 100_000;
/** As the outbox of tests finds it: 4 to 10 digits in a row, or two halves with a dash. */
const CODE = /(?<![\d+])(?:\d{3,5}-\d{3,5}|\d{4,10})(?!\d)/;
/** Words beside a code; other texts have order numbers and dates. */
const CODE_WORD = /code|kode|código|codice|codigo|otp|one-time|pin\b|passcode|password|verif/i;
const LINK = /https?:\/\/\S+/;

/** The id by which a webhook belongs to a message or a reply. */
function subjectOf(event: WebhookBody): string | undefined {
  const { umid } = (event.payload ?? event) as { umid?: unknown };
  return typeof umid === 'string' ? umid : undefined;
}

function toWebhookView({ id, url, state, attempts, nextAt, event, response }: DeliveryRecord): WebhookView {
  return {
    id,
    url,
    state,
    attempts,
    event,
    ...(state === 'waiting' && nextAt !== undefined && { nextAt }),
    ...(response !== undefined && { response }),
  };
}

export function createInbox({ tables, context, deliveries, onWebhook }: Engine): Inbox {
  const replies = tables.createTable<string, ReplyRecord>('replies');
  const refusals = tables.createTable<string, RefusalRecord>('refusals');
  const notes = tables.createTable<string, NoteRecord>('notes');
  const admissions = tables.createTable<string, AdmissionRecord>('admissions');
  const index = createPhoneIndex();
  const webhookIds = new Map<string, number[]>();
  const counts = new Map<string, { refused: number; observed: number; savedMicros: number }>();
  const listeners: ((key: string) => void)[] = [];

  const tell = (key: string) => {
    for (const listener of listeners) listener(key);
  };
  const add = (number: string, entry: EntryReference) => tell(index.add(number, entry));
  const microsOf = ({ country }: RefusalRecord) => context.prices.perPartMicros(country);

  function keep<Value>(table: Map<string, Value>, key: string, value: Value): void {
    table.set(key, value);
    for (const oldest of table.keys()) {
      if (table.size <= MAX_RECORDS) return;
      table.delete(oldest);
    }
  }

  function countOf(guard: string) {
    const known = counts.get(guard) ?? { refused: 0, observed: 0, savedMicros: 0 };
    counts.set(guard, known);
    return known;
  }

  function countRefusal(refusal: RefusalRecord): void {
    const count = countOf(refusal.guard);
    count.refused += 1;
    count.savedMicros += microsOf(refusal);
  }

  const messageReference = ({ umid, createdAt }: EmulatedMessage): EntryReference => ({
    kind: 'message',
    id: umid,
    at: createdAt,
  });

  function indexDelivery({ id, event }: DeliveryRecord): void {
    const subject = subjectOf(event);
    if (subject === undefined) return;
    webhookIds.set(subject, [...(webhookIds.get(subject) ?? []), id]);
    for (const oldest of webhookIds.keys()) {
      if (webhookIds.size <= MAX_RECORDS) return;
      webhookIds.delete(oldest);
    }
  }

  function load(): void {
    const restored: (readonly [string, EntryReference])[] = [
      ...context.messages.all().map((message) => [message.destination, messageReference(message)] as const),
      ...[...replies.values()].map(({ id, at, number }) => [number, { kind: 'reply', id, at }] as const),
      ...[...refusals.values()].map(
        ({ id, at, destination }) => [destination, { kind: 'refusal', id, at }] as const,
      ),
      ...[...notes.values()].map(
        ({ id, at, destination }) => [destination, { kind: 'note', id, at }] as const,
      ),
    ];
    restored.sort(([, left], [, right]) => left.at - right.at);
    for (const [number, entry] of restored) index.add(number, entry);
    for (const refusal of refusals.values()) countRefusal(refusal);
    for (const { observed = [] } of admissions.values()) {
      for (const { guard } of observed) countOf(guard).observed += 1;
    }
    for (const delivery of deliveries.all()) indexDelivery(delivery);
  }

  load();
  tables.onSet<EmulatedMessage>('messages', (_umid, message, previous) => {
    if (previous === undefined) add(message.destination, messageReference(message));
    else tell(previous.destination);
  });
  tables.onSet<DeliveryRecord>('deliveries', (_id, delivery, previous) => {
    if (previous === undefined) indexDelivery(delivery);
    const subject = subjectOf(delivery.event);
    const number = replies.get(subject ?? '')?.number ?? context.messages.get(subject ?? '')?.destination;
    if (number !== undefined) tell(number);
  });
  onWebhook((event) => {
    if (event.eventType !== 'inbound_message_received') return;
    const { umid, source, destination, body } = event.payload as Record<string, string>;
    if (umid === undefined || source === undefined) return;
    const reply = { id: umid, at: Date.now(), number: source, to: destination ?? '', text: body ?? '' };
    keep(replies, umid, reply);
    add(source, { kind: 'reply', id: umid, at: reply.at });
  });

  function admit(clientMessageId: string, change: (known: AdmissionRecord) => AdmissionRecord): void {
    keep(admissions, clientMessageId, change(admissions.get(clientMessageId) ?? {}));
  }

  function takeEvent(event: ReportedEvent): void {
    const { at, destination } = event;
    const id = crypto.randomUUID();
    if (event.type === 'message-blocked') {
      const { guard, reason, retryAfterMs } = event.decision;
      const refusal: RefusalRecord = {
        id,
        at,
        destination,
        purpose: event.purpose,
        guard,
        reason,
        ...(event.country !== undefined && { country: event.country }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
      keep(refusals, id, refusal);
      countRefusal(refusal);
      add(destination, { kind: 'refusal', id, at });
      return;
    }
    if (event.type === 'message-admitted') {
      admit(event.clientMessageId, (known) => ({ ...known, purpose: event.purpose }));
      return;
    }
    if (event.type === 'guard-observed') {
      const { guard, reason } = event.decision;
      countOf(guard).observed += 1;
      admit(event.clientMessageId, (known) => ({
        ...known,
        observed: [...(known.observed ?? []), { guard, reason }],
      }));
      return;
    }
    const text = noteOf(event);
    if (text === undefined) return;
    keep(notes, id, { id, at, destination, text });
    add(destination, { kind: 'note', id, at });
  }

  function messageView(message: EmulatedMessage): MessageView {
    const { umid, createdAt, text, source, encoding, parts, price, state, cut, scheduledAt, receipt } =
      message;
    const admission = admissions.get(message.clientMessageId ?? '');
    const isCode = admission?.purpose === 'otp' || CODE_WORD.test(text);
    const code = isCode ? CODE.exec(text)?.[0] : undefined;
    return {
      kind: 'message',
      id: umid,
      at: createdAt,
      text,
      source,
      encoding,
      parts,
      price: price.total,
      state,
      ...(cut && { isCut: true }),
      ...(scheduledAt !== undefined && { scheduledAt }),
      ...(receipt?.errorCode !== undefined && { errorCode: receipt.errorCode }),
      ...(receipt?.errorMessage !== undefined && { errorMessage: receipt.errorMessage }),
      ...(admission?.purpose !== undefined && { purpose: admission.purpose }),
      ...(admission?.observed !== undefined && { observed: admission.observed }),
      ...(code !== undefined && { code }),
      ...(LINK.test(text) && { hasLink: true }),
      ...(message.surveyId !== undefined && { isSurvey: true }),
    };
  }

  function webhooksOf(id: string): readonly WebhookView[] {
    return (webhookIds.get(id) ?? []).flatMap((each) => {
      const delivery = deliveries.get(each);
      return delivery === undefined ? [] : [toWebhookView(delivery)];
    });
  }

  function replyView({ id, at, text, to }: ReplyRecord): ReplyView {
    const webhook = webhooksOf(id).at(-1);
    return { kind: 'reply', id, at, text, to, ...(webhook && { webhook }) };
  }

  function refusalView(refusal: RefusalRecord): RefusalView {
    const { id, at, destination, purpose, guard, reason, retryAfterMs } = refusal;
    return {
      kind: 'refusal',
      id,
      at,
      destination,
      purpose,
      guard,
      reason,
      saved: microsOf(refusal) / MICROS,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }

  /** Undefined for an entry that was dropped, because there are too many. */
  function entryView({ kind, id }: EntryReference): EntryView | undefined {
    if (kind === 'message') {
      const message = context.messages.get(id);
      return message && messageView(message);
    }
    if (kind === 'reply') {
      const reply = replies.get(id);
      return reply && replyView(reply);
    }
    if (kind === 'refusal') {
      const refusal = refusals.get(id);
      return refusal && refusalView(refusal);
    }
    const note = notes.get(id);
    return note && { kind: 'note', id, at: note.at, text: note.text };
  }

  function previewOf(entry: EntryView): string {
    if (entry.kind === 'refusal') return `${entry.reason} (${entry.guard})`;
    return entry.text;
  }

  function phoneView(phone: Phone): PhoneView | undefined {
    for (let last = phone.entries.at(-1); last !== undefined; last = phone.entries.at(-1)) {
      const entry = entryView(last);
      if (entry !== undefined) {
        const { country } = originOf(phone.key.replace(/^\+|\*.*/g, ''));
        const callingCode = country && callingCodeOf(country);
        return {
          key: phone.key,
          ...(country !== undefined && { country }),
          ...(callingCode !== undefined && { callingCode }),
          lastAt: entry.at,
          preview: previewOf(entry).slice(0, 120),
          lastKind: entry.kind,
          entries: phone.entries.length,
          refused: phone.refused,
        };
      }
      phone.entries.pop();
    }
    index.remove(phone.key);
    return undefined;
  }

  function textOf({ kind, id }: EntryReference): string {
    if (kind === 'message') {
      const message = context.messages.get(id);
      return message === undefined ? '' : `${message.text}\n${message.source}\n${id}`;
    }
    if (kind === 'refusal') {
      const refusal = refusals.get(id);
      return refusal === undefined ? '' : `${refusal.guard}\n${refusal.reason}\n${refusal.purpose}`;
    }
    return (kind === 'reply' ? replies : notes).get(id)?.text ?? '';
  }

  function matches(phone: Phone, search: string): boolean {
    const digits = search.replace(/[\s()-]/g, '');
    if (phone.key.includes(digits)) return true;
    return phone.entries.some((entry) => textOf(entry).toLowerCase().includes(search));
  }

  return {
    report(events) {
      for (const event of events) takeEvent(event);
    },
    phones({ search, refusedOnly, offset, limit }) {
      const wanted = search.trim().toLowerCase();
      let found = index.all();
      if (refusedOnly) found = found.filter(({ refused }) => refused > 0);
      if (wanted !== '') found = found.filter((phone) => matches(phone, wanted));
      const phones = found.slice(offset, offset + limit).flatMap((phone) => phoneView(phone) ?? []);
      return { matching: found.length, offset, phones };
    },
    thread(key, before, limit) {
      const phone = index.get(key);
      const view = phone && phoneView(phone);
      if (phone === undefined || view === undefined) return undefined;
      const end = Math.min(before ?? phone.entries.length, phone.entries.length);
      const start = Math.max(0, end - limit);
      const entries = phone.entries
        .slice(start, end)
        .reverse()
        .flatMap((entry) => entryView(entry) ?? []);
      return { phone: view, entries, ...(start > 0 && { next: start }) };
    },
    webhooksOf,
    guards: () =>
      [...counts]
        .map(([guard, { refused, observed, savedMicros }]) => ({
          guard,
          refused,
          observed,
          saved: savedMicros / MICROS,
        }))
        .sort((left, right) => right.refused - left.refused),
    phoneCount: index.size,
    onChange: (listener) => void listeners.push(listener),
    clear() {
      for (const table of [replies, refusals, notes, admissions]) table.clear();
      index.clear();
      webhookIds.clear();
      counts.clear();
    },
  };
}

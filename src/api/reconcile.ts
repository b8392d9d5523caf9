import type { ClientContext } from '../client-context.ts';
import { ValidationError } from '../errors.ts';
import { readPhone } from '../phone/read-phone.ts';
import { countryCode, dateTime, type Fields, object, unknown } from '../schema.ts';
import { isClientMessageId } from '../sending/sms-message.ts';
import type { CallOptions } from '../types.ts';
import { createExportSteps } from './exports/export-job.ts';
import type { ExportRow } from './exports/export-row.ts';
import { createRunExport } from './exports/export-run.ts';
import { readInput } from './input.ts';
import type { MessageStatus } from './message-details.ts';
import type { HeardReceipt } from './outcome-cache.ts';

/** Facts that help to find a message. */
export interface ReconcileQuery {
  /**
   * Time of the call that lost the answer: a `Date`, or ISO 8601 with an offset; a quarter of an hour on both sides is searched.
   *
   * @default what this client remembers of its last 20,000 unknown outcomes
   */
  readonly sentAt?: string | Date | undefined;
  /**
   * The number of the message. It makes the export of a busy sub-account small, and tells messages with the same ID apart: only
   * an export is searched then. @default every number
   */
  readonly destination?: string | undefined;
  /** ISO 3166-1 alpha-2 code of a national `destination`. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
}

/** The outcome of a message whose response was lost. */
export type Reconciliation =
  | {
      /** 8x8 took it: do not send it again. */
      readonly outcome: 'accepted';
      /** Source of the result: a delivery receipt that this client received, or an export. */
      readonly source: 'receipt' | 'export';
      /** 8x8's id of the message. */
      readonly umid: string;
      /** The last known state. */
      readonly status: MessageStatus | ExportRow['status'];
    }
  /** No receipt, and not in the export of a time that is long enough ago: it may be sent again. */
  | { readonly outcome: 'not-found' }
  | {
      /** Not found, but 8x8 may still be working on it: do not send it again yet. */
      readonly outcome: 'pending';
      /** Milliseconds after which the answer will be `accepted` or `not-found`. */
      readonly retryAfterMs: number;
    };

const MINUTE_MS = 60_000;
/** Searched on both sides of `sentAt`: clocks differ, and a call with all its attempts takes minutes. Our number. */
const MARGIN_MS = 15 * MINUTE_MS;
/**
 * After this time a message that 8x8 took is in its log. 8x8 names no such time; ours is far longer than a request can lie in a
 * proxy or a socket.
 */
const SETTLED_MS = 15 * MINUTE_MS;

const fields: Fields<ReconcileQuery> = {
  sentAt: dateTime(),
  destination: unknown(),
  country: countryCode(),
};
const schema = object(fields, 'an object { sentAt, destination, country }');

export function createReconcile(
  client: ClientContext,
): (clientMessageId: string, query?: ReconcileQuery, options?: CallOptions) => Promise<Reconciliation> {
  const { calls, clock, outcomeCache, phoneDefaults } = client;
  const runExport = createRunExport(client, createExportSteps(client));

  function readSentAt({ sentAt }: ReconcileQuery, clientMessageId: string): number {
    const at = sentAt === undefined ? outcomeCache.lostAt(clientMessageId) : new Date(sentAt).getTime();
    if (at !== undefined) return at;
    throw new ValidationError(
      'query.sentAt is missing: this client does not remember when the message was sent. Pass the time of the call whose response was lost. Nothing was sent.',
      'query.sentAt',
    );
  }

  return (clientMessageId, query = {}, options = undefined) =>
    calls.run(options, async (call) => {
      if (!isClientMessageId(clientMessageId)) {
        throw new ValidationError(
          'clientMessageId must be a string of 1 to 350 characters without control characters. Nothing was sent.',
          'clientMessageId',
        );
      }
      const given = readInput(schema, query, 'query');
      const { destination, country } = given;
      const phone = destination === undefined ? undefined : readPhone(destination, country, phoneDefaults);
      // A receipt names no number, and with `allowRepeatedIds` several messages may have this id.
      const heard = phone === undefined ? outcomeCache.receiptOf(clientMessageId) : undefined;
      if (heard !== undefined) {
        const { umid, status } = heard as HeardReceipt<MessageStatus>;
        return { outcome: 'accepted', source: 'receipt', umid, status };
      }
      const sentAt = readSentAt(given, clientMessageId);
      const now = clock.now();
      const period = {
        from: new Date(sentAt - MARGIN_MS),
        to: new Date(Math.min(sentAt + MARGIN_MS, now + 1)),
      };
      const exportQuery = phone === undefined ? period : { ...period, phoneNumber: phone.msisdn };
      const { signal, context, timeoutMs, maxAttempts } = call;
      for await (const row of runExport(exportQuery, { signal, context, timeoutMs, maxAttempts })) {
        if (row.clientMessageId !== clientMessageId) continue;
        return { outcome: 'accepted', source: 'export', umid: row.umid, status: row.status };
      }
      const remainingMs = sentAt + SETTLED_MS - now;
      return remainingMs > 0 ? { outcome: 'pending', retryAfterMs: remainingMs } : { outcome: 'not-found' };
    });
}

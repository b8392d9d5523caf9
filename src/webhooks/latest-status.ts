import type { MessageStatus } from '../api/message-details.ts';
import { readReportedTime } from '../internal/reported-time.ts';

const DELIVERED_RANK = 6;
/** How far a message has come; the higher rank wins. */
const RANKS: Readonly<Record<string, number>> = {
  queued: 1,
  sent: 2,
  // Rank 3 is "with an operator or carrier". Rank 4 is a state that this version does not know, or 8x8's own `unknown`:
  // newer information, but not final.
  error: 5,
  failed: 5,
  rejected: 5,
  undelivered: 5,
  // A handset that confirmed has the message, whatever an operator reports as well.
  delivered: DELIVERED_RANK,
  read: 7,
};
/** Delivery to an operator or a carrier is not delivery to the person, even when the state says `delivered`. */
const ON_THE_WAY = new Set(['delivered_to_operator', 'delivered_to_carrier']);
const ON_THE_WAY_RANK = 3;
const UNKNOWN_RANK = 4;

function rankOf({ state, detail }: MessageStatus): number {
  const isOnTheWay = detail !== undefined && ON_THE_WAY.has(detail);
  if (isOnTheWay && ['sent', 'delivered'].includes(state)) return ON_THE_WAY_RANK;
  return (Object.hasOwn(RANKS, state) ? RANKS[state] : undefined) ?? UNKNOWN_RANK;
}

/** Whether the person has the message. */
export function isDelivered(status: MessageStatus): boolean {
  return rankOf(status) >= DELIVERED_RANK;
}

function timeOf({ timestamp }: MessageStatus): number {
  return (timestamp && readReportedTime(timestamp)) || Number.NEGATIVE_INFINITY;
}

/** Breaks the tie between two statuses of the same rank and time, so that the order of arrival never decides. */
function textOf({ state, detail, errorCode, errorMessage, timestamp }: MessageStatus): string {
  return JSON.stringify([state, detail, errorCode, errorMessage, timestamp]);
}

function isAhead(one: MessageStatus, other: MessageStatus): boolean {
  const rank = rankOf(one) - rankOf(other);
  if (rank !== 0) return rank > 0;
  const [time, otherTime] = [timeOf(one), timeOf(other)];
  if (time !== otherTime) return time > otherTime;
  return textOf(one) > textOf(other);
}

/**
 * Returns the status of a message after one more receipt. Receipts arrive repeatedly and in any order; the result does
 * not depend on that order. From first to last: queued, sent, with the operator or carrier, states that this version does
 * not know, failed in any way, delivered, read. Of two statuses of the same rank the one with the later timestamp wins.
 *
 * @param known the status so far; undefined before the first receipt
 * @param incoming the status of the new receipt
 * @example status = latestStatus(status, receipt.status)
 */
export function latestStatus(known: MessageStatus | undefined, incoming: MessageStatus): MessageStatus {
  return known !== undefined && isAhead(known, incoming) ? known : incoming;
}

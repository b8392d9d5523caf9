import type { MessageStatus } from '../api/message-details.ts';
import { readReportedTime } from '../reported-time.ts';

const DELIVERED_RANK = 6;
/** How far a message has come; the higher one stays. */
const RANKS: Readonly<Record<string, number>> = {
  queued: 1,
  sent: 2,
  // 3 is with an operator or a carrier, 4 what this version does not know, and 8x8's own `unknown`: news, but nothing final.
  error: 5,
  failed: 5,
  rejected: 5,
  undelivered: 5,
  // A handset that confirmed has it, whatever an operator reports besides.
  delivered: DELIVERED_RANK,
  read: 7,
};
/** An operator or a carrier is not the person, whatever the state beside it is called. */
const ON_THE_WAY = new Set(['delivered_to_operator', 'delivered_to_carrier']);
const ON_THE_WAY_RANK = 3;
const UNKNOWN_RANK = 4;

function rankOf({ state, detail }: MessageStatus): number {
  const isOnTheWay = detail !== undefined && ON_THE_WAY.has(detail);
  if (isOnTheWay && ['sent', 'delivered'].includes(state)) return ON_THE_WAY_RANK;
  return (Object.hasOwn(RANKS, state) ? RANKS[state] : undefined) ?? UNKNOWN_RANK;
}

/** The person has the message. */
export function isDelivered(status: MessageStatus): boolean {
  return rankOf(status) >= DELIVERED_RANK;
}

function timeOf({ timestamp }: MessageStatus): number {
  return (timestamp && readReportedTime(timestamp)) || Number.NEGATIVE_INFINITY;
}

/** Decides between two that are as far and as late, so that the order in which they come never does. */
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
 * Where a message stands after one more receipt. Receipts come twice and in any order; whatever the order, the end is the
 * same: queued, sent, with the operator or carrier, (states that this version does not know), failed in any way, delivered,
 * read. Of two that are as far the later one by its time stamp stays. `known` is undefined before the first receipt.
 *
 * @example status = latestStatus(status, receipt.status)
 */
export function latestStatus(known: MessageStatus | undefined, incoming: MessageStatus): MessageStatus {
  return known !== undefined && isAhead(known, incoming) ? known : incoming;
}

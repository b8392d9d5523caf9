import {
  AFTER_ALERT_MS,
  DAY_MS,
  FIRST_PAUSE_MS,
  MINUTE_MS,
  POOL,
  POOL_FADE,
  type Policy,
  SCORE_END,
  SCORE_MOST,
  SHORTEST_PAUSE_MS,
} from './parameters.ts';

/** Doubt about one place. Times are milliseconds of the store's clock. */
export interface Cell {
  /** At `atMs`. */
  doubt: number;
  atMs: number;
  /** The minute of `young`; `younger` is of the minute before. Both count codes. */
  minute: number;
  young: number;
  earlier: number;
  isAlert: boolean;
  /** When the alert began, and the budget at that time. */
  alertMs: number;
  budget: number;
  /** End of the last alert. */
  endedMs: number;
  /** Pause between two strangers of the alert, and when the next one passes. */
  pauseMs: number;
  nextMs: number;
  /** The test of those who were asked. */
  score: number;
}

export const NEVER: number = Number.NEGATIVE_INFINITY;

export function newCell(): Cell {
  return {
    doubt: 0,
    atMs: NEVER,
    minute: NEVER,
    young: 0,
    earlier: 0,
    isAlert: false,
    alertMs: NEVER,
    budget: 0,
    endedMs: NEVER,
    pauseMs: 0,
    nextMs: 0,
    score: 0,
  };
}

/** Makes a cell as if nothing had ever been counted in it. */
export function clearCell(cell: Cell): Cell {
  cell.doubt = 0;
  cell.atMs = NEVER;
  cell.minute = NEVER;
  cell.young = 0;
  cell.earlier = 0;
  cell.isAlert = false;
  cell.alertMs = NEVER;
  cell.budget = 0;
  cell.endedMs = NEVER;
  cell.pauseMs = 0;
  cell.nextMs = 0;
  cell.score = 0;
  return cell;
}

function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / MINUTE_MS);
}

/** The doubt that time has left. */
export function doubtOf({ doubt, atMs }: Cell, perDay: number, nowMs: number): number {
  return Math.max(0, doubt - (perDay * (nowMs - atMs)) / DAY_MS);
}

/** Codes of this minute and the last. */
export function youngOf({ minute, young, earlier }: Cell, nowMs: number): number {
  const now = minuteOf(nowMs);
  if (minute === now) return young + earlier;
  return minute === now - 1 ? young : 0;
}

/** Doubt without the codes that people may still be typing. */
export function oldDoubtOf(cell: Cell, perDay: number, nowMs: number): number {
  return doubtOf(cell, perDay, nowMs) - youngOf(cell, nowMs);
}

/** When nothing of a cell matters any more. */
export function endOf(cell: Cell, perDay: number): number {
  const emptyMs = cell.atMs + (cell.doubt / perDay) * DAY_MS;
  return cell.isAlert ? emptyMs + AFTER_ALERT_MS : Math.max(emptyMs, cell.endedMs + AFTER_ALERT_MS);
}

/** Part of the budget that is left after an alert. */
export function afterAlert({ endedMs }: Cell, { again }: Policy, nowMs: number): number {
  return nowMs - endedMs < AFTER_ALERT_MS ? again : 1;
}

export function startAlert(
  cell: Cell,
  place: number,
  { budget, longestMs }: { readonly budget: number; readonly longestMs: number },
  nowMs: number,
): void {
  cell.isAlert = true;
  cell.alertMs = nowMs;
  cell.budget = budget;
  cell.pauseMs = Math.min(FIRST_PAUSE_MS[place] as number, longestMs);
  cell.nextMs = nowMs + cell.pauseMs;
  cell.score = 0;
}

function endAlert(cell: Cell, endedMs: number): void {
  cell.isAlert = false;
  cell.endedMs = endedMs;
}

/** Ends the alert of a cell whose doubt time has taken back. Returns whether it did. */
export function fade(cell: Cell, place: number, policy: Policy, nowMs: number): boolean {
  if (!cell.isAlert) return false;
  const perDay = policy.forgottenPerDay[place] as number;
  const low = cell.budget * (place === POOL ? POOL_FADE : policy.fade);
  if (doubtOf(cell, perDay, nowMs) > low) return false;
  endAlert(cell, cell.atMs + (Math.max(0, cell.doubt - low) / perDay) * DAY_MS);
  return true;
}

/** Ends an alert because people enter their codes again: half of the doubt is taken back. */
function relent(cell: Cell, perDay: number, nowMs: number): void {
  age(cell, perDay, nowMs);
  cell.doubt /= 2;
  endAlert(cell, nowMs);
}

function age(cell: Cell, perDay: number, nowMs: number): void {
  cell.doubt = doubtOf(cell, perDay, nowMs);
  cell.atMs = nowMs;
}

/** Counts one code. */
export function count(cell: Cell, perDay: number, nowMs: number): void {
  age(cell, perDay, nowMs);
  cell.doubt += 1;
  const now = minuteOf(nowMs);
  if (cell.minute !== now) {
    cell.earlier = cell.minute === now - 1 ? cell.young : 0;
    cell.young = 0;
    cell.minute = now;
  }
  cell.young += 1;
}

/** Takes back an amount, and the code of `sentMs` from the young ones. */
export function takeBack(cell: Cell, amount: number, perDay: number, sentMs: number, nowMs: number): void {
  age(cell, perDay, nowMs);
  cell.doubt = Math.max(0, cell.doubt - amount);
  const sent = minuteOf(sentMs);
  if (cell.minute === sent) cell.young = Math.max(0, cell.young - 1);
  else if (cell.minute === sent + 1) cell.earlier = Math.max(0, cell.earlier - 1);
}

/** Adds doubt without a code: what 8x8 called fraud counts once more. */
export function accuse(cell: Cell, amount: number, perDay: number, nowMs: number): void {
  age(cell, perDay, nowMs);
  cell.doubt += amount;
}

/** Lets one stranger of an alert pass: the pause doubles. */
export function passTrickle(cell: Cell, longestMs: number, nowMs: number): void {
  cell.pauseMs = Math.min(longestMs, cell.pauseMs * 2);
  cell.nextMs = nowMs + cell.pauseMs;
}

/** Takes the passing of a stranger back whose code provably never left. */
export function returnTrickle(cell: Cell, nowMs: number): void {
  cell.pauseMs = Math.round(cell.pauseMs / 2);
  cell.nextMs = nowMs;
}

/** A stranger of the trickle entered their code. @param usual part of all people who normally do */
export function enterTrickle(cell: Cell, usual: number, perDay: number, nowMs: number): void {
  if (!cell.isAlert) return;
  cell.pauseMs = Math.round(cell.pauseMs / (2 * 2 ** ((1 - usual) / usual)));
  cell.nextMs = Math.min(cell.nextMs, nowMs + cell.pauseMs);
  if (cell.pauseMs <= SHORTEST_PAUSE_MS) relent(cell, perDay, nowMs);
}

/** One more person of an alert was asked to prove that they are one. */
export function ask(cell: Cell): void {
  cell.score = Math.min(SCORE_MOST, cell.score + 1);
}

/** A person who was asked passed, and entered their code. */
export function credit(cell: Cell, amount: number, perDay: number, nowMs: number): void {
  if (!cell.isAlert) return;
  cell.score -= amount;
  if (cell.score <= SCORE_END) relent(cell, perDay, nowMs);
}

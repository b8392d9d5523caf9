import { BLOCK_DIVISOR, PLACES, RANGE_DIVISOR } from '../limits/doubt/parameters.ts';
import type { DoubtNotice, DoubtPlace, DoubtRule } from '../limits/doubt-store.ts';
import type {
  LimitRule,
  RefusalReason,
  RuleState,
  RuleViolation,
  TakeRequest,
  TakeVerdict,
} from '../limits/limit-store.ts';
import { unescapeText } from './key-hashing.ts';
import { inScriptOrder } from './rule-arguments.ts';

/** The parsed reply of the take script. */
export type TakeReply =
  /** The command was late and counted nothing. */
  | { readonly kind: 'late'; readonly stamp: number }
  /** The command was cancelled before it arrived, and counted nothing. */
  | { readonly kind: 'void' }
  | {
      readonly kind: 'taken';
      readonly stamp: number;
      readonly verdicts: readonly TakeVerdict[];
      /** By message: what its rule of doubt counted, for a settlement that gives it back. */
      readonly doubtHolds: readonly (string | undefined)[];
      /** The reply belongs to an earlier copy of the command, so its stamp is not the current time. */
      readonly isRepeated: boolean;
    };

const REASONS: ReadonlyMap<string, RefusalReason> = new Map([
  ['f', 'over-limit'],
  ['s', 'too-soon'],
  ['p', 'in-progress'],
  ['d', 'done'],
  ['c', 'conflict'],
  ['b', 'blocked-number'],
  ['n', 'capacity'],
  ['k', 'known'],
  ['q', 'captcha-needed'],
  ['x', 'other-channel-needed'],
  ['u', 'suspended'],
]);
const NONE: readonly RuleViolation[] = Object.freeze([]);
const GRANTED: TakeVerdict = Object.freeze({ granted: true, observed: NONE });

/** @throws TypeError the reply does not match the requests; an unexpected reply grants nothing */
export function parseTakeReply(reply: unknown, requests: readonly TakeRequest[]): TakeReply {
  let text = toText(reply);
  const isRepeated = text.startsWith('=');
  if (isRepeated) text = text.slice(1);
  if (isRepeated && text === '') return { kind: 'void' };
  const lines = text.split('\n');
  const stamp = parseStamp(lines[0] as string);
  if (lines[1] === 'late') return { kind: 'late', stamp };
  if (lines.length !== requests.length + 1)
    throw new TypeError('the number of lines does not match the requests');
  const verdicts = requests.map(({ rules }, at) => parseVerdict(lines[at + 1] as string, rules));
  const doubtHolds = requests.map((_, at) => holdOf(lines[at + 1] as string));
  return { kind: 'taken', stamp, verdicts, doubtHolds, isRepeated };
}

function holdOf(line: string): string | undefined {
  return line === 'g' ? undefined : /;h (\S+?)(?:;|$)/.exec(line)?.[1];
}

/** Seconds and microseconds to units of 20 microseconds, as the scripts count. */
function parseStamp(text: string): number {
  const [seconds, micros] = text.split(' ');
  return parseNumber(seconds) * 50_000 + Math.floor(parseNumber(micros) / 20);
}

function parseVerdict(line: string, rules: readonly LimitRule[]): TakeVerdict {
  if (line === 'g') return GRANTED;
  const [head = '', ...texts] = line.split(';');
  const ordered = inScriptOrder(rules);
  const violations = texts.flatMap((text) => (/^\d/.test(text) ? [parseViolation(text, ordered)] : []));
  // A rule of doubt was looked at last, wherever it stands.
  if (ordered !== rules) violations.sort((one, other) => rules.indexOf(one.rule) - rules.indexOf(other.rule));
  const observed = violations.filter(({ rule }) => rule.mode === 'monitor');
  const refusals = violations.filter(({ rule }) => rule.mode === 'enforce');
  const found = violations.filter(({ rule }) => rule.mode === 'note');
  const notices = texts.flatMap((text) => parseNotice(text, ordered) ?? []);
  const noted = {
    ...(found.length > 0 && { noted: found }),
    ...(notices.length > 0 && { notices }),
  };
  if (head.startsWith('g')) {
    if (refusals.length > 0) throw new TypeError('granted and refused');
    return head === 'g'
      ? { granted: true, observed, ...noted }
      : { granted: true, observed, ...noted, waitMs: parseNumber(head.slice(1)) };
  }
  if (head !== 'r' || refusals.length === 0) throw new TypeError('neither granted nor refused');
  return { granted: false, refusals, observed, ...noted };
}

function parseViolation(text: string, rules: readonly LimitRule[]): RuleViolation {
  const [index = '', letter = '', observed, wait, result] = text.split(' ');
  const rule = rules[Number(index)];
  const reason = REASONS.get(letter);
  if (rule === undefined || reason === undefined)
    throw new TypeError('a violation without a rule or a reason');
  const found = {
    rule,
    reason,
    observed: parseNumber(observed),
    ...(wait && { retryAfterMs: parseNumber(wait) }),
  };
  if (rule.kind === 'doubt') {
    const [place, limit] = (result ?? '').split('/');
    return { ...found, doubt: { place: placeOf(place), limit: parseNumber(limit) } };
  }
  return {
    ...found,
    ...(result ? { result: unescapeText(result.slice(1)) } : {}),
  };
}

function placeOf(index: string | undefined): DoubtPlace {
  const place = PLACES[parseNumber(index)];
  if (place === undefined) throw new TypeError('an unknown place');
  return place;
}

/** An alert that began with a take (`!`), or a fault of the outcomes (`?`). */
function parseNotice(text: string, ordered: readonly LimitRule[]): DoubtNotice | undefined {
  const [head, first, ...rest] = text.split(' ');
  if (head === '?') {
    if (first === 's') return { kind: 'outcomes', outcomes: 'stopped', expected: parseNumber(rest[0]) };
    if (first === 'f') return { kind: 'outcomes', outcomes: 'few', part: parseNumber(rest[0]) };
    return { kind: 'outcomes', outcomes: 'none' };
  }
  if (head !== '!') return undefined;
  const place = placeOf(first);
  const { key, country, isHuman = false } = ordered.at(-1) as DoubtRule;
  const prefix = prefixOf(place, key as number);
  return {
    kind: 'alert',
    alert: {
      place,
      ...(place === 'country' && { country }),
      ...(prefix !== undefined && { prefix }),
      isHuman,
      observed: parseNumber(rest[0]),
      limit: parseNumber(rest[1]),
      ageMs: 0,
      nextInMs: parseNumber(rest[2]),
    },
  };
}

function prefixOf(place: DoubtPlace, number: number): string | undefined {
  if (place === 'range') return `${Math.floor(number / RANGE_DIVISOR)}`;
  return place === 'block' || place === 'crowd' ? `${Math.floor(number / BLOCK_DIVISOR)}` : undefined;
}

/** Parses the fate of a take without a reply. Undefined if it had not arrived or was cancelled. */
export function parseRecallReply(reply: unknown, requests: readonly TakeRequest[]): TakeReply | undefined {
  const text = reply === null || reply === undefined ? '' : toText(reply);
  return text === '' ? undefined : parseTakeReply(text, requests);
}

/** One line per rule: its count, and the wait until one more fits. */
export function parseInspectReply(reply: unknown, rules: readonly LimitRule[]): readonly RuleState[] {
  const lines = toText(reply).split('\n');
  return rules.map((rule, at) => {
    const [count, wait] = (lines[at] ?? '').split(' ');
    return { rule, count: parseNumber(count), ...(wait ? { retryAfterMs: parseNumber(wait) } : {}) };
  });
}

export function toText(reply: unknown): string {
  // Some client libraries are configured to return bytes.
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply);
  if (typeof reply !== 'string') throw new TypeError('the reply is not text');
  return reply;
}

function parseNumber(text: string | undefined): number {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new TypeError('not a number');
  return value;
}

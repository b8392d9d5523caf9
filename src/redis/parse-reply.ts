import type {
  LimitRule,
  RefusalReason,
  RuleFinding,
  RuleState,
  TakeRequest,
  TakeVerdict,
} from '../limits/limit-store.ts';
import { unescapeText } from './key-hashing.ts';

/** What the script that takes has answered. */
export type TakeReply =
  /** It came too late and counted nothing. */
  | { readonly kind: 'late'; readonly stamp: number }
  /** It was given up before it came, and counted nothing. */
  | { readonly kind: 'void' }
  | {
      readonly kind: 'taken';
      readonly stamp: number;
      readonly verdicts: readonly TakeVerdict[];
      /** The answer to a command that came before: its stamp is not the time of now. */
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
]);
const NONE: readonly RuleFinding[] = Object.freeze([]);
const GRANTED: TakeVerdict = Object.freeze({ granted: true, observed: NONE });

/** @throws TypeError when it is not an answer to these requests: a server that says something else grants nothing. */
export function parseTakeReply(reply: unknown, requests: readonly TakeRequest[]): TakeReply {
  let text = toText(reply);
  const isRepeated = text.startsWith('=');
  if (isRepeated) text = text.slice(1);
  if (isRepeated && text === '') return { kind: 'void' };
  const lines = text.split('\n');
  const stamp = parseStamp(lines[0] as string);
  if (lines[1] === 'late') return { kind: 'late', stamp };
  if (lines.length !== requests.length + 1)
    throw new TypeError('another number of answers than of questions');
  const verdicts = requests.map(({ rules }, at) => parseVerdict(lines[at + 1] as string, rules));
  return { kind: 'taken', stamp, verdicts, isRepeated };
}

/** Seconds and microseconds in units of 20 microseconds, as the scripts count. */
function parseStamp(text: string): number {
  const [seconds, micros] = text.split(' ');
  return parseNumber(seconds) * 50_000 + Math.floor(parseNumber(micros) / 20);
}

function parseVerdict(line: string, rules: readonly LimitRule[]): TakeVerdict {
  if (line === 'g') return GRANTED;
  const [head = '', ...texts] = line.split(';');
  const findings = texts.map((text) => parseFinding(text, rules));
  const observed = findings.filter(({ rule }) => rule.mode === 'monitor');
  const refusals = findings.filter(({ rule }) => rule.mode === 'enforce');
  if (head.startsWith('g')) {
    if (refusals.length > 0) throw new TypeError('granted and refused');
    return head === 'g'
      ? { granted: true, observed }
      : { granted: true, observed, waitMs: parseNumber(head.slice(1)) };
  }
  if (head !== 'r' || refusals.length === 0) throw new TypeError('neither granted nor refused');
  return { granted: false, refusals, observed };
}

function parseFinding(text: string, rules: readonly LimitRule[]): RuleFinding {
  const [index = '', letter = '', observed, wait, result] = text.split(' ');
  const rule = rules[Number(index)];
  const reason = REASONS.get(letter);
  if (rule === undefined || reason === undefined) throw new TypeError('a finding without a rule or a reason');
  return {
    rule,
    reason,
    observed: parseNumber(observed),
    ...(wait ? { retryAfterMs: parseNumber(wait) } : {}),
    ...(result ? { result: unescapeText(result.slice(1)) } : {}),
  };
}

/** What became of a take whose answer was lost: nothing, when it has not come or was given up. */
export function parseRecallReply(reply: unknown, requests: readonly TakeRequest[]): TakeReply | undefined {
  const text = reply === null || reply === undefined ? '' : toText(reply);
  return text === '' ? undefined : parseTakeReply(text, requests);
}

/** One line a rule: its count, and how long until one more fits. */
export function parseInspectReply(reply: unknown, rules: readonly LimitRule[]): readonly RuleState[] {
  const lines = toText(reply).split('\n');
  return rules.map((rule, at) => {
    const [count, wait] = (lines[at] ?? '').split(' ');
    return { rule, count: parseNumber(count), ...(wait ? { retryAfterMs: parseNumber(wait) } : {}) };
  });
}

function toText(reply: unknown): string {
  // Some clients are set to reply with bytes.
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply);
  if (typeof reply !== 'string') throw new TypeError('not a text');
  return reply;
}

function parseNumber(text: string | undefined): number {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new TypeError('not a number');
  return value;
}

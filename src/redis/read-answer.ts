import type {
  LimitRule,
  RefusalReason,
  RuleFinding,
  RuleState,
  TakeRequest,
  TakeVerdict,
} from '../limits/limit-store.ts';
import { unescapeText } from './key-names.ts';

/** What the script that takes has answered. */
export type TakeAnswer =
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
export function readTakeAnswer(answer: unknown, requests: readonly TakeRequest[]): TakeAnswer {
  let text = textOf(answer);
  const isRepeated = text.startsWith('=');
  if (isRepeated) text = text.slice(1);
  if (isRepeated && text === '') return { kind: 'void' };
  const lines = text.split('\n');
  const stamp = stampOf(lines[0] as string);
  if (lines[1] === 'late') return { kind: 'late', stamp };
  if (lines.length !== requests.length + 1)
    throw new TypeError('another number of answers than of questions');
  const verdicts = requests.map(({ rules }, at) => readVerdict(lines[at + 1] as string, rules));
  return { kind: 'taken', stamp, verdicts, isRepeated };
}

/** Seconds and microseconds in units of 20 microseconds, as the scripts count. */
function stampOf(text: string): number {
  const [seconds, micros] = text.split(' ');
  return numberOf(seconds) * 50_000 + Math.floor(numberOf(micros) / 20);
}

function readVerdict(line: string, rules: readonly LimitRule[]): TakeVerdict {
  if (line === 'g') return GRANTED;
  const [head = '', ...texts] = line.split(';');
  const findings = texts.map((text) => readFinding(text, rules));
  const observed = findings.filter(({ rule }) => rule.mode === 'monitor');
  const refusals = findings.filter(({ rule }) => rule.mode === 'enforce');
  if (head.startsWith('g')) {
    if (refusals.length > 0) throw new TypeError('granted and refused');
    return head === 'g'
      ? { granted: true, observed }
      : { granted: true, observed, waitMs: numberOf(head.slice(1)) };
  }
  if (head !== 'r' || refusals.length === 0) throw new TypeError('neither granted nor refused');
  return { granted: false, refusals, observed };
}

function readFinding(text: string, rules: readonly LimitRule[]): RuleFinding {
  const [index = '', letter = '', observed, wait, result] = text.split(' ');
  const rule = rules[Number(index)];
  const reason = REASONS.get(letter);
  if (rule === undefined || reason === undefined) throw new TypeError('a finding without a rule or a reason');
  return {
    rule,
    reason,
    observed: numberOf(observed),
    ...(wait ? { retryAfterMs: numberOf(wait) } : {}),
    ...(result ? { result: unescapeText(result.slice(1)) } : {}),
  };
}

/** What became of a take whose answer was lost: nothing, when it has not come or was given up. */
export function readRecall(answer: unknown, requests: readonly TakeRequest[]): TakeAnswer | undefined {
  const text = answer === null || answer === undefined ? '' : textOf(answer);
  return text === '' ? undefined : readTakeAnswer(text, requests);
}

/** One line a rule: its count, and how long until one more fits. */
export function readStates(answer: unknown, rules: readonly LimitRule[]): readonly RuleState[] {
  const lines = textOf(answer).split('\n');
  return rules.map((rule, at) => {
    const [count, wait] = (lines[at] ?? '').split(' ');
    return { rule, count: numberOf(count), ...(wait ? { retryAfterMs: numberOf(wait) } : {}) };
  });
}

function textOf(answer: unknown): string {
  // Some clients are set to answer with bytes.
  if (answer instanceof Uint8Array) return new TextDecoder().decode(answer);
  if (typeof answer !== 'string') throw new TypeError('not a text');
  return answer;
}

function numberOf(text: string | undefined): number {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new TypeError('not a number');
  return value;
}

import { BLOCK_DIVISOR } from '../limits/doubt/parameters.ts';
import {
  type DoubtRule,
  EXACT_LOG_LIMIT,
  type LimitKey,
  type LimitRule,
  SUB_BUCKETS,
} from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import { createDoubtKeys } from './doubt-keys.ts';
import { escapeText, type KeyNames } from './key-hashing.ts';

/** How keys, members and fingerprints are named under the current and the previous secret. */
export interface KeyNameVersions {
  readonly current: KeyNames;
  readonly previous: KeyNames | undefined;
}

const NO_LEASE = 0;
/** Longest window whose times fit into four bytes, 2^30 ms: 12 days. */
const MAX_SHORT_WINDOW_MS = 1_073_741_824;

/** `8x8g:{<scope>}`. The braces keep a scope in one slot of a cluster. */
export function scopeTag(scope: string): string {
  return `8x8g:{${escapeText(scope)}}`;
}

/** The beginning of all keys of a scope but shared values: a letter for the kind follows. */
export function scopePrefix(scope: string): string {
  return `${scopeTag(scope)}:`;
}

/** The layout of shared values. A format that older releases cannot read gets another number. */
const LAYOUT = '2';

/** Kinds whose counters share one value per key: short ones, which are written together or seldom. */
const SHARING: ReadonlySet<LimitRule['kind']> = new Set(['window', 'backoff', 'visitor-backoff', 'block']);

/** Characters of the name of a rule in the tag of its section: 42 bits tell the rules of a team apart. */
const TAG_LENGTH = 7;

export function isSharing({ kind }: LimitRule): boolean {
  return SHARING.has(kind);
}

/** The tag of the section of a rule in a shared value, or an empty text. See include/shared-value.lua. */
export function sectionTag(rule: LimitRule, { current }: KeyNameVersions): string {
  return isSharing(rule) ? kindLetter(rule) + current.ruleName(rule.id).slice(0, TAG_LENGTH) : '';
}

/** The rules of a message as the scripts read them: a rule of doubt has further keys, so it is the last one. */
export function inScriptOrder(rules: readonly LimitRule[]): readonly LimitRule[] {
  const last = rules.findIndex(({ kind }) => kind === 'doubt');
  if (last < 0 || last === rules.length - 1) return rules;
  return [...rules.slice(0, last), ...rules.slice(last + 1), rules[last] as LimitRule];
}

/**
 * Adds the keys of a rule: one, or two while a secret is changed; those of doubt are in `doubt-keys.ts`. The rules of a
 * number share `8x8g:{<scope>}2<name of the number>`.
 *
 * @param tag see {@link scopeTag}
 */
export function pushKeys(keys: string[], tag: string, rule: LimitRule, names: KeyNameVersions): void {
  const { current, previous } = names;
  if (rule.kind === 'doubt') {
    createDoubtKeys(`${tag}:`, rule.id, names).pushRule(keys, rule);
  } else if (isSharing(rule)) {
    const start = tag + LAYOUT;
    keys.push(start + current.keyName(rule.key));
    if (previous !== undefined) keys.push(start + previous.keyName(rule.key));
  } else {
    // The key contains the kind, so that no script ever reads the format of another kind.
    const start = `${tag}:${kindLetter(rule)}`;
    const comesOnce = rule.kind === 'once';
    keys.push(start + current.counterName(rule.id, rule.key, comesOnce));
    if (previous !== undefined) keys.push(start + previous.counterName(rule.id, rule.key, comesOnce));
  }
}

function kindLetter(rule: LimitRule): string {
  switch (rule.kind) {
    case 'window':
      return 'w';
    case 'slot':
      return 's';
    case 'backoff':
      return 'b';
    case 'visitor-backoff':
      return 'l';
    case 'distinct':
      return 'd';
    case 'once':
      return 'o';
    case 'block':
      return 'r';
    case 'known':
      return 'k';
    case 'doubt':
      return 'p';
  }
}

/** The member of a rule about all members has no name. */
function memberName(names: KeyNames, member: LimitKey | undefined): string {
  return member === undefined ? '' : names.textHash(`${typeof member} ${member}`);
}

/**
 * Adds the texts of a rule, as the scripts read them: operation, three more, the life of a key that holds nothing else, the
 * previous name while there is one, the tag of its section, and the place of its key. `spareMs` is how long a key outlives
 * its count. `all` are the rules of the message, where a condition matters.
 */
export function pushTexts(
  args: string[],
  rule: LimitRule,
  place: number,
  names: KeyNameVersions,
  spareMs: number,
  all: readonly LimitRule[] = [],
): void {
  const { current, previous } = names;
  const letter = operationOf(rule);
  const operation = modeOf(letter, rule) + conditionOf(rule, all);
  let named: string | undefined;
  switch (rule.kind) {
    case 'window': {
      const isCoarse = letter === 'a';
      args.push(operation, `${rule.limit}`, `${rule.windowMs}`, isCoarse ? `${rule.weight ?? 1}` : '');
      args.push(
        `${(isCoarse ? (SUB_BUCKETS + 1) * Math.ceil(rule.windowMs / SUB_BUCKETS) : rule.windowMs) + spareMs}`,
      );
      break;
    }
    case 'slot':
      args.push(operation, `${rule.limit}`, `${rule.windowMs}`, `${rule.dueAt}`, '');
      break;
    case 'backoff':
      args.push(operation, `${rule.baseMs}`, `${rule.maxMs}`, `${rule.forgetMs}`);
      args.push(`${Math.max(rule.maxMs, rule.forgetMs) + spareMs}`);
      break;
    case 'visitor-backoff':
      args.push(operation, `${rule.baseMs}`, `${rule.maxMs}`, `${rule.forgetMs}`);
      args.push(memberName(current, rule.member));
      if (previous !== undefined) named = memberName(previous, rule.member);
      break;
    case 'distinct':
      args.push(operation, `${rule.limit}`, `${rule.windowMs}`, current.keyName(rule.member), '');
      named = previous?.keyName(rule.member);
      break;
    case 'once':
      args.push(
        operation,
        current.textHash(rule.fingerprint),
        `${rule.windowMs}`,
        `${rule.leaseMs ?? NO_LEASE}`,
      );
      args.push(`${LEASE_MS + rule.windowMs + spareMs}`);
      named = previous?.textHash(rule.fingerprint);
      break;
    case 'block':
      args.push(operation, `${rule.windowMs}`, '', '', '');
      break;
    case 'known':
      args.push(operation, `${rule.windowMs}`, memberName(current, rule.member), '', '');
      if (previous !== undefined) named = memberName(previous, rule.member);
      break;
    case 'doubt': {
      const block = Math.floor((rule.key as number) / BLOCK_DIVISOR);
      args.push(operation, `${rule.allowance}`, doubtFlags(rule), block === 0 ? '' : `${block}`);
      args.push(beginningNames(current, rule.key as number));
      if (previous !== undefined) named = beginningNames(previous, rule.key as number);
      break;
    }
  }
  if (previous !== undefined) args.push(named ?? '');
  args.push(sectionTag(rule, names), `${place}`);
}

/** See include/doubt.lua. */
function doubtFlags({ action, isHuman, isReturning, address, member, country }: DoubtRule): string {
  const asks = action === 'ask' ? 'a' : 'r';
  const visitor = `${address === undefined ? '-' : 'i'}${member === undefined ? '-' : 's'}`;
  return `${asks}${isHuman === true ? 'h' : '-'}${isReturning === true ? 'k' : '-'}${visitor}${country}`;
}

/** The names of a number, and of its digits without the last, the last two and the last three: a range of theirs may be trusted. */
function beginningNames(names: KeyNames, number: number): string {
  return [1, 10, 100, 1_000].map((divisor) => names.keyName(Math.floor(number / divisor))).join(' ');
}

/** `known` is always noted, so it needs no mark. */
function modeOf(letter: string, { kind, mode }: LimitRule): string {
  if (mode === 'monitor') return letter.toUpperCase();
  return mode === 'note' && kind !== 'known' ? `${letter}?` : letter;
}

/** The place of the noting rule, and whether it must have a violation. */
function conditionOf({ when }: LimitRule, all: readonly LimitRule[]): string {
  if (when === undefined) return '';
  const place = all.findIndex(({ id, mode }) => id === when.rule && mode === 'note');
  return `${when.found ? '+' : '-'}${place}`;
}

function operationOf(rule: LimitRule): string {
  if (rule.kind === 'window') {
    if (rule.weighted === true || rule.limit > EXACT_LOG_LIMIT) return 'a';
    return rule.windowMs > MAX_SHORT_WINDOW_MS ? 'v' : 'w';
  }
  if (rule.kind === 'block' && rule.activate === true) return 'x';
  return rule.kind === 'known' && rule.activate === true ? 'n' : kindLetter(rule);
}

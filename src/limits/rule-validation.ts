import { ValidationError } from '../errors.ts';
import { MOST_DIGITS } from './doubt/parameters.ts';
import {
  type DoubtRule,
  type LimitKey,
  type LimitRule,
  MAX_KNOWN_MS,
  MAX_WINDOW_MS,
  type Settlement,
  type WindowRule,
} from './limit-store.ts';
import { LEASE_MS } from './rule-table.ts';

/** Longest key, member or fingerprint. It bounds the bytes of a bounded number of entries. */
const MAX_KEY_LENGTH = 1024;
/** Longest scope, rule ID and reservation ID. */
const MAX_ID_LENGTH = 200;
/** Maximum size of a result that `settle` keeps for repeated calls, in bytes. */
const MAX_RESULT_BYTES = 512;

/**
 * Path of a value, for error messages. The text is built only for an error, because every rule of every send is
 * checked.
 */
export interface InputPath {
  toString(): string;
}

export function wrong(path: string, expected: string): never {
  throw new ValidationError(`${path} must be ${expected}.`, path);
}

export function checkId(value: string, path: InputPath, field: string): void {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_ID_LENGTH) {
    wrong(`${path}${field}`, `a string of 1 to ${MAX_ID_LENGTH} characters`);
  }
}

function checkInteger(value: number, least: number, most: number, path: InputPath, field: string): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    wrong(`${path}.${field}`, `an integer from ${least} to ${most}`);
  }
}

/** @throws ValidationError the key is not a string, empty or too long */
export function checkStringKey(value: string, path: string): void {
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY_LENGTH) return;
  wrong(path, `a string of 1 to ${MAX_KEY_LENGTH} characters`);
}

/** Whether a value may be a key. */
export function isKey(value: LimitKey | undefined): boolean {
  if (typeof value === 'string') return value.length > 0 && value.length <= MAX_KEY_LENGTH;
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function checkKey(value: LimitKey, path: InputPath, field: string): void {
  if (!isKey(value)) {
    wrong(`${path}.${field}`, `a string of 1 to ${MAX_KEY_LENGTH} characters or an integer of at least 0`);
  }
}

/** Whether a value may be a limit, or the weight of a weighted rule. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

/** Whether a value may be a time in milliseconds. */
export function isDuration(value: number, most = MAX_WINDOW_MS): boolean {
  return isCount(value) && value <= most;
}

function checkWeight(rule: WindowRule, path: InputPath): void {
  if (rule.weight === undefined || rule.weight === 1) return;
  if (rule.weighted !== true) wrong(`${path}.weight`, '1 unless the rule is weighted');
  checkInteger(rule.weight, 1, Number.MAX_SAFE_INTEGER, path, 'weight');
}

function checkActivate(activate: boolean | undefined, path: InputPath): void {
  if (activate !== undefined && typeof activate !== 'boolean') wrong(`${path}.activate`, 'true or false');
}

function checkDoubt(rule: DoubtRule, path: InputPath): void {
  const { key, country, member, address, action, allowance } = rule;
  if (typeof key !== 'number' || key >= 10 ** MOST_DIGITS) {
    wrong(`${path}.key`, `a phone number of at most ${MOST_DIGITS} digits, as an integer`);
  }
  if (typeof country !== 'string' || !/^[A-Z0-9]{1,8}$/.test(country)) {
    wrong(`${path}.country`, 'a country code such as SG, or the digits of a calling code');
  }
  if (member !== undefined) checkKey(member, path, 'member');
  if (address !== undefined) checkStringKey(address, `${path}.address`);
  if (action !== 'ask' && action !== 'refuse') wrong(`${path}.action`, "'ask' or 'refuse'");
  if (!(allowance > 0 && allowance <= MAX_ALLOWANCE)) {
    wrong(`${path}.allowance`, `a number above 0, at most ${MAX_ALLOWANCE}`);
  }
}

/** More codes than any country is worth: one that cost nothing would never be in alert. */
const MAX_ALLOWANCE = 1_000_000;

type Modes = readonly LimitRule['mode'][];
const ENFORCED: Modes = ['enforce'];
const NOTED: Modes = ['note'];
const ANY: Modes = ['enforce', 'monitor', 'note'];
const DECIDED: Modes = ['enforce', 'monitor'];

function modesOf({ kind }: LimitRule): Modes {
  switch (kind) {
    case 'once':
      return ENFORCED;
    case 'known':
      return NOTED;
    case 'window':
      return ANY;
    default:
      return DECIDED;
  }
}

/** Refuses a malformed rule and names the field: a rule that counted nothing by accident would not limit anything. */
export function checkRule(rule: LimitRule, path: InputPath): void {
  checkId(rule.id, path, '.id');
  checkKey(rule.key, path, 'key');
  if (!modesOf(rule).includes(rule.mode)) {
    const modes = modesOf(rule).map((mode) => `'${mode}'`);
    wrong(`${path}.mode`, `${modes.join(' or ')} for a ${rule.kind} rule`);
  }
  switch (rule.kind) {
    case 'window':
      checkInteger(rule.limit, 1, Number.MAX_SAFE_INTEGER, path, 'limit');
      checkInteger(rule.windowMs, 1, MAX_WINDOW_MS, path, 'windowMs');
      checkWeight(rule, path);
      return;
    case 'slot':
      checkInteger(rule.limit, 1, Number.MAX_SAFE_INTEGER, path, 'limit');
      checkInteger(rule.windowMs, 1, MAX_WINDOW_MS, path, 'windowMs');
      checkInteger(rule.dueAt, 0, Number.MAX_SAFE_INTEGER, path, 'dueAt');
      return;
    case 'visitor-backoff':
    case 'backoff':
      if ('member' in rule && rule.member !== undefined) checkKey(rule.member, path, 'member');
      checkInteger(rule.baseMs, 1, MAX_WINDOW_MS, path, 'baseMs');
      checkInteger(rule.maxMs, rule.baseMs, MAX_WINDOW_MS, path, 'maxMs');
      checkInteger(rule.forgetMs, 1, MAX_WINDOW_MS, path, 'forgetMs');
      return;
    case 'distinct':
      checkInteger(rule.limit, 1, Number.MAX_SAFE_INTEGER, path, 'limit');
      checkInteger(rule.windowMs, 1, MAX_WINDOW_MS, path, 'windowMs');
      checkKey(rule.member, path, 'member');
      return;
    case 'once':
      checkInteger(rule.windowMs, 1, MAX_WINDOW_MS, path, 'windowMs');
      checkKey(rule.fingerprint, path, 'fingerprint');
      if (rule.leaseMs !== undefined) checkInteger(rule.leaseMs, 1, LEASE_MS, path, 'leaseMs');
      return;
    case 'block':
      checkInteger(rule.windowMs, 1, MAX_WINDOW_MS, path, 'windowMs');
      checkActivate(rule.activate, path);
      return;
    case 'known':
      checkInteger(rule.windowMs, 1, MAX_KNOWN_MS, path, 'windowMs');
      if (rule.member !== undefined) checkKey(rule.member, path, 'member');
      checkActivate(rule.activate, path);
      return;
    case 'doubt':
      checkDoubt(rule, path);
      return;
    default:
      wrong(
        `${path}.kind`,
        "'window', 'slot', 'backoff', 'visitor-backoff', 'distinct', 'known', 'once', 'block' or 'doubt'",
      );
  }
}

/**
 * Checks a rule beside the rules before it. One counter twice in one message would be checked twice before it is written
 * once, unless only one of the two ever applies.
 */
export function checkBesideOthers(rules: readonly LimitRule[], index: number, path: InputPath): void {
  const rule = rules[index] as LimitRule;
  const { id, key, when } = rule;
  const noting = when?.rule;
  const isDoubt = rule.kind === 'doubt';
  let isNoted = when === undefined;
  for (let before = 0; before < index; before += 1) {
    const other = rules[before] as LimitRule;
    // Read once: a message has 20 rules, and so 190 pairs of them.
    const otherId = other.id;
    if (otherId === id && other.key === key && !isEitherOr(rule, other)) {
      wrong(`${path}`, `the only one with the id '${id}' and its key`);
    }
    if (isDoubt && other.kind === 'doubt') wrong(`${path}`, 'the only rule of doubt of its request');
    if (otherId === noting && other.mode === 'note') isNoted = true;
  }
  if (!isNoted) wrong(`${path}.when.rule`, "the id of an earlier rule of the request in mode 'note'");
  if (when !== undefined && typeof when.found !== 'boolean') {
    wrong(`${path}.when.found`, 'true or false');
  }
  if (rule.kind === 'known' && rule.activate === true && rules.length > 1) {
    wrong(`${path}`, 'the only rule of its request: to be remembered is final');
  }
  if ((rule.kind === 'known' || rule.kind === 'visitor-backoff') && rule.member === undefined) {
    wrong(`${path}.member`, 'given');
  }
}

/** Whether only one of two rules ever applies. */
export function isEitherOr({ when }: LimitRule, { when: other }: LimitRule): boolean {
  return when !== undefined && when.rule === other?.rule && when.found !== other.found;
}

/**
 * Refuses an ID that is used with two shapes: they would share a counter that fits neither. Limit and window may
 * differ per call, except the window of a `distinct` rule.
 */
export function checkShape(rule: LimitRule, shape: LimitRule, path: InputPath): void {
  if (!isSameShape(rule, shape))
    wrong(`${path}`, `of one shape: the rule ID '${rule.id}' is in use for another rule`);
}

function isSameShape(rule: LimitRule, shape: LimitRule): boolean {
  switch (rule.kind) {
    case 'window':
      return shape.kind === 'window' && (rule.weighted === true) === (shape.weighted === true);
    case 'distinct':
      return shape.kind === rule.kind && rule.windowMs === shape.windowMs;
    default:
      return shape.kind === rule.kind;
  }
}

export function checkSettlement(
  { outcome, delayMs, result }: Pick<Settlement, 'outcome' | 'delayMs' | 'result'>,
  path: InputPath,
): void {
  if (outcome !== 'keep' && outcome !== 'return') wrong(`${path}.outcome`, "'keep' or 'return'");
  if (delayMs !== undefined && !(Number.isFinite(delayMs) && delayMs >= 0)) {
    wrong(`${path}.delayMs`, 'a number of milliseconds of at least 0');
  }
  if (result !== undefined && new TextEncoder().encode(result).length > MAX_RESULT_BYTES) {
    wrong(`${path}.result`, `at most ${MAX_RESULT_BYTES} bytes`);
  }
}

import type { LimitRule, TakeRequest } from '../limits/limit-store.ts';
import { escapeText } from './key-names.ts';
import { type Names, pushArguments, pushKeys, scopePrefix } from './rule-arguments.ts';

/** Keys and arguments of one script call. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: string[];
}

/** One command that takes: the requests it stands for, in order. */
export interface TakeCall extends ScriptCall {
  readonly requests: readonly TakeRequest[];
}

/** One settlement as the script reads it. */
export interface ScriptSettlement {
  readonly reservation: string;
  readonly outcome: 'keep' | 'return';
  readonly stamp: number;
  readonly movedTo: number | undefined;
  readonly result: string | undefined;
  readonly rules: readonly LimitRule[];
}

/** Most keys a script touches: at about 2.5 µs a key it holds the server up for less than a millisecond (measured). */
const MAX_KEYS = 250;
/**
 * Milliseconds for which an answer is remembered, for a command that is sent again. One that comes later than its
 * deadline counts nothing anyway.
 */
const RECORD_MS = '60000';
/** Where a take's arguments have its deadline. */
export const DEADLINE_AT = 3;
/** Where they say that a key comes twice. */
const REPEATED_AT = 5;
/** Milliseconds that a key lives longer than it counts. */
const SPARE_MS = 1000;
/** The same where the clock of a test counts, which may stand while that of the server goes on. */
const TEST_SPARE_MS = 3_600_000;

/** Makes the calls of the scripts. `testClock` gives microseconds by the clock of a test. */
export function createScriptCalls(names: Names, testClock: (() => number) | undefined) {
  const spareMs = testClock === undefined ? SPARE_MS : TEST_SPARE_MS;
  const keysPerRule = names.former === undefined ? '1' : '2';
  const width = Number(keysPerRule);

  /** Cuts a list so that each part touches few enough keys; what is too large alone goes alone. */
  function* parts<Item extends { readonly rules: readonly LimitRule[] }>(items: readonly Item[]) {
    let part: Item[] = [];
    let keys = 0;
    for (const item of items) {
      const more = item.rules.length * width;
      if (part.length > 0 && keys + more > MAX_KEYS) {
        yield part;
        part = [];
        keys = 0;
      }
      part.push(item);
      keys += more;
    }
    if (part.length > 0) yield part;
  }

  function clockArguments(): string[] {
    if (testClock === undefined) return ['', '', keysPerRule];
    const micros = testClock();
    return [`${Math.floor(micros / 1e6)}`, `${micros % 1e6}`, keysPerRule];
  }

  function pushRules(call: ScriptCall, prefix: string, rules: readonly LimitRule[]): void {
    for (const rule of rules) {
      pushKeys(call.keys, prefix, rule, names);
      pushArguments(call.args, rule, names, spareMs);
    }
  }

  return {
    /** The question for the time alone. */
    time(scope: string): ScriptCall {
      return { keys: [`${scopePrefix(scope)}t`], args: [...clockArguments(), '', RECORD_MS, ''] };
    },
    /** Made one by one, so that the next is made while the server works. */
    *takes(scope: string, requests: readonly TakeRequest[]): Generator<TakeCall> {
      const prefix = scopePrefix(scope);
      for (const part of parts(requests)) {
        const keys = [`${prefix}t${escapeText((part[0] as TakeRequest).reservation)}`];
        const args = [...clockArguments(), '', RECORD_MS, ''];
        let before = 0;
        for (const { rules } of part) {
          const from = args.length;
          args.push(`${rules.length}`);
          for (const rule of rules) {
            pushKeys(keys, prefix, rule, names);
            pushArguments(args, rule, names, spareMs);
          }
          if (before > 0 && isSame(args, before, from)) {
            args.length = from;
            args.push('=');
          } else before = from;
        }
        if (part.length > 1 && new Set(keys).size < keys.length) args[REPEATED_AT] = 'r';
        yield { keys, args, requests: part };
      }
    },
    *settles(scope: string, settlements: readonly ScriptSettlement[]): Generator<ScriptCall> {
      const prefix = scopePrefix(scope);
      for (const part of parts(settlements)) {
        const { reservation } = part[0] as ScriptSettlement;
        const call = {
          keys: [`${prefix}m${escapeText(reservation)}`],
          args: [...clockArguments(), RECORD_MS],
        };
        for (const { rules, outcome, stamp, movedTo, result } of part) {
          call.args.push(`${rules.length}`, outcome === 'keep' ? 'k' : 'r', `${stamp}`, `${movedTo ?? ''}`);
          // A sign in front tells an empty result from none.
          call.args.push(result === undefined ? '' : `=${escapeText(result)}`);
          pushRules(call, prefix, rules);
        }
        yield call;
      }
    },
    *inspects(scope: string, rules: readonly LimitRule[]) {
      for (const part of parts(rules.map((rule) => ({ rules: [rule] })))) {
        const call = { keys: [], args: clockArguments(), rules: part.flatMap((each) => each.rules) };
        pushRules(call, scopePrefix(scope), call.rules);
        yield call;
      }
    },
    *releases(scope: string, rules: readonly LimitRule[]): Generator<ScriptCall> {
      for (const part of parts(rules.map((rule) => ({ rules: [rule] })))) {
        const keys: string[] = [];
        for (const each of part)
          for (const rule of each.rules) pushKeys(keys, scopePrefix(scope), rule, names);
        yield { keys, args: [] };
      }
    },
    recall(call: TakeCall): ScriptCall {
      return { keys: call.keys.slice(0, 1), args: [RECORD_MS] };
    },
  };
}

/** Whether the arguments from `from` to the end are those from `before`. */
function isSame(args: readonly string[], before: number, from: number): boolean {
  for (let at = from; at < args.length; at += 1) {
    if (args[at] !== args[before + at - from]) return false;
  }
  return true;
}

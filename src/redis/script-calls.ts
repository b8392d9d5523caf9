import type { LimitRule, TakeRequest } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import { escapeText } from './key-hashing.ts';
import {
  inScriptOrder,
  type KeyNameVersions,
  pushArguments,
  pushKeys,
  scopePrefix,
} from './rule-arguments.ts';

/** Keys and arguments of one script call. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: string[];
}

/** One take command and its requests, in order. */
export interface TakeCall extends ScriptCall {
  readonly requests: readonly TakeRequest[];
  /** Whether an earlier command has one of its keys, so that the order matters. */
  readonly dependsOnEarlier: boolean;
  /** Whether one of its messages has a rule of doubt, which has a script of its own. */
  readonly hasDoubt: boolean;
}

/** One settlement as the script reads it. */
export interface ScriptSettlement {
  readonly reservation: string;
  readonly outcome: 'keep' | 'return';
  readonly stamp: number;
  readonly movedTo: number | undefined;
  readonly result: string | undefined;
  /** The counts of a rule of doubt. */
  readonly doubtHold: string | undefined;
  readonly rules: readonly LimitRule[];
}

/** Most keys per script: at about 2 µs per key it blocks the server for about half a millisecond (measured). */
const MAX_KEYS = 250;
/**
 * Milliseconds to remember a reply, for a command that is sent twice. A command that arrives after its deadline counts
 * nothing anyway.
 */
const RECORD_MS = '60000';
/** The same for a settlement: as long as this process may send it again. */
const MARK_MS = `${LEASE_MS + 60_000}`;
/** Index of the deadline in the arguments of a take. */
export const DEADLINE_INDEX = 3;
/** Index of the flag for repeated keys. */
const REPEATED_INDEX = 5;
/** Milliseconds that a key outlives its count. */
const SPARE_MS = 1000;
/** The same for a test clock, which may stand still while the clock of the server goes on. */
const TEST_SPARE_MS = 3_600_000;

export type ScriptCalls = ReturnType<typeof createScriptCalls>;

/** Creates the calls of the scripts. `testClock` returns microseconds. */
export function createScriptCalls(names: KeyNameVersions, testClock: (() => number) | undefined) {
  const spareMs = testClock === undefined ? SPARE_MS : TEST_SPARE_MS;
  const keysPerRule = names.previous === undefined ? '1' : '2';
  const width = Number(keysPerRule);

  /**
   * Splits a list so that each part touches few enough keys. An item that is too large is a part of its own. `marks`
   * is the number of keys per item in addition to those of its rules.
   */
  function* parts<Item extends { readonly rules: readonly LimitRule[] }>(items: readonly Item[], marks = 0) {
    let part: Item[] = [];
    let keys = 0;
    for (const item of items) {
      // A message without rules has no key but takes time.
      const more = Math.max(1, item.rules.reduce(addKeys, 0) * width + marks);
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

  function clock(): [seconds: string, micros: string] {
    if (testClock === undefined) return ['', ''];
    const micros = testClock();
    return [`${Math.floor(micros / 1e6)}`, `${micros % 1e6}`];
  }

  const clockArguments = () => [...clock(), keysPerRule];

  function pushRules(
    call: ScriptCall,
    prefix: string,
    rules: readonly LimitRule[],
    doubtHold?: string,
  ): void {
    for (const rule of inScriptOrder(rules)) {
      pushKeys(call.keys, prefix, rule, names);
      const operationAt = call.args.length;
      pushArguments(call.args, rule, names, spareMs);
      if (rule.kind === 'doubt' && doubtHold !== undefined) call.args[operationAt + 1] = doubtHold;
    }
  }

  /** Unique across processes. Drawn on first use, because the global scope of a Worker has no random numbers. */
  let run: string | undefined;
  let records = 0;

  /**
   * The name of a command's record. A single message is recognised by its reservation. A group gets a name of its own:
   * messages that were given back because another part failed, or that are grouped differently, must not get an old
   * reply.
   */
  function recordName([first]: readonly TakeRequest[], isAlone: boolean): string {
    const name = escapeText((first as TakeRequest).reservation);
    if (isAlone) return name;
    run ??= crypto.getRandomValues(new Uint32Array(2)).join('.');
    records += 1;
    return `${name};${run}.${records}`;
  }

  return {
    /** Seconds and microseconds of the test clock, or two empty strings. */
    clock,
    /** Reads the server time. */
    time(scope: string): ScriptCall {
      return { keys: [`${scopePrefix(scope)}t`], args: [...clockArguments(), '', RECORD_MS, ''] };
    },
    /** Generated lazily, so that the next call is prepared while the server works. */
    *takes(scope: string, requests: readonly TakeRequest[]): Generator<TakeCall> {
      const prefix = scopePrefix(scope);
      const positions = requests.length > 1 ? new Map<string, number>() : undefined;
      let position = 0;
      for (const part of parts(requests)) {
        position += 1;
        const keys = [`${prefix}t${recordName(part, requests.length === 1)}`];
        const args = [...clockArguments(), '', RECORD_MS, ''];
        let before = 0;
        let times = 0;
        let hasDoubt = false;
        for (const request of part) {
          const rules = inScriptOrder(request.rules);
          hasDoubt ||= rules.at(-1)?.kind === 'doubt';
          const from = args.length;
          args.push(`${rules.length}`);
          for (const rule of rules) {
            pushKeys(keys, prefix, rule, names);
            pushArguments(args, rule, names, spareMs, rules);
          }
          if (before > 0 && isSame(args, before, from)) {
            // One argument for all messages with the same arguments.
            args.length = from;
            if (times > 0) args.pop();
            times += 1;
            args.push(`=${times}`);
          } else {
            before = from;
            times = 0;
          }
        }
        const tracked = positions === undefined ? NO_REPEATED_KEYS : trackKeys(positions, keys, position);
        if (tracked.isRepeated) args[REPEATED_INDEX] = 'r';
        yield { keys, args, requests: part, dependsOnEarlier: tracked.isAfter, hasDoubt };
      }
    },
    *settles(scope: string, settlements: readonly ScriptSettlement[]): Generator<ScriptCall> {
      const prefix = scopePrefix(scope);
      for (const part of parts(settlements, 1)) {
        const call: ScriptCall = { keys: [], args: [...clockArguments(), MARK_MS] };
        for (const { reservation, rules, outcome, stamp, movedTo, result, doubtHold } of part) {
          call.keys.push(`${prefix}m${escapeText(reservation)}`);
          call.args.push(`${rules.length}`, outcome === 'keep' ? 'k' : 'r', `${stamp}`, `${movedTo ?? ''}`);
          // The prefix distinguishes an empty result from no result.
          call.args.push(result === undefined ? '' : `=${escapeText(result)}`);
          pushRules(call, prefix, rules, doubtHold);
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
    *releases(scope: string, rules: readonly LimitRule[]): Generator<readonly string[]> {
      for (const part of parts(rules.map((rule) => ({ rules: [rule] })))) {
        const keys: string[] = [];
        for (const each of part)
          for (const rule of each.rules) pushKeys(keys, scopePrefix(scope), rule, names);
        yield keys;
      }
    },
    /** The clock and the number of keys per rule, as every script begins. */
    clockArguments,
    recall(call: TakeCall): ScriptCall {
      return { keys: call.keys.slice(0, 1), args: [RECORD_MS] };
    },
  };
}

/** A sorted set takes as long as five other keys, and so do the waits of many visitors. A rule of doubt takes as long as twenty. */
function addKeys(keys: number, { kind }: LimitRule): number {
  if (kind === 'doubt') return keys + 20;
  return keys + (kind === 'distinct' || kind === 'visitor-backoff' ? 5 : 1);
}

const NO_REPEATED_KEYS = { isRepeated: false, isAfter: false };

/** Records the keys of a command. Tells whether a key occurs twice in it, or in an earlier command. */
function trackKeys(positions: Map<string, number>, keys: readonly string[], position: number) {
  let [isRepeated, isAfter] = [false, false];
  for (const key of keys) {
    const seenAt = positions.get(key);
    if (seenAt === position) isRepeated = true;
    else {
      if (seenAt !== undefined) isAfter = true;
      positions.set(key, position);
    }
  }
  return { isRepeated, isAfter };
}

/** Whether the arguments from `from` to the end equal those from `before`. */
function isSame(args: readonly string[], before: number, from: number): boolean {
  for (let at = from; at < args.length; at += 1) {
    if (args[at] !== args[before + at - from]) return false;
  }
  return true;
}

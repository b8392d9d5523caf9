import { type Seed, tagOf } from '../limits/key-hash.ts';
import type { LimitRule, TakeRequest } from '../limits/limit-store.ts';
import { LEASE_MS } from '../limits/rule-table.ts';
import { escapeText } from './key-hashing.ts';
import { type KeyNameVersions, scopePrefix, scopeTag } from './rule-arguments.ts';
import { RuleTexts, type ScriptCall, toArguments } from './rule-texts.ts';

/** One take command and its requests, in order. */
export interface TakeCall extends ScriptCall {
  readonly requests: readonly TakeRequest[];
  /** Whether an earlier command has one of its keys, so that the order matters. */
  readonly dependsOnEarlier: boolean;
  /** Whether one of its messages has a rule of doubt, which has a script of its own. */
  readonly hasDoubt: boolean;
  /** Where the value of a number may keep the command, when it holds one message. */
  readonly home: CommandHome | undefined;
}

/** The place of a value among the keys of a message, and the name of the command in it. */
interface CommandHome {
  readonly place: number;
  readonly name: string;
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
/** Index of the form of a take in its texts: one message, or a key that occurs twice; of the place and the name of its home. */
const FORM_INDEX = 4;
const ONE_MESSAGE = '1';
const REPEATED_KEYS = 'r';
const TIME_ONLY = 't';
const HOME_INDEX = 5;
/** The same in every process. */
const COMMAND_SEED: Seed = { first: 0x2f0b4c47, second: 0x6a09e667 };
/** Six bits are a character from `0` on. */
const FIRST_LETTER = 48;
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

  const clockTexts = () => (testClock === undefined ? ['', '', keysPerRule] : [...clock(), keysPerRule]);

  function begin(tag: string, keys: string[], ...more: readonly string[]): RuleTexts {
    const texts = clockTexts();
    texts.push(...more);
    return new RuleTexts(tag, names, spareMs, { keys, texts });
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

  function homeOf(requests: readonly TakeRequest[], { home }: RuleTexts): CommandHome | undefined {
    if (requests.length !== 1 || home === undefined) return undefined;
    return { place: home, name: commandName((requests[0] as TakeRequest).reservation) };
  }

  return {
    /** Seconds and microseconds of the test clock, or two empty strings. */
    clock,
    /** Reads the server time. */
    time(scope: string): ScriptCall {
      const texts = [...clockTexts(), RECORD_MS, TIME_ONLY, '', '', '0', '0'];
      return { keys: [`${scopePrefix(scope)}t`], args: toArguments(texts) };
    },
    /** Generated lazily, so that the next call is prepared while the server works. */
    *takes(scope: string, requests: readonly TakeRequest[]): Generator<TakeCall> {
      const tag = scopeTag(scope);
      const positions = requests.length > 1 ? new Map<string, number>() : undefined;
      let position = 0;
      for (const part of parts(requests)) {
        position += 1;
        const record = `${tag}:t${recordName(part, requests.length === 1)}`;
        const call = begin(tag, [record], RECORD_MS, '', '', '');
        const { keys, texts } = call;
        let before = 0;
        let times = 0;
        let hasDoubt = false;
        for (const { rules } of part) {
          hasDoubt ||= rules.some(({ kind }) => kind === 'doubt');
          const from = texts.length;
          call.begin();
          texts.push(`${rules.length}`, '');
          call.add(rules);
          texts[from + 1] = `${call.width}`;
          if (before > 0 && isSame(texts, before, from)) {
            // One text for all messages with the same texts.
            texts.length = from;
            if (times > 0) texts.pop();
            times += 1;
            texts.push(`=${times}`);
          } else {
            before = from;
            times = 0;
          }
        }
        const tracked = positions === undefined ? NO_REPEATED_KEYS : trackKeys(positions, keys, position);
        if (tracked.isRepeated) texts[FORM_INDEX] = REPEATED_KEYS;
        if (part.length === 1) texts[FORM_INDEX] = ONE_MESSAGE;
        const home = homeOf(requests, call);
        if (home !== undefined) {
          texts[HOME_INDEX] = `${home.place}`;
          texts[HOME_INDEX + 1] = home.name;
        }
        const args = toArguments(texts);
        yield { keys, args, requests: part, dependsOnEarlier: tracked.isAfter, hasDoubt, home };
      }
    },
    *settles(scope: string, settlements: readonly ScriptSettlement[]): Generator<ScriptCall> {
      const tag = scopeTag(scope);
      for (const part of parts(settlements, 1)) {
        const call = begin(tag, [], MARK_MS);
        const { keys, texts } = call;
        for (const { reservation, rules, outcome, stamp, movedTo, result, doubtHold } of part) {
          keys.push(`${tag}:m${escapeText(reservation)}`);
          const from = texts.length;
          call.begin();
          texts.push(`${rules.length}`, '', outcome === 'keep' ? 'k' : 'r', `${stamp}`, `${movedTo ?? ''}`);
          // The prefix distinguishes an empty result from no result.
          texts.push(result === undefined ? '' : `=${escapeText(result)}`);
          call.add(rules, doubtHold);
          texts[from + 1] = `${call.width}`;
        }
        yield { keys, args: toArguments(texts) };
      }
    },
    *inspects(scope: string, rules: readonly LimitRule[]) {
      for (const part of parts(rules.map((rule) => ({ rules: [rule] })))) {
        const call = begin(scopeTag(scope), []);
        const some = part.flatMap((each) => each.rules);
        call.add(some);
        yield { keys: call.keys, args: toArguments(call.texts), rules: some };
      }
    },
    /** The texts of a release; the deadline is added when it is sent. */
    *releases(scope: string, rules: readonly LimitRule[]) {
      for (const part of parts(rules.map((rule) => ({ rules: [rule] })))) {
        const call = begin(scopeTag(scope), []);
        for (const each of part) for (const rule of each.rules) call.addPlace(rule);
        yield { keys: call.keys, texts: call.texts };
      }
    },
    /** The clock and the number of keys per rule, as the texts of every script begin. */
    clockTexts,
    recall({ keys: [record = '', ...keys], home }: TakeCall): ScriptCall {
      const texts = [...clockTexts(), RECORD_MS, home?.name ?? ''];
      const values = home === undefined ? [] : keys.slice(home.place, home.place + width);
      return { keys: [record, ...values], args: toArguments(texts) };
    },
  };
}

/** A sorted set takes as long as five other keys, and so do the waits of many visitors. A rule of doubt takes as long as twenty. */
function addKeys(keys: number, { kind }: LimitRule): number {
  if (kind === 'doubt') return keys + 20;
  return keys + (kind === 'distinct' || kind === 'visitor-backoff' ? 5 : 1);
}

/** 53 bits in nine characters. A number keeps about eight commands of the last minute, so no two have one name. */
function commandName(reservation: string): string {
  const bits = -1 - tagOf(reservation, COMMAND_SEED);
  const high = Math.floor(bits / 2 ** 30);
  return String.fromCharCode(
    FIRST_LETTER + (bits & 63),
    FIRST_LETTER + ((bits >>> 6) & 63),
    FIRST_LETTER + ((bits >>> 12) & 63),
    FIRST_LETTER + ((bits >>> 18) & 63),
    FIRST_LETTER + ((bits >>> 24) & 63),
    FIRST_LETTER + (high & 63),
    FIRST_LETTER + ((high >>> 6) & 63),
    FIRST_LETTER + ((high >>> 12) & 63),
    FIRST_LETTER + ((high >>> 18) & 63),
  );
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

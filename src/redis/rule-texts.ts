import type { LimitKey, LimitRule } from '../limits/limit-store.ts';
import {
  inScriptOrder,
  isSharing,
  type KeyNameVersions,
  pushKeys,
  pushTexts,
  sectionTag,
} from './rule-arguments.ts';

/** Keys and arguments of one script call. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: string[];
}

/** Index of the deadline in the arguments of every script that counts. */
export const DEADLINE_INDEX = 0;
const SEPARATOR = '\0';

/** The arguments of a script: one text for all, because a server and a client take longer for many. */
export function toArguments(texts: readonly string[], deadline = ''): string[] {
  return [deadline, texts.join(SEPARATOR) + SEPARATOR, `${texts.length}`];
}

/** Collects the keys and texts of a script call, message by message. */
export class RuleTexts {
  readonly keys: string[];
  readonly texts: string[];
  readonly #tag: string;
  readonly #names: KeyNameVersions;
  readonly #spareMs: number;
  /** Places of shared values in the message, by what they are about. */
  readonly #shared = new Map<LimitKey, number>();
  #firstKey: number;

  /**
   * @param tag of the scope, see `scopeTag`
   * @param spareMs how long a key outlives its count
   */
  constructor(tag: string, names: KeyNameVersions, spareMs: number, { keys, texts }: Start) {
    this.#tag = tag;
    this.#names = names;
    this.#spareMs = spareMs;
    this.keys = keys;
    this.texts = texts;
    this.#firstKey = keys.length;
  }

  /** Begins a message: places count from its first key. */
  begin(): void {
    this.#firstKey = this.keys.length;
    this.#shared.clear();
  }

  /** Keys of the message so far. */
  get width(): number {
    return this.keys.length - this.#firstKey;
  }

  /** The place of the value of the first number of the message, in which its command may be kept. */
  get home(): number | undefined {
    for (const [key, place] of this.#shared) if (typeof key === 'number') return place;
    return undefined;
  }

  /** Adds rules in the order of the scripts. */
  add(rules: readonly LimitRule[], doubtHold?: string): void {
    const ordered = inScriptOrder(rules);
    for (const rule of ordered) {
      const place = this.#placeOf(rule);
      const at = this.texts.length;
      pushTexts(this.texts, rule, place, this.#names, this.#spareMs, ordered);
      if (rule.kind === 'doubt' && doubtHold !== undefined) this.texts[at + 1] = doubtHold;
    }
  }

  /** Adds only where the counter of a rule is. */
  addPlace(rule: LimitRule): void {
    const place = this.#placeOf(rule);
    this.texts.push(sectionTag(rule, this.#names), `${place}`);
  }

  /** Adds the keys of a rule, unless another rule of the message has brought them. */
  #placeOf(rule: LimitRule): number {
    const known = isSharing(rule) ? this.#shared.get(rule.key) : undefined;
    if (known !== undefined) return known;
    const place = this.width;
    pushKeys(this.keys, this.#tag, rule, this.#names);
    if (isSharing(rule)) this.#shared.set(rule.key, place);
    return place;
  }
}

/** The beginning of a call. */
export interface Start {
  readonly keys: string[];
  readonly texts: string[];
}

import { MAX_TRUSTED, type TrustableTarget } from '../doubt-store.ts';
import type { DoubtRule } from '../limit-store.ts';

/** Places that are trusted for a time: by country, by number, and by leading digits. */
export class Trusted {
  readonly #countries = new Map<string, number>();
  readonly #numbers = new Map<number, number>();
  readonly #prefixes = new Map<string, number>();

  covers({ country, key }: DoubtRule, nowMs: number): boolean {
    if (this.#size === 0) return false;
    if ((this.#countries.get(country) ?? nowMs) > nowMs) return true;
    if ((this.#numbers.get(key as number) ?? nowMs) > nowMs) return true;
    if (this.#prefixes.size === 0) return false;
    const digits = String(key);
    for (const [prefix, untilMs] of this.#prefixes) {
      if (untilMs > nowMs && digits.startsWith(prefix)) return true;
    }
    return false;
  }

  /** Returns whether there was room. */
  add(target: TrustableTarget, forMs: number, nowMs: number): boolean {
    this.#expire(nowMs);
    if ('country' in target) return this.#put(this.#countries, target.country, forMs, nowMs);
    if ('number' in target) return this.#put(this.#numbers, target.number, forMs, nowMs);
    return this.#put(this.#prefixes, target.prefix, forMs, nowMs);
  }

  forget(number: number): void {
    this.#numbers.delete(number);
  }

  get #size(): number {
    return this.#countries.size + this.#numbers.size + this.#prefixes.size;
  }

  #put<Key>(places: Map<Key, number>, key: Key, forMs: number, nowMs: number): boolean {
    places.delete(key);
    if (forMs <= 0) return true;
    if (this.#size >= MAX_TRUSTED) return false;
    places.set(key, nowMs + forMs);
    return true;
  }

  #expire(nowMs: number): void {
    for (const places of [this.#countries, this.#numbers, this.#prefixes] as Map<unknown, number>[]) {
      for (const [key, untilMs] of places) if (untilMs <= nowMs) places.delete(key);
    }
  }
}

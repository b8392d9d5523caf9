import { WebhookError } from '../errors.ts';
import { malformed, webhookError } from './failures.ts';

/** 8x8's events are four deep. Deeper than this nobody sends in earnest, and a stack has an end. */
const MAX_DEPTH = 32;

/** Keys that reach a prototype when somebody merges the object into another: CWE-1321, and what secure-json-parse refuses. */
function isPoisoned(key: string, value: unknown): boolean {
  if (key === '__proto__') return true;
  return (
    key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
  );
}

/** Copies what JSON can hold. Counts as it goes: a parsed body may be a cycle, and its text is gone. */
function createCopier(maxCharacters: number) {
  let left = maxCharacters;

  function spend(characters: number): void {
    left -= characters;
    if (left < 0) throw webhookError('too-large');
  }

  function copy(value: unknown, depth: number): unknown {
    spend(1);
    if (typeof value === 'string') spend(value.length);
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
    if (typeof value !== 'object' || depth === 0) throw malformed();
    if (Array.isArray(value)) return Array.from(value, (item) => copy(item, depth - 1));
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[key];
      if (isPoisoned(key, member)) throw malformed();
      spend(key.length);
      if (member !== undefined) result[key] = copy(member, depth - 1);
    }
    return result;
  }
  return copy;
}

/**
 * A copy that is nothing but data: no getter, no cycle, no key that reaches a prototype.
 *
 * @throws WebhookError
 */
export function plainJson(value: unknown, maxCharacters: number): unknown {
  try {
    return createCopier(maxCharacters)(value, MAX_DEPTH);
  } catch (error) {
    // A getter or a proxy of whoever parsed it.
    throw WebhookError.isInstance(error) ? error : malformed();
  }
}

/** @throws WebhookError */
export function parseJson(text: string, maxCharacters: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed();
  }
  return plainJson(value, maxCharacters);
}

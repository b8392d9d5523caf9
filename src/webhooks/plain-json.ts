import { WebhookError } from '../errors.ts';
import { malformed, webhookError } from './failures.ts';

/** 8x8's events have four levels. A deeper body is an attack, and the stack is finite. */
const MAX_DEPTH = 32;

/** Keys that reach a prototype when the object is merged into another one: CWE-1321, as secure-json-parse refuses them. */
function isPoisoned(key: string, value: unknown): boolean {
  if (key === '__proto__') return true;
  return (
    key === 'constructor' && typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
  );
}

/** Copies JSON values, and counts characters on the way: a parsed body may be cyclic, and its text is no longer known. */
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
 * Copies a value as plain data: without getters, cycles, and keys that reach a prototype.
 *
 * @throws WebhookError `malformed`, or `too-large` for more than `maxCharacters`
 */
export function plainJson(value: unknown, maxCharacters: number): unknown {
  try {
    return createCopier(maxCharacters)(value, MAX_DEPTH);
  } catch (error) {
    // A getter or a proxy of the parser threw.
    throw WebhookError.isInstance(error) ? error : malformed();
  }
}

/**
 * Parses a text and copies it as plain data.
 *
 * @throws WebhookError `malformed`, or `too-large` for more than `maxCharacters`
 */
export function parseJson(text: string, maxCharacters: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed();
  }
  return plainJson(value, maxCharacters);
}

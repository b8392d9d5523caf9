import { inspect } from 'node:util';
import { expect } from 'vitest';

/** Values that must never be shown; each occurs nowhere else. */
export const CANARY_KEY = 'canary-key-7f3a9c51d0';
export const CANARY_NUMBER = '+6591726354';
export const CANARY_TEXT = 'canary text for one person only';

const FORBIDDEN = [CANARY_KEY, CANARY_TEXT, '91726354', '9172 6354', '917263'];

/** All printed forms of a value. */
export function shown(value: unknown): string {
  const error = value instanceof Error ? `${value.name} ${value.message} ${value.stack} ${value.cause}` : '';
  const looked = inspect(value, { depth: 10, showHidden: true, getters: true, maxStringLength: null });
  return [error, String(value), looked, JSON.stringify(value)].join('\n');
}

/** Fails when any printed form of the value contains a canary. */
export function expectNoCanary(value: unknown): void {
  const text = shown(value);
  for (const canary of FORBIDDEN) expect(text, `shows ${canary}`).not.toContain(canary);
}

import { ValidationError } from '../errors.ts';
import { cloneInput } from '../internal/clone-input.ts';
import { type Field, text, unreadable, validate } from '../schema.ts';

/** Throws a `ValidationError` that names the first field that is wrong. */
export function assertValid(field: Field, value: unknown, name: string): void {
  const flaw = validate(field, value, name);
  if (flaw !== undefined) throw new ValidationError(`${flaw.message} Nothing was sent.`, flaw.path);
}

/**
 * A copy of the caller's object that was checked, so that what is used is what was checked. Throws a `ValidationError` that
 * names the first field that is wrong.
 */
export function readInput<Input>(field: Field, input: Input, name: string): Input {
  let copy: Input;
  try {
    copy = cloneInput(input);
  } catch {
    const flaw = unreadable(name);
    throw new ValidationError(`${flaw.message} Nothing was sent.`, flaw.path);
  }
  assertValid(field, copy, name);
  return copy;
}

/** Longer than any id that 8x8 gives: an export's job has 64 characters, a UUID 36. */
const idField = text({ max: 200 });

/** An id of 8x8's that goes into a path; the transport encodes it. */
export function readId(id: string, name: string): string {
  assertValid(idField, id, name);
  return id;
}

import { ValidationError } from '../errors.ts';
import { type Field, text, validate } from '../schema.ts';

/** Throws a `ValidationError` that names the first invalid field. */
export function assertValid(field: Field, value: unknown, name: string): void {
  const flaw = validate(field, value, name);
  if (flaw !== undefined) throw new ValidationError(`${flaw.message} Nothing was sent.`, flaw.path);
}

/** The input, once it was checked. Throws a `ValidationError` that names the first invalid field. */
export function readInput<Input>(field: Field, input: Input, name: string): Input {
  assertValid(field, input, name);
  return input;
}

/** Longer than any ID of 8x8: that of an export job has 64 characters, a UUID 36. */
const idField = text({ max: 200 });

/** An ID of 8x8 for a path; the transport encodes it. */
export function readId(id: string, name: string): string {
  assertValid(idField, id, name);
  return id;
}

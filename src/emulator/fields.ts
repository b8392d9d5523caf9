import { fail, PROBLEMS, type Problem } from './problems.ts';

/** Reading of JSON that somebody else wrote: each function gives the value or ends the call with 8x8's error. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readObject(value: unknown, problem: Problem = PROBLEMS.invalidParameter): JsonObject {
  return isRecord(value) ? value : fail(problem);
}

/** A string, or undefined when absent or null. */
export function readString(fields: JsonObject, name: string, problem: Problem): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : fail(problem);
}

/** A whole number within limits, or undefined when absent. */
export function readInteger(
  fields: JsonObject,
  name: string,
  min: number,
  max: number,
  problem: Problem,
): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) return fail(problem);
  return value >= min && value <= max ? value : fail(problem);
}

/** One of the allowed strings, or undefined when absent. */
export function readChoice<Choice extends string>(
  fields: JsonObject,
  name: string,
  choices: readonly Choice[],
  problem: Problem,
): Choice | undefined {
  const value = readString(fields, name, problem);
  if (value === undefined) return undefined;
  return choices.find((choice) => choice === value) ?? fail(problem);
}

/** Epoch milliseconds of an ISO 8601 time with offset, or undefined when absent. */
export function readTime(fields: JsonObject, name: string, problem: Problem): number | undefined {
  const value = readString(fields, name, problem);
  if (value === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  return Number.isNaN(time) ? fail(problem) : time;
}

/** An absolute http or https address, or undefined when absent. */
export function readUrl(fields: JsonObject, name: string, problem: Problem): string | undefined {
  const value = readString(fields, name, problem);
  if (value === undefined) return undefined;
  return URL.canParse(value) && /^https?:/i.test(value) ? value : fail(problem);
}

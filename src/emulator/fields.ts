import { fail, PROBLEMS, type Problem } from './problems.ts';

/** Reads fields of a request: each function returns the value, or fails with 8x8's error. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readObject(value: unknown, problem: Problem = PROBLEMS.invalidParameter): JsonObject {
  return isRecord(value) ? value : fail(problem);
}

/** Reads a string; undefined when absent or null. */
export function readString(fields: JsonObject, name: string, problem: Problem): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : fail(problem);
}

/** Reads a whole number within limits; undefined when absent. */
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

/** Reads one of the allowed strings; undefined when absent. */
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

/** Reads the encoding of a message; 8x8's own guides write `Auto`. */
export function readEncoding(fields: JsonObject): 'AUTO' | 'GSM7' | 'UCS2' {
  const value = readString(fields, 'encoding', PROBLEMS.invalidEncoding)?.toUpperCase();
  const encoding = { encoding: value };
  return readChoice(encoding, 'encoding', ['AUTO', 'GSM7', 'UCS2'], PROBLEMS.invalidEncoding) ?? 'AUTO';
}

/** Reads an ISO 8601 time with offset as epoch milliseconds; undefined when absent. */
export function readTime(fields: JsonObject, name: string, problem: Problem): number | undefined {
  const value = readString(fields, name, problem);
  if (value === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  return Number.isNaN(time) ? fail(problem) : time;
}

/** Reads an absolute http or https URL; undefined when absent. */
export function readUrl(fields: JsonObject, name: string, problem: Problem): string | undefined {
  const value = readString(fields, name, problem);
  if (value === undefined) return undefined;
  return URL.canParse(value) && /^https?:/i.test(value) ? value : fail(problem);
}

import * as v from 'valibot';
import { readDateTime } from './internal/date-time.ts';
import { redactText } from './internal/redact.ts';

/**
 * The few shapes that options and messages are made of, each with a message that says what is allowed and never what
 * was given (it may be a key or a number). The only file that knows the schema library.
 */
export type Field = v.GenericSchema<unknown, unknown>;

/** Names one field for each key of an interface: a new option without a check is a compile error. */
export type Fields<Shape> = { readonly [Key in keyof Required<Shape>]: Field };

/** Smallest number of single-character edits between two words, for "did you mean". */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [row, character] of [...left].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...right].entries()) {
      const substituted = (previous[column] ?? 0) + (character === other ? 0 : 1);
      current.push(Math.min(substituted, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

/** The known name nearest to a misspelt one, if one is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const stringThat = name.slice(0, 40).toLowerCase();
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(stringThat, candidate.toLowerCase()) }))
    .sort((one, other) => one.distance - other.distance);
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

function describeUnknown(name: string, known: readonly string[]): string {
  const nearest = nearestName(name.slice(0, 100).replaceAll('"', ''), known);
  return nearest === undefined
    ? `is not known here. Known: ${known.join(', ')}.`
    : `is not known here. Did you mean "${nearest}"?`;
}

/** An object with these keys, all optional, and no others. `known` are the names that a misspelt one is compared with. */
export function object(
  fields: Readonly<Record<string, Field>>,
  what = 'an object',
  known: readonly string[] = Object.keys(fields),
): Field {
  const entries = Object.fromEntries(
    Object.keys(fields).map((key) => [key, v.optional(fields[key] as Field)]),
  );
  const object = v.strictObject(entries, (issue) =>
    issue.expected === 'never' ? describeUnknown(String(issue.input), known) : `must be ${what}.`,
  );
  // An empty array or Map would pass for an object that says nothing.
  return v.lazy((input) => (isIterable(input) ? v.never(`must be ${what}.`) : object)) as Field;
}

function isIterable(input: unknown): boolean {
  return typeof input === 'object' && input !== null && Symbol.iterator in input;
}

/** As `shape`, with some keys that must be there. */
export function objectWith(
  required: readonly string[],
  fields: Readonly<Record<string, Field>>,
  what?: string,
): Field {
  return v.pipe(
    object(fields, what),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value as Record<string, unknown>;
      for (const key of required) {
        if (input[key] !== undefined) continue;
        const path = [{ type: 'object', origin: 'value', input, key, value: undefined }] as const;
        addIssue({ message: 'is missing.', path: [...path] });
      }
    }),
  ) as Field;
}

/** What guards and other switches are, for messages. */
export const FALSE_OR_OPTIONS = 'false or an object of options';

/** `false`, or this. */
export function falseOr(options: Field): Field {
  return v.lazy((input) => (input === false ? v.literal(false) : options)) as Field;
}

/** What fits `field` and passes a test of the whole. */
export function refine<Shape>(field: Field, test: (value: Shape) => boolean, message: string): Field {
  return v.pipe(
    field,
    v.check((value) => test(value as Shape), message),
  ) as Field;
}

/** A string that passes a test. */
export function word(test: (value: string) => boolean, what: string): Field {
  return v.custom((input) => typeof input === 'string' && test(input), `must be ${what}.`);
}

/** One of two kinds, told apart by a test, so that the message speaks of the kind that was meant. */
export function switchOn(isFirst: (input: unknown) => boolean, first: Field, second: Field): Field {
  return v.lazy((input) => (isFirst(input) ? first : second)) as Field;
}

export function text({ min = 1, max }: { readonly min?: number; readonly max: number }): Field {
  const allowed = `must be a string of ${min} to ${max} characters.`;
  return v.pipe(v.string(allowed), v.minLength(min, allowed), v.maxLength(max, allowed));
}

export function pattern(expression: RegExp, what: string): Field {
  return v.pipe(
    v.string(`must be ${what}.`),
    v.maxLength(2048, `must be ${what}.`),
    v.regex(expression, `must be ${what}.`),
  );
}

export function integer({
  min,
  max,
  unit = '',
}: {
  readonly min: number;
  readonly max: number;
  readonly unit?: string;
}): Field {
  const allowed = `must be a whole number from ${min} to ${max}${unit && ` (${unit})`}.`;
  return v.pipe(
    v.number(allowed),
    v.safeInteger(allowed),
    v.minValue(min, allowed),
    v.maxValue(max, allowed),
  );
}

export function decimal({ min, max }: { readonly min: number; readonly max: number }): Field {
  const allowed = `must be a number from ${min} to ${max}.`;
  return v.pipe(v.number(allowed), v.minValue(min, allowed), v.maxValue(max, allowed));
}

export function oneOf(allowed: readonly (string | number | boolean)[]): Field {
  return v.picklist(
    allowed as readonly string[],
    `must be one of ${allowed.map((value) => JSON.stringify(value)).join(', ')}.`,
  );
}

export function boolean(): Field {
  return v.boolean('must be true or false.');
}

export function list(item: Field, { min = 0, max }: { readonly min?: number; readonly max: number }): Field {
  const allowed = `must be an array of ${min} to ${max} entries.`;
  const isOfLength = (input: unknown) => Array.isArray(input) && input.length >= min && input.length <= max;
  // The length first: of a huge array no entry is looked at.
  return v.pipe(v.custom(isOfLength, allowed), v.array(item)) as Field;
}

export function anyFunction(what = 'a function'): Field {
  return v.custom((input) => typeof input === 'function', `must be ${what}.`);
}

/** An object of the caller's with these methods; its other properties are its own business. */
export function withMethods(methods: readonly string[], what: string): Field {
  return v.custom(
    (input) =>
      typeof input === 'object' &&
      input !== null &&
      methods.every((method) => typeof (input as Record<string, unknown>)[method] === 'function'),
    `must be ${what} (an object with ${methods.join(', ')}).`,
  );
}

/** ISO 8601 with an offset or `Z`, as 8x8 takes it. The calendar is another matter. */
const ISO_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/** A `Date`, or an ISO 8601 string with an offset. */
export function dateTime(): Field {
  const allowed =
    'must be a valid Date, or an ISO 8601 string with an offset, of a day and time that exist, such as 2026-11-22T09:00:00Z.';
  return v.custom(
    (input) =>
      input instanceof Date
        ? !Number.isNaN(input.getTime())
        : typeof input === 'string' && ISO_WITH_OFFSET.test(input) && readDateTime(input) !== undefined,
    allowed,
  );
}

/** Names of the caller's with short values: texts, numbers, or true and false. */
export function shortValues({
  maxEntries,
  maxLength,
}: {
  readonly maxEntries: number;
  readonly maxLength: number;
}): Field {
  return v.custom((input) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return false;
    const entries = Object.entries(input);
    return (
      entries.length <= maxEntries &&
      entries.every(
        ([name, value]) =>
          name.length <= maxLength &&
          (typeof value === 'boolean' ||
            (typeof value === 'number' && Number.isFinite(value)) ||
            (typeof value === 'string' && value.length <= maxLength)),
      )
    );
  }, `must be an object of at most ${maxEntries} strings, numbers or booleans of up to ${maxLength} characters.`);
}

/** RFC 3986, without the brackets of IPv6 addresses: what 8x8 takes as a URI. */
const URI_CHARACTERS = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})";
const WEB_URL = new RegExp(`^https?://${URI_CHARACTERS}+(?:#${URI_CHARACTERS}*)?$`, 'i');

/** An absolute http or https URL, percent-encoded. */
export function webUrl(): Field {
  return v.custom(
    (input) =>
      typeof input === 'string' && input.length <= 2048 && WEB_URL.test(input) && URL.canParse(input),
    'must be an http or https URL, special characters percent-encoded.',
  );
}

/** Anything at all. */
export function unknown(): Field {
  return v.unknown();
}

/** What is wrong with a value, where. */
export interface Issue {
  /** Full path, for example `messages[3].scheduled`. */
  readonly path: string;
  /** One sentence that starts with the path. */
  readonly message: string;
}

function joinPath(base: string, path: readonly { readonly key: unknown }[] | undefined): string {
  let joined = base;
  for (const { key } of path ?? []) {
    joined +=
      typeof key === 'number' ? `[${key}]` : `${joined === '' ? '' : '.'}${redactText(String(key), [], 40)}`;
  }
  return joined;
}

/** A getter or a proxy of the caller threw; what it threw may hold anything, so it is not shown. */
export function unreadable(path: string): Issue {
  return { path, message: `${path || 'The value'} cannot be read: one of its properties throws.` };
}

/** The first flaw of a value, or undefined when it fits. `base` is put in front of the path. */
export function validate(field: Field, value: unknown, base = ''): Issue | undefined {
  let issue: v.BaseIssue<unknown> | undefined;
  try {
    issue = v.safeParse(field, value, { abortEarly: true }).issues?.[0];
  } catch {
    return unreadable(base);
  }
  if (issue === undefined) return undefined;
  const path = joinPath(base, issue.path);
  return { path, message: `${path === '' ? 'The value' : path} ${issue.message}` };
}

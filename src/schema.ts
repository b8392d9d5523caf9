import * as v from 'valibot';
import { readDateTime } from './internal/date-time.ts';
import { codeOfCountry, foreignName, placeOf } from './internal/foreign-names.ts';
import { kindOf } from './internal/kind-of.ts';
import { lazily } from './internal/lazily.ts';
import { redactText } from './internal/redact.ts';

/**
 * Building blocks for the schemas of options and messages. Their messages say what is allowed and never what was
 * given, which may be a key or a number. The only file that imports the schema library.
 */
export interface Field {
  readonly schema: Schema;
}

type Schema = v.GenericSchema<unknown, unknown>;

/** Made with its first use: the schemas of all options and methods take longer than the rest of an import, and few are used. */
class LazyField implements Field {
  readonly #make: () => v.GenericSchema;
  #made: Schema | undefined;

  constructor(make: () => v.GenericSchema) {
    this.#make = make;
  }

  get schema(): Schema {
    this.#made ??= this.#make() as Schema;
    return this.#made;
  }
}

function field(make: () => v.GenericSchema): Field {
  return new LazyField(make);
}

/** One field per key of an interface, so that a new option without a schema is a compile error. */
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

/** The known name nearest to an unknown one, if it is near enough to be a typo. */
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
  const plain = name.slice(0, 100).replaceAll('"', '');
  const meant = foreignName(plain, known) ?? nearestName(plain, known);
  const place = placeOf(plain, known);
  const allowed = `Allowed: ${known.join(', ')}.`;
  if (place !== undefined) return `is unknown here: ${place} ${allowed}`;
  return meant === undefined ? `is unknown. ${allowed}` : `is unknown. Did you mean "${meant}"? ${allowed}`;
}

/** An object with these keys, all optional, and no others. `known` lists the names to suggest for a typo. */
export function object(
  fields: Readonly<Record<string, Field>>,
  what = 'an object',
  known: readonly string[] = Object.keys(fields),
): Field {
  // Its fields are made when there is such an object, not with the object that may hold it.
  const own = field(() => {
    const entries = Object.entries(fields).map(([key, { schema }]) => [key, v.optional(schema)]);
    return v.strictObject(Object.fromEntries(entries) as v.ObjectEntries, (issue) =>
      issue.expected === 'never'
        ? describeUnknown(String(issue.input), known)
        : `must be ${what}, not ${kindOf(issue.input)}.`,
    );
  });
  const fits = createFits(fields);
  // An empty array or Map would pass as an object without keys.
  return field(() =>
    v.lazy((input) => {
      if (isIterable(input)) return v.never(`must be ${what}, not ${kindOf(input)}.`);
      return fits(input) ? ANYTHING : own.schema;
    }),
  );
}

const ANYTHING = v.any();

/** Whether a plain object holds known names alone, and nothing wrong: most do, and its schema needs four times as long to find out. */
function createFits(fields: Readonly<Record<string, Field>>): (input: unknown) => boolean {
  const known = new Map(Object.entries(fields));
  return (input) => {
    if (typeof input !== 'object' || input === null || Object.getPrototypeOf(input) !== Object.prototype) {
      return false;
    }
    for (const name in input) {
      const field = known.get(name);
      if (field === undefined) return false;
      const value = (input as Record<string, unknown>)[name];
      if (value !== undefined && !v.is(field.schema, value)) return false;
    }
    return true;
  };
}

function isIterable(input: unknown): boolean {
  return (
    typeof input === 'object' &&
    input !== null &&
    (Symbol.iterator in input || Symbol.asyncIterator in input || input instanceof ArrayBuffer)
  );
}

/** Like `object`, with some required keys. */
export function objectWith(
  required: readonly string[],
  fields: Readonly<Record<string, Field>>,
  what?: string,
): Field {
  const optional = object(fields, what);
  return field(() =>
    v.pipe(
      optional.schema,
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        const input = dataset.value as Record<string, unknown>;
        for (const key of required) {
          if (input[key] !== undefined) continue;
          const path = [{ type: 'object', origin: 'value', input, key, value: undefined }] as const;
          addIssue({ message: 'is missing.', path: [...path] });
        }
      }),
    ),
  );
}

/** Description of a switch, for messages. */
export const FALSE_OR_OPTIONS = 'false or an object of options';

/** `false`, or this. */
export function falseOr(options: Field): Field {
  return field(() => v.lazy((input) => (input === false ? v.literal(false) : options.schema)));
}

/** A value that fits `plain` and passes a further test. */
export function refine<Shape>(plain: Field, test: (value: Shape) => boolean, message: string): Field {
  return field(() =>
    v.pipe(
      plain.schema,
      v.check((value) => test(value as Shape), message),
    ),
  );
}

/** Accepts a value that fits `plain` and has no problem. The problem becomes the message, so it must hold no value. */
export function refineBy(plain: Field, problemOf: (value: unknown) => string | undefined): Field {
  return field(() =>
    v.pipe(
      plain.schema,
      v.rawCheck(({ dataset, addIssue }) => {
        const message = dataset.typed ? problemOf(dataset.value) : undefined;
        if (message !== undefined) addIssue({ message });
      }),
    ),
  );
}

/** An ISO 3166-1 alpha-2 code. Whether the country exists is read with the number. */
export function countryCode(): Field {
  return refineBy(unknown(), (value) => {
    if (typeof value === 'string' && value.length === 2) return undefined;
    const meant = typeof value === 'string' ? codeOfCountry(value) : undefined;
    const kind = typeof value === 'string' ? `a string of ${value.length} characters` : kindOf(value);
    return `must be an ISO 3166-1 alpha-2 code such as "${meant ?? 'SG'}", not ${meant === undefined ? kind : 'a name'}.`;
  });
}

/** A string that passes a test. */
export function word(test: (value: string) => boolean, what: string): Field {
  return field(() => v.custom((input) => typeof input === 'string' && test(input), `must be ${what}.`));
}

/** One of two kinds, distinguished by a test, so that the message is about the kind that was meant. */
export function switchOn(isFirst: (input: unknown) => boolean, first: Field, second: Field): Field {
  return field(() => v.lazy((input) => (isFirst(input) ? first.schema : second.schema)));
}

export function text({ min = 1, max }: { readonly min?: number; readonly max: number }): Field {
  const allowed = `must be a string of ${min} to ${max} characters.`;
  return field(() => v.pipe(v.string(allowed), v.minLength(min, allowed), v.maxLength(max, allowed)));
}

const visiblePattern = lazily(() => /[^\s\p{Default_Ignorable_Code_Point}\u2800]/u);

/** The text of a message. A blank one costs as much as any other, and is most often a value that was missing. */
export function messageText(bounds: { readonly max: number }): Field {
  return refine<string>(
    text(bounds),
    (value) => visiblePattern().test(value),
    'must have a character that people can see.',
  );
}

/** An object whose keys fit `key`, and whose values fit `value`. */
export function recordOf(key: Field, value: Field, what: string): Field {
  return field(() =>
    v.pipe(
      v.custom(
        (input) => typeof input === 'object' && input !== null && !isIterable(input),
        `must be ${what}.`,
      ),
      v.record(key.schema as v.GenericSchema<string, string>, value.schema),
    ),
  );
}

/** A record by country, in any case. Of `sg` and `SG` only one would count. */
export function recordByCountry(key: Field, value: Field, what: string): Field {
  return refine<Readonly<Record<string, unknown>>>(
    recordOf(key, value, what),
    (entries) => {
      const codes = Object.keys(entries).map((code) => code.toUpperCase());
      return new Set(codes).size === codes.length;
    },
    'must name each country once, in capitals or not.',
  );
}

export function pattern(expression: RegExp, what: string): Field {
  return field(() =>
    v.pipe(
      v.string(`must be ${what}.`),
      v.maxLength(2048, `must be ${what}.`),
      v.regex(expression, `must be ${what}.`),
    ),
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
  return field(() =>
    v.pipe(v.number(allowed), v.safeInteger(allowed), v.minValue(min, allowed), v.maxValue(max, allowed)),
  );
}

export function decimal({ min, max }: { readonly min: number; readonly max: number }): Field {
  const allowed = `must be a number from ${min} to ${max}.`;
  return field(() => v.pipe(v.number(allowed), v.minValue(min, allowed), v.maxValue(max, allowed)));
}

export function oneOf(allowed: readonly (string | number | boolean)[]): Field {
  return field(() =>
    v.picklist(
      allowed as readonly string[],
      `must be one of ${allowed.map((value) => JSON.stringify(value)).join(', ')}.`,
    ),
  );
}

export function boolean(): Field {
  return field(() => v.boolean('must be true or false.'));
}

export function list(item: Field, { min = 0, max }: { readonly min?: number; readonly max: number }): Field {
  const allowed = `must be an array of ${min} to ${max} entries.`;
  const isOfLength = (input: unknown) => Array.isArray(input) && input.length >= min && input.length <= max;
  // Checks the length first, so that the entries of a huge array are not read.
  return field(() => v.pipe(v.custom(isOfLength, allowed), v.array(item.schema)));
}

export function anyFunction(what = 'a function'): Field {
  return field(() => v.custom((input) => typeof input === 'function', `must be ${what}.`));
}

/** An object of the caller with these methods; its other properties are ignored. */
export function withMethods(methods: readonly string[], what: string): Field {
  return field(() =>
    v.custom(
      (input) =>
        typeof input === 'object' &&
        input !== null &&
        methods.every((method) => typeof (input as Record<string, unknown>)[method] === 'function'),
      `must be ${what} (an object with ${methods.join(', ')}).`,
    ),
  );
}

/** ISO 8601 with an offset or `Z`, as 8x8 accepts it. `readDateTime` checks the calendar. */
const ISO_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/** A `Date`, or an ISO 8601 string with an offset. */
export function dateTime(): Field {
  const allowed =
    'must be a valid Date, or an ISO 8601 string with an offset and an existing date and time, such as 2026-11-22T09:00:00Z.';
  return field(() =>
    v.custom(
      (input) =>
        input instanceof Date
          ? !Number.isNaN(input.getTime())
          : typeof input === 'string' && ISO_WITH_OFFSET.test(input) && readDateTime(input) !== undefined,
      allowed,
    ),
  );
}

/** Names chosen by the caller, with short values: strings, numbers or booleans. */
export function shortValues({
  maxEntries,
  maxLength,
}: {
  readonly maxEntries: number;
  readonly maxLength: number;
}): Field {
  const areShort = (input: unknown) => {
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
  };
  const allowed = `must be an object of at most ${maxEntries} strings, numbers or booleans of up to ${maxLength} characters.`;
  return field(() => v.custom(areShort, allowed));
}

/** RFC 3986 without the brackets of IPv6 addresses: the URIs that 8x8 accepts. */
const URI_CHARACTERS = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})";
const WEB_URL = new RegExp(`^https?://${URI_CHARACTERS}+(?:#${URI_CHARACTERS}*)?$`, 'i');

/** An absolute http or https URL, percent-encoded. */
export function webUrl(): Field {
  return field(() =>
    v.custom(
      (input) =>
        typeof input === 'string' && input.length <= 2048 && WEB_URL.test(input) && URL.canParse(input),
      'must be an http or https URL, special characters percent-encoded.',
    ),
  );
}

/** Any value. */
export function unknown(): Field {
  return field(() => v.unknown());
}

/** An invalid value, and its path. */
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

/** A getter or proxy of the caller threw; the error may contain anything, so it is not shown. */
export function unreadable(path: string): Issue {
  return { path, message: `${path || 'The value'} cannot be read: one of its properties throws.` };
}

/**
 * Returns the first issue of a value, or undefined when it is valid.
 *
 * @param base is prepended to the path; a function is only called for an issue
 */
export function validate(
  { schema }: Field,
  value: unknown,
  base: string | (() => string) = '',
): Issue | undefined {
  let issue: v.BaseIssue<unknown> | undefined;
  const start = () => (typeof base === 'string' ? base : base());
  try {
    issue = v.safeParse(schema, value, { abortEarly: true }).issues?.[0];
  } catch {
    return unreadable(start());
  }
  if (issue === undefined) return undefined;
  const path = joinPath(start(), issue.path);
  return { path, message: `${path === '' ? 'The value' : path} ${issue.message}` };
}

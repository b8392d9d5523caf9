import { ConfigurationError, ValidationError } from '../errors.ts';
import { lazily } from '../internal/lazily.ts';
import { integer, object, oneOf, recordOf, validate, word } from '../schema.ts';
import { holdsHiddenCharacter, holdsLookAlike } from './disguise.ts';
import { hasLoneSurrogate } from './estimate-text.ts';
import { findLinks } from './links.ts';
import { measureText, type TextMeasure } from './measure-text.ts';
import { isUnfilledValue } from './unfilled.ts';

/** The names in the braces of a text. */
export type TemplateVariables<Text extends string> = string extends Text
  ? string
  : Text extends `${string}{${infer Name}}${infer Rest}`
    ? Name | TemplateVariables<Rest>
    : never;

/** One value for every variable of a text. */
export type TemplateValues<Text extends string> = {
  readonly [Name in TemplateVariables<Text>]: string | number;
};

/** Values that a variable takes. */
export interface TemplateVariable {
  /**
   * `text`: any letters, in one line. `code`: letters, digits and hyphens. `number`: a number, or digits with points and commas.
   * @default 'text'
   */
  readonly kind?: 'text' | 'code' | 'number' | undefined;
  /** Longest value, in UTF-16 code units, 1 to 1,000. @default text: 60, code: 12, number: 15 (chosen by this package) */
  readonly maxLength?: number | undefined;
}

/** A text with variables, checked. */
export interface SmsTemplate<Text extends string> {
  /**
   * Fills in the variables.
   *
   * @throws ValidationError a value is missing, unknown, too long, or holds something that it must not; `path` names it
   * @example code({ code: '4711', minutes: 5 })
   */
  (values: TemplateValues<Text>): string;
  /**
   * Encoding and parts of the longest text that it can give: every value as long as it may be, `text` outside of GSM-7.
   *
   * @example code.measure().parts
   */
  measure(): TextMeasure;
}

type Kind = NonNullable<TemplateVariable['kind']>;

const MAX_LENGTH = { text: 60, code: 12, number: 15 } as const satisfies Record<Kind, number>;
/** A value of each kind that no check refuses, and the character that needs the most room. */
const SAMPLE = { text: 'x', code: 'x', number: '1' } as const satisfies Record<Kind, string>;
const WIDEST = { text: '\u4e00', code: 'x', number: '1' } as const satisfies Record<Kind, string>;

/** Longest text of a message that `messages.send` takes. */
const MAX_TEXT = 20_000;
const MAX_VARIABLES = 50;
const VARIABLE = /\{([A-Za-z_]\w{0,39})\}/;
const controlCharacterPattern = lazily(() => /\p{Cc}|\p{Zl}|\p{Zp}/u);

const variableFields = {
  kind: oneOf(['text', 'code', 'number']),
  maxLength: integer({ min: 1, max: 1_000 }),
};
const variablesField = recordOf(
  word(() => true, 'a name'),
  object(variableFields, 'an object { kind, maxLength }'),
  'an object of { kind, maxLength } by variable',
);

/** A variable of a text. */
interface Slot {
  readonly name: string;
  readonly kind: Kind;
  readonly maxLength: number;
  /** Whether it is a part of a link. */
  isInLink: boolean;
}

function fail(problem: string): never {
  throw new ConfigurationError(`template: ${problem}`, 'template');
}

/** Why a value must not be filled in; undefined when it may. */
function problemOf(value: unknown, { kind, maxLength, isInLink }: Slot): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'must be a finite number.';
  if (typeof value !== 'string' && typeof value !== 'number') return 'must be a string or a number.';
  const text = String(value);
  if (text === '' || text.length > maxLength) return `must have 1 to ${maxLength} characters.`;
  if (kind === 'code' && !/^[A-Za-z0-9-]+$/.test(text))
    return 'may contain only letters, digits and hyphens.';
  if (kind === 'number' && !/^-?\d+(?:[.,]\d+)*$/.test(text)) return 'must be a number.';
  if (controlCharacterPattern().test(text))
    return 'must not contain a line break or another control character.';
  if (hasLoneSurrogate(text)) return 'contains half of a character, because it was cut in the middle of one.';
  if (holdsHiddenCharacter(text)) return 'must not contain an invisible character.';
  if (/[{}]/.test(text)) return 'must hold no braces.';
  if (isUnfilledValue(text)) return 'was not filled in.';
  if (holdsLookAlike(text)) return 'must not mix Latin letters with look-alikes of another alphabet.';
  if (isInLink && !/^[\w-]+$/.test(text))
    return 'is part of a link, so it may contain only letters, digits, hyphens and underscores.';
  if (findLinks(text).length > 0) return 'must hold no link.';
  return undefined;
}

/** The parts of a text: literals at even places, variables at odd ones. */
function readParts(text: string, variables: Readonly<Record<string, TemplateVariable | undefined>>) {
  const pieces = text.split(VARIABLE);
  const slots = new Map<string, Slot>();
  for (const [place, piece] of pieces.entries()) {
    if (place % 2 === 0) {
      if (/[{}]/.test(piece))
        fail('braces are for variables, such as {code}: a letter, then letters, digits and underscores.');
      continue;
    }
    const given = Object.hasOwn(variables, piece) ? variables[piece] : undefined;
    const { kind = 'text' } = given ?? {};
    slots.set(piece, { name: piece, kind, maxLength: given?.maxLength ?? MAX_LENGTH[kind], isInLink: false });
  }
  if (slots.size === 0) fail('the text has no variable, such as {code}. Send it as it is.');
  if (slots.size > MAX_VARIABLES) fail(`a text has at most ${MAX_VARIABLES} variables.`);
  const unknown = Object.keys(variables).find((name) => !slots.has(name));
  if (unknown !== undefined)
    fail(`the options name a variable that the text does not have. It has ${[...slots.keys()].join(', ')}.`);
  return { pieces, slots };
}

/**
 * Makes a function of a text with variables into which nothing can be injected: values with line breaks, links, braces or invisible
 * characters are refused, and so are missing, unknown and overlong ones. The names are typed from the text.
 *
 * @param text has `{name}` for every variable; other braces are refused
 * @param variables kind and length of variables; those that are not named take a text of 60 characters
 * @throws ConfigurationError the text has no variable, or one as the host of a link; or an option is wrong
 * @example
 * ```ts
 * const code = template('Your code is {code}. It expires in {minutes} minutes.', { code: { kind: 'code' }, minutes: { kind: 'number' } });
 * code({ code: '4711', minutes: 5 }); // 'Your code is 4711. It expires in 5 minutes.'
 * code.measure().parts; // 1
 * ```
 */
export function template<const Text extends string>(
  text: Text,
  variables: { readonly [Name in TemplateVariables<Text>]?: TemplateVariable | undefined } = {},
): SmsTemplate<Text> {
  if (typeof text !== 'string' || text.length > MAX_TEXT)
    fail(`the text must be a string of up to ${MAX_TEXT} characters.`);
  const flaw = validate(variablesField, variables, 'template: variables');
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, 'template');
  const { pieces, slots } = readParts(text, variables);
  const fill = (textOf: (slot: Slot) => string) =>
    pieces.map((piece, place) => (place % 2 === 0 ? piece : textOf(slots.get(piece) as Slot))).join('');
  const hostsOf = (filled: string) =>
    findLinks(filled)
      .map(({ host, scheme }) => `${scheme}:${host}`)
      .join(' ');
  const hosts = hostsOf(fill(({ kind }) => SAMPLE[kind]));
  if (hosts !== hostsOf(fill(({ kind }) => SAMPLE[kind].repeat(2)))) {
    fail(
      'a variable is in the host of a link. Write the host into the text, and put variables after the slash.',
    );
  }
  markLinked(pieces, slots);

  function filled(values: TemplateValues<Text>): string {
    const given = (typeof values === 'object' && values !== null ? values : {}) as Readonly<
      Record<string, unknown>
    >;
    const names = [...slots.keys()].join(', ');
    for (const name of Object.keys(given)) {
      if (!slots.has(name))
        throw new ValidationError(
          `A value belongs to no variable of the template, which has ${names}. Nothing was sent.`,
          'values',
        );
    }
    const texts = new Map<string, string>();
    for (const slot of slots.values()) {
      const path = `values.${slot.name}`;
      const value = Object.hasOwn(given, slot.name) ? given[slot.name] : undefined;
      const problem = value === undefined ? 'is missing.' : problemOf(value, slot);
      if (problem !== undefined) throw new ValidationError(`${path} ${problem} Nothing was sent.`, path);
      texts.set(slot.name, String(value));
    }
    const whole = fill(({ name }) => texts.get(name) as string);
    // "example{ending}" is a link only once it is filled in.
    if (hostsOf(whole) !== hosts) {
      throw new ValidationError(
        'The values form a link that the template does not have. Nothing was sent.',
        'values',
      );
    }
    return whole;
  }

  return Object.assign(filled, {
    measure: () => measureText(fill(({ kind, maxLength }) => WIDEST[kind].repeat(maxLength))),
  });
}

/** Marks the variables that are a part of a link. */
function markLinked(pieces: readonly string[], slots: ReadonlyMap<string, Slot>): void {
  const places: (readonly [number, Slot])[] = [];
  let sample = '';
  for (const [place, piece] of pieces.entries()) {
    const slot = place % 2 === 0 ? undefined : (slots.get(piece) as Slot);
    if (slot !== undefined) places.push([sample.length, slot]);
    sample += slot === undefined ? piece : SAMPLE[slot.kind];
  }
  const links = findLinks(sample);
  for (const [at, slot] of places) {
    if (links.some(({ start, end }) => at >= start && at < end)) slot.isInLink = true;
  }
}

/** `certain`: a program forgot to fill something in. `doubtful`: it looks so, and a person may have meant it. */
export type Unfilled = 'certain' | 'doubtful';

/** Most texts hold none of these, and are looked at once. */
const WORTH_A_LOOK = /[{%<[|]|undefined|null|NaN|None|nil|Invalid Date/;

/** Marks of template languages that no text for a person holds. */
const CERTAIN_MARKS: readonly RegExp[] = [
  // JavaScript, shell, Ruby
  /[$#]\{[ ]?[A-Za-z_][\w.[\]]{0,60}[ ]?\}/,
  // EJS, ERB, JSP
  /<%[^%<>]{0,200}%>/,
  // Liquid, Jinja
  /\{%[^%{}]{0,200}%\}/,
  // Mailchimp
  /\*\|[A-Z0-9_:]{2,40}\|\*/,
  // printf, but not "20 %s" as a misspelt per cent
  /(?<![\w%]|\d[ \u00a0])%(?:\d\$)?s(?!\w)/,
  /%\([A-Za-z_]\w{0,40}\)[sd]/,
  // A JavaScript object as text
  /\[object [A-Z][A-Za-z]{1,30}\]/,
  /(?<![\w("'`])NaN(?![\w)"'`])/,
  /\bInvalid Date(?=$|[.,;:!?\n])/,
];

/** `{name}` and `%name%`; the name decides. Behind a letter or a bracket it may be code or a formula. */
const NAMED_MARKS =
  /(?<before>[\w)\]\\^>])?\{ ?(?<brace>[A-Za-z_][\w.]{0,40}) ?\}|(?<![\w%])%(?<percent>[A-Za-z_][\w.]{1,40})%(?!\w)/g;
/** Names that stand in the templates of messages and in no text. */
const FIELD_NAME =
  /^(?:(?:first|last|full|user|customer|client|company|brand|product|order|booking|tracking|account|coupon|promo|verification|phone|short|due|delivery|pickup|expiry)?_?(?:name|code|id|number|date|time|url|link|otp|pin|amount|price|total|balance|email|token|address)|brand|company|customer|user|otp|pin|count|currency|minutes|hours|days)$/i;
/** The keyword of a block that holds nothing else. */
const KEYWORD = /^(?:return|break|continue|pass|throw|yield|else)$/;

/** A value that was missing, where a value belongs. */
const CERTAIN_VALUES: readonly RegExp[] = [
  /\b(?:hi|hello|hey|dear|hallo|hola|bonjour|ciao|salut|halo|hai|good (?:morning|afternoon|evening)|mr\.?|mrs\.?|ms\.?) {1,2}(?:undefined|null|None|nil)(?=$|[\s,.!:;])(?! and void)(?! problem)/i,
  /(?:\b(?:code|otp|pin|password|passcode|token|order|id|no|number|amount|total|balance|name|ref|reference|link|url)(?: is)?[:=]? {0,2}#?|[$€£¥#])(?:undefined|null)(?=$|[\s,.!;])(?! and void)/i,
  /[:=] ?undefined(?=$|[\n,.!;])/,
  /^(?:undefined|null)(?:[:,!]| is your)/,
  /\bundefined undefined\b/,
  /^(?:undefined|null|NaN)$/,
];

const DOUBTFUL: readonly RegExp[] = [
  /\bundefined\b/,
  /\bNaN\b/,
  /(?<![\w.])null(?=$|[.,!;)])/,
  /\bInvalid Date\b(?! [a-z])/,
  /\[\[ ?\w{1,40} ?\]\]|<<\w{1,40}>>/,
  /(?<![\w\])}\\])\{\d\}/,
  /(?<![\w%]|\d[ \u00a0])%d(?!\w)/,
];

function judgeName(name: string, isGlued: boolean): Unfilled | undefined {
  if (KEYWORD.test(name)) return undefined;
  if (isGlued && !FIELD_NAME.test(name)) return 'doubtful';
  // {SALE} and {New} may be ornaments; {first}, {firstName}, {FIRST_NAME} and {user.name} are not.
  const isOrnament = /^[A-Z][A-Z]*$|^[A-Z][a-z]+$/.test(name);
  return FIELD_NAME.test(name) || !isOrnament ? 'certain' : 'doubtful';
}

function judgeNames(text: string): Unfilled | undefined {
  let found: Unfilled | undefined;
  for (const { groups = {} } of text.matchAll(NAMED_MARKS)) {
    const { before, brace, percent } = groups;
    const judged = judgeName((brace ?? percent) as string, before !== undefined);
    if (judged === 'certain') return judged;
    found ??= judged;
  }
  return found;
}

/** Tells whether a text holds something that should have been filled in. */
export function findUnfilled(text: string): Unfilled | undefined {
  if (!WORTH_A_LOOK.test(text)) return undefined;
  const holds = (expression: RegExp) => expression.test(text);
  if (CERTAIN_MARKS.some(holds)) return 'certain';
  const named = judgeNames(text);
  if (named === 'certain' || CERTAIN_VALUES.some(holds)) return 'certain';
  return named ?? (DOUBTFUL.some(holds) ? 'doubtful' : undefined);
}

/** Tells whether a value that is filled in, a name or a number of its own, is one that was missing. */
export function isUnfilledValue(value: string): boolean {
  return /^(?:undefined|null|NaN|Invalid Date)$/.test(value.trim()) || findUnfilled(value) === 'certain';
}

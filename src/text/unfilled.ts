import { lazily } from '../internal/lazily.ts';

/** `certain`: a program forgot to fill something in. `doubtful`: it looks so, and a person may have meant it. */
export type Unfilled = 'certain' | 'doubtful';

/** Most texts hold none of these, and are looked at once. */
const WORTH_A_LOOK =
  /[{｛%<[«|]|#[A-Za-z#]|__|\$[A-Za-z]|@[\da-f]{5}|undefined|null|NULL|NaN|None|nil|Invalid [Dd]ate/;

/** Marks of template languages that no text for a person holds. */
const CERTAIN_MARKS: readonly RegExp[] = [
  // JavaScript, shell, Ruby; also with an expression
  /[$#]\{ ?[A-Za-z_][^{}\n]{0,200}\}/,
  // Salesforce
  /\{!\$?[A-Za-z_][\w.]{0,60}\}/,
  /%%[A-Za-z_][\w ]{0,40}%%/,
  // Smarty, PHP
  /\{\$[A-Za-z_][^{}\n]{0,60}\}/,
  /<\?(?:php\b|=)/,
  // Handlebars, half of it
  /\{\{ ?(?:[A-Za-z]{1,20}_?)?(?:name|code|otp)\b/i,
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
  /\bPromise \{ ?</,
  // The same in Java and in Python
  /\b[a-z]\w{0,40}\.[\w.$]{1,80}@[\da-f]{5,8}\b(?![\w.-])/,
  /<[\w. ]{1,80} at 0x[\da-f]{6,16}>/i,
  /(?<![\w("'`])NaN(?![\w)"'`])/,
  /\bInvalid Date(?=$|[.,;:!?\n])|\bInvalid DateTime\b/,
  // Moment writes it like this, and only a program does so in the middle of a sentence.
  /(?<=[a-z] )Invalid [Dd]ate\b(?! (?:of|or|format|range)\b)/,
];

/** `{name}`, `%name%`, `#name#` and `$name`; the name decides. Behind a letter or a bracket it may be code or a formula. */
const namedMarksPattern = lazily(
  () =>
    /(?<before>[\w)\]\\^>])?[{｛] ?(?<brace>[\p{L}_][\p{L}\p{M}\w. ]{0,40})[}｝]|(?<![\w%])%(?<percent>[A-Za-z_][\w.]{1,40})%(?!\w)|(?<![\w#])#(?<hash>[A-Za-z_]\w{1,40})#(?![\w#])|(?<![\w$])\$(?<dollar>[A-Za-z_]\w{1,40})/gu,
);
/** Names that stand in the templates of messages and in no text. */
const FIELD_NAME =
  /^(?:(?:first|last|full|user|customer|client|company|brand|product|order|booking|tracking|account|coupon|promo|verification|phone|short|due|delivery|pickup|expiry)?_?(?:name|code|id|number|date|time|url|link|otp|pin|amount|price|total|balance|email|token|address)|brand|company|customer|user|otp|pin|count|currency|minutes|hours|days)$/i;
/** The same in writing systems without capitals. */
const OTHER_FIELD_NAME =
  /^(?:お?名前|氏名|お客様名|认证码|認証コード|(?:客户|客戶|用户|用戶)?(?:姓名|名字|名称|名稱)|客户|客戶|用户|用戶|验证码|驗證碼|日期|时间|時間|金额|金額|订单号|訂單號|이름|성함|고객명|고객님|인증번호|날짜|ชื่อ|ชื่อลูกค้า|รหัส|ลูกค้า|วันที่|नाम|الاسم|اسم)$/u;
/** The keyword of a block that holds nothing else. */
const KEYWORD = /^(?:return|break|continue|pass|throw|yield|else)$/;

/** Greetings and nouns in any case, and what stands behind them. */
const valuePatterns = lazily((): readonly RegExp[] => [
  /(?<!\p{L})(?:hi|hello|hey|dear|hallo|hola|bonjour|ciao|salut|halo|hai|good (?:morning|afternoon|evening)|mr\.?|mrs\.?|ms\.?|olá|ola|oi|estimad[oa]|estimado\/a|querid[oa]|prezad[oa]|car[oa]|gentile|bonsoir|ch[eè]re?|liebe[rs]?|herr|frau|beste|geachte|hei|hej|merhaba|sayın|xin chào|xin chao|chào|kepada|yth\.?|bapak|ibu|kak|selamat (?:pagi|siang|sore|malam)|kumusta|привет|здравствуйте|уважаемый|уважаемая) {1,2}(?<value>undefined|null|None|nil)(?=$|[\s,.!:;])(?! and void)(?! problem)/giu,
  /(?:\b(?:code|otp|pin|password|passcode|token|order|id|no|number|amount|total|balance|name|ref|reference|link|url|kode|kod|codice|codigo|numero|saldo|nama|nomor)(?: (?:is|adalah|anda|anda adalah|es|est|ist|la))?[:=]? {0,2}#?|[$€£¥#])(?<value>undefined|null)(?=$|[\s,.!;])(?! and void)/gi,
]);
/** Words that programs write for a missing value. Nil, Null and None are names. */
const MISSING: ReadonlySet<string> = new Set(['undefined', 'null', 'None', 'nil']);

/** Whether a greeting or a noun has no value. A database writes `NULL`, and so does a text in capitals to Mr Null. */
function lacksValue(text: string): boolean {
  return valuePatterns().some((expression) =>
    Array.from(text.matchAll(expression), ({ groups }) => groups?.value as string).some(
      (value) => MISSING.has(value) || (value === 'NULL' && text !== text.toUpperCase()),
    ),
  );
}

/** A value that was missing, where a value belongs. */
const certainValues = lazily((): readonly RegExp[] => [
  // It is no word of a language with another writing system.
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}][ ：:]{0,2}(?:undefined|NaN)(?=$|[^\w(])/u,
  /(?:尊敬的|亲爱的|親愛的|您好|你好|[码碼][是为為]?|สวัสดี|เรียน|คุณ|รหัส|번호는?|コード)[ ：:，,]{0,2}null(?=$|[^\w(])/,
  /\b(?:Rp\.?|RM|Php|SGD|MYR|IDR|THB|VND|PHP|HKD|TWD|JPY|KRW|INR|AUD|NZD|USD|EUR|GBP) ?(?:undefined|null|NaN)\b/,
  // A link that leads nowhere
  /\/\/(?:undefined|null)(?=[/:?]|$)|\/\/[^\s/]{1,100}\/(?:[^\s]{0,200}[/=])?(?:undefined|null|NaN)(?=$|[\s/?&#,.])/,
  /[:=] ?undefined(?=$|[\n,.!;])/,
  /^(?:undefined|null)(?:[:,!]| is your)/,
  /\bundefined undefined\b/,
  /^(?:undefined|null|NaN)$/,
]);

const DOUBTFUL: readonly RegExp[] = [
  /\bundefined\b/,
  /\bNaN\b/,
  /(?<![\w.])null(?=$|[.,!;)])/,
  /\bInvalid Date\b(?! [a-z])/,
  /\[\[ ?\w{1,40} ?\]\]|<<\w{1,40}>>/,
  /##[A-Za-z]\w{0,40}##|(?<!\w)__[A-Za-z][A-Za-z\d]{0,40}__(?!\w)/,
  // {name|there}: a value with another one in case it is missing
  /\{[A-Za-z_][\w.]{0,40} ?\|[^{}\n]{0,60}\}/,
  // [Name], <First Name>, «Order_Number»
  /[[<«] ?(?:(?:first|last|full|your|user|customer|client|company|order|tracking)[ _-]?)?(?:name|code|otp|amount|link|number) ?[\]>»]/i,
  /\b(?:hi|hello|hey|dear) \$[a-z_]\w{0,40}/i,
  /[:-] Invalid [Dd]ate(?=$|[.,;!?\n])/,
  /(?<![\w\])}\\])\{\d\}/,
  /(?<![\w%]|\d[ \u00a0])%d(?!\w)/,
];

function isFieldName(name: string): boolean {
  return FIELD_NAME.test(name.replace(/ /g, '_')) || OTHER_FIELD_NAME.test(name);
}

/** {SALE} and {New} may be ornaments, and so may words without capitals; {first}, {firstName}, {FIRST_NAME} and {user.name} are not. */
const ornamentPattern = lazily(() => /^\p{Lu}+$|^\p{Lu}\p{Ll}+$|^[\p{Lo}\p{M}]+$/u);

function judgeName(name: string, isGlued: boolean): Unfilled | undefined {
  if (isFieldName(name)) return 'certain';
  if (KEYWORD.test(name) || name.includes(' ')) return undefined;
  return isGlued || ornamentPattern().test(name) ? 'doubtful' : 'certain';
}

function judgeNames(text: string): Unfilled | undefined {
  let found: Unfilled | undefined;
  for (const { groups = {} } of text.matchAll(namedMarksPattern())) {
    const { before, brace, percent, hash, dollar } = groups;
    const name = (brace ?? percent ?? hash ?? dollar)?.trim() as string;
    // A hashtag may follow another one, and $name may be a nickname.
    const isLoose = hash !== undefined || dollar !== undefined;
    if (isLoose && !isFieldName(name)) continue;
    const judged = dollar === undefined ? judgeName(name, before !== undefined) : 'doubtful';
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
  if (named === 'certain' || lacksValue(text) || certainValues().some(holds)) return 'certain';
  return named ?? (DOUBTFUL.some(holds) ? 'doubtful' : undefined);
}

/** Tells whether a value that is filled in, a name or a number of its own, is one that was missing. */
export function isUnfilledValue(value: string): boolean {
  return /^(?:undefined|null|NaN|Invalid Date)$/.test(value.trim()) || findUnfilled(value) === 'certain';
}

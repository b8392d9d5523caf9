import { describe, expect, it } from 'vitest';
import { findUnfilled, isUnfilledValue } from '../../../src/text/unfilled.ts';

const CERTAIN: readonly string[] = [
  'Hi \u0024{name}, your order is ready',
  'Hi \u0024{user.firstName}, your order is ready',
  'Hi #{name}, your order is ready',
  'Hi {name}, your order is ready',
  'Hi {firstName}!',
  'Hi { name }!',
  'Dear {first_name},',
  'Dear {FIRST_NAME}, welcome',
  'Dear {NAME}, welcome',
  'Your code is {code}',
  'Your code is {CODE}',
  'Your code is {otp}.',
  'Hi{name}, hello',
  'https://team.example/track/{orderId}',
  'Hi %name%, your order is ready',
  'Hi %FIRST_NAME%, hello',
  'Your code: %code%',
  'Hi <%= name %>!',
  'Hi <% name %>!',
  'Hi {% if name %}there{% endif %}',
  'Hi *|FNAME|*',
  'Hi %s, your order is ready',
  'Hi %1$s, you owe %2$s',
  'Hi %(name)s',
  'Hi [object Object], your code is 4711',
  'Your code is [object Promise]',
  'Hi undefined, your order is ready',
  'Hello undefined',
  'Dear null,',
  'Hallo null, Ihre Bestellung ist da',
  'Hi None, welcome back',
  'Dear Mr undefined, hello',
  'Hi undefined undefined, hello',
  'Your code is undefined',
  'Your code is undefined. Do not share it.',
  'Your OTP: null',
  'undefined is your verification code',
  'undefined: Your verification code is 4711',
  'Order #undefined has shipped',
  'You owe $undefined',
  'Total: €null',
  'Balance: undefined',
  'You have NaN points',
  'You owe NaN SGD',
  'Total: $NaN',
  'Your visit is on Invalid Date.',
  'undefined',
  'null',
];

const DOUBTFUL: readonly string[] = [
  'This is undefined behaviour in C',
  'The result is undefined.',
  'TypeError: undefined is not a function',
  'The value (NaN) means not a number',
  'The answer is null.',
  '{SALE} Everything must go',
  'Set %APPDATA% first',
  'Hi [[name]]',
  'Hi <<name>>',
  'Hi {0}, hello',
  'You have %d points',
  'H_{max} is 3 m',
];

/** Texts that people do get; none of them may be refused, or reported. */
const HONEST: readonly string[] = [
  'Your code is 4711',
  '4711 is your Team code. Never share it.',
  'G-123456 is your verification code.',
  'Sale! 50% off everything, 20 % on shoes. $5 each, 2 for $8.',
  '100% cotton, 50%off, 5%cash back%',
  'Save 20%s now',
  'Cashback 5%: spend $50',
  'Only today: 10%-20% discount (max. $100)',
  'Only $5.99! Reply STOP to end',
  'Hi Mei :-} see you at 8 :{)',
  'Cheers {: }{ (^_^) {{ }',
  'Love you {}',
  '{"status":"down","host":"db1","code":500}',
  '{"a": {"b": [1, 2, 3]}}',
  'Alert: if (x > 3) { return; } failed on db1',
  'function () {return}',
  'const a = () => {return}; deploy done',
  'while(true){break}',
  'pattern [0-9]{4} or a{2,3} matched',
  'The set {1, 2, 3} and {a, b}',
  'x<5 and y>3, 5% of <10 EUR>',
  'Null Problemo! Wir sehen uns um null Uhr',
  'The contract is null and void.',
  'Es steht eins zu null für uns',
  'Dear Mr Null, your table is booked',
  'Dear Nan, happy birthday',
  'Hi Nil! Hi Niland',
  'None of the trains run today',
  'Allergies: None',
  'Hola Nadie',
  'Invalid Date of birth: please call us',
  'You have 3 undefinedness points',
  'Meet at https://team.example/a%20b?x=%d0%b0&y=50%25',
  'See https://team.example/?q=a%s2',
  'Order #1234 [shipped] <today>',
  'Prices: A|B|C, *best* |deal|',
  'Call +65 9123 4567 [ext 12]',
  '你的验证码是 4711',
  'รหัสของคุณคือ 4711 ลด 50%',
  'ลด 20%ทุกชิ้น 30%วันนี้',
  'Ton code est 4711. 20 % de remise, 30 %dès demain',
  'Ihr Code: 4711. 50% Rabatt, 0 % Zinsen',
  'Rabatt: 5 %, 10 % und 15 %',
  'Terms [T&C] apply. [Reply HELP]',
  'Your parcel {AB-123} is here',
  '#SALE #NEW $AVE big',
  'A$AP $hort: tonight!',
  'Price is {$5}',
  'e^{2x} = 5',
  '☕{☕}☕',
];

describe('findUnfilled', () => {
  it.each(CERTAIN)('is certain of %j', (text) => {
    expect(findUnfilled(text)).toBe('certain');
  });

  it.each(DOUBTFUL)('doubts %j', (text) => {
    expect(findUnfilled(text)).toBe('doubtful');
  });

  it.each(HONEST)('lets %j be', (text) => {
    expect(findUnfilled(text)).toBeUndefined();
  });
});

describe('isUnfilledValue', () => {
  it.each([
    'undefined',
    'null',
    'NaN',
    ' null ',
    'Invalid Date',
    '[object Object]',
    '\u0024{name}',
    '{name}',
  ])('%j', (value) => {
    expect(isUnfilledValue(value)).toBe(true);
  });
  it.each(['Null', 'None', 'Nan', 'Mei', '0', 'true', 'undefined behaviour', ''])('not %j', (value) => {
    expect(isUnfilledValue(value)).toBe(false);
  });
});

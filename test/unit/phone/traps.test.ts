import { describe, expect, it } from 'vitest';
import { normalisePhone, type Phone } from '../../../src/phone/normalise-phone.ts';
import { createPhonePolicy, judgePhone } from '../../../src/phone/policy.ts';

/** The sixteen traps of phone numbers, all reproduced with the parser alone before they were written down here. */

const defaults = createPhonePolicy();

function read(raw: unknown, country?: string): Phone {
  const result = normalisePhone(raw, country);
  if (!result.ok) throw new Error(`not read: ${result.reason}`);
  return result.phone;
}

function failure(raw: unknown, country?: string): string | undefined {
  const result = normalisePhone(raw, country);
  return result.ok ? undefined : result.reason;
}

function refusal(raw: string): string | undefined {
  return judgePhone(read(raw), defaults)?.reason;
}

describe('trap 1: 00 is the plus, not the parser’s idea of an international prefix', () => {
  it('reads 0065… with country SG as Singapore, not as Bolivia', () => {
    expect(read('006591234567', 'SG').e164).toBe('+6591234567');
    expect(read('006591234567').e164).toBe('+6591234567');
    expect(read('(0065) 9123 4567', 'US').e164).toBe('+6591234567');
  });

  it('refuses what is a number both ways: 001 is also a Singaporean carrier prefix', () => {
    expect(failure('001 65 8234 5678', 'SG')).toBe('ambiguous-prefix');
    expect(failure('0016582345678')).toBeUndefined();
  });

  it('takes the plus when only that gives a number', () => {
    expect(read('0044 7400 123456', 'SG').e164).toBe('+447400123456');
    expect(read('0049 1512 3456789', 'FR').e164).toBe('+4915123456789');
    expect(failure('009991234567', 'SG')).toBe('unknown-calling-code');
    expect(read('001 2345678', 'SG').valid).toBe(false);
  });

  it('knows the prefix of the country where it is not 00', () => {
    expect(read('011 65 9123 4567', 'US').e164).toBe('+6591234567');
  });
});

describe('trap 2: a number is not fished out of a sentence', () => {
  it('refuses the sentence', () => {
    expect(failure('call me +6591234567 now')).toBe('letters');
    expect(failure('call me +6591234567 now', 'SG')).toBe('letters');
  });
});

describe('trap 3: letters are not digits', () => {
  it.each(['+1 800 FLOWERS', '1-800-FLOWERS', '+65 9123 456O', '+65 9123 456Ο', 'ＡＢＣ'])(
    'refuses %s',
    (raw) => {
      expect(failure(raw, 'US')).toBe('letters');
    },
  );
});

describe('trap 4: an extension is not dropped', () => {
  it.each([
    '+6591234567 ext. 12',
    '+6591234567x123',
    '+6591234567 extension 12',
    '+6591234567 #12',
    '+6591234567,,12#',
    '+6591234567;12',
    '+6591234567p12',
    '+6591234567;ext=12',
    'tel:+6591234567;ext=12',
    '+6591234567 доб. 12',
    '+6591234567~12 12#',
    '+6591234567 - 12#',
  ])('refuses %s', (raw) => {
    expect(failure(raw)).toBe('extension');
  });
});

describe('trap 5: URIs, lists and stray characters', () => {
  it('takes tel:+', () => {
    expect(read('tel:+6591234567').e164).toBe('+6591234567');
    expect(read('TEL: +65-9123-4567').e164).toBe('+6591234567');
  });

  it.each(['tel:91234567;phone-context=+65', 'tel:+6591234567;isub=12345678', 'tel:91234567'])(
    'refuses the URI %s',
    (raw) => {
      expect(failure(raw, 'SG')).toBe('unsupported-uri');
    },
  );

  it.each([
    '+6591234567;+6591234568',
    '+6591234567, +6591234568',
    '+6591234567 +6591234568',
    '91234567/91234568',
    '91234567|91234568',
  ])('refuses the list %s', (raw) => {
    expect(failure(raw, 'SG')).toBe('several-numbers');
  });

  it.each(['+65\n91234567', '+65\t91234567', '+6591234567\0', '+65\u202891234567', '\u0007+6591234567'])(
    'refuses control characters: %j',
    (raw) => {
      expect(failure(raw, 'SG')).toBe('control-character');
    },
  );

  it.each([
    '+6591234567\r',
    '+6591234567\r\n',
    '\t+6591234567 ',
    '\u0085+6591234567\u2028',
    '\u00a0+6591234567\u3000',
  ])('drops the white space around %j', (raw) => {
    expect(read(raw).e164).toBe('+6591234567');
  });

  it.each([
    "'+6591234567",
    "'+6591234567'",
    '="+6591234567"',
    '"+65 9123 4567"',
    '=+6591234567',
    '"\'+6591234567"',
    '=" +6591234567 "\r',
    "'0065 9123 4567",
    '‘+6591234567',
    '’+6591234567’',
    '`+6591234567',
    '“+65 9123 4567”',
    '„+6591234567“',
    '=”+6591234567”',
  ])('drops the marks of a spreadsheet: %j', (raw) => {
    expect(read(raw).e164).toBe('+6591234567');
  });

  it.each([
    '=91234567',
    '=SUM(A1)',
    '="+6591234567',
    '+6591234567"',
    "+65'91234567",
    '+65’91234567',
    '="+6591234567";"x"',
    '=""',
  ])('takes nothing else for such a mark: %j', (raw) => {
    expect(failure(raw, 'SG')).toBeDefined();
  });

  it.each([
    ['++6591234567', 'not-a-number'],
    ['65+91234567', 'not-a-number'],
    ['6.59e9', 'letters'],
    ['*31#91234567', 'not-a-number'],
    ['---', 'not-a-number'],
    ['+', 'not-a-number'],
    ['+0123456789', 'not-a-number'],
  ])('refuses %s', (raw, reason) => {
    expect(failure(raw, 'SG')).toBe(reason);
  });
});

describe('a number that a spreadsheet rounded', () => {
  it.each(['6.59123E+09', '6,59123E+09', '6.5e9', '7E+10', '+6.5E+09'])(
    'is refused with advice: %s',
    (raw) => {
      const result = normalisePhone(raw, 'SG');
      expect(result).toMatchObject({
        ok: false,
        reason: 'letters',
        hint: expect.stringContaining('as text'),
      });
    },
  );

  it.each(['call me +6591234567 now', 'E65912345', '1-800-FLOWERS', '6E'])('is not %s', (raw) => {
    const result = normalisePhone(raw, 'US');
    expect(result).toMatchObject({
      ok: false,
      reason: 'letters',
      hint: expect.not.stringContaining('spreadsheet'),
    });
  });
});

describe('trap 6: what is not a string', () => {
  it.each([
    [6591234567],
    [6591234567n],
    [null],
    [undefined],
    [{}],
    [['+6591234567']],
    [new String('+6591234567')],
  ])('refuses %s without throwing', (raw) => {
    expect(failure(raw, 'SG')).toBe('not-a-string');
  });

  it('refuses nothing at all', () => {
    expect(failure('')).toBe('empty');
    expect(failure(' \u00a0\u200b')).toBe('empty');
  });
});

describe('trap 7: digits of every script', () => {
  it.each([
    ['full-width', '＋６５９１２３４５６７'],
    ['Arabic-Indic', '+٦٥٩١٢٣٤٥٦٧'],
    ['Eastern Arabic-Indic', '+۶۵۹۱۲۳۴۵۶۷'],
    ['Devanagari', '+६५९१२३४५६७'],
    ['Thai', '+๖๕๙๑๒๓๔๕๖๗'],
    ['mathematical', '+𝟼𝟻𝟿𝟷𝟸𝟹𝟺𝟻𝟼𝟽'],
    ['direction marks', '\u202a+65 9123 4567\u202c'],
    ['soft hyphen and zero-width space', '+65\u00ad9123\u200b4567'],
    ['byte order mark', '\ufeff+6591234567'],
    ['typographic dashes and spaces', '+65\u00a09123\u20114567'],
    ['Japanese hyphen', '+65ー9123ー4567'],
  ])('%s', (_name, raw) => {
    expect(read(raw).e164).toBe('+6591234567');
  });

  it('drops every character that Unicode calls ignorable, wherever it stands', () => {
    let count = 0;
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
      const character = String.fromCodePoint(codePoint);
      if (!/\p{Default_Ignorable_Code_Point}/u.test(character)) continue;
      count += 1;
      expect(read(`${character}+65${character}9123 4567${character}`).e164).toBe('+6591234567');
    }
    expect(count).toBeGreaterThan(4_000);
  });

  it('knows the value of every decimal digit in Unicode', () => {
    const zeros: number[] = [];
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
      const isDigit = /\p{Nd}/u.test(String.fromCodePoint(codePoint));
      if (isDigit && !/\p{Nd}/u.test(String.fromCodePoint(codePoint - 1 || 0))) zeros.push(codePoint);
    }
    expect(zeros.length).toBeGreaterThan(50);
    for (const zero of zeros) {
      const number = [...'6591234567'].map((digit) => String.fromCodePoint(zero + Number(digit))).join('');
      expect(read(`+${number}`).e164).toBe('+6591234567');
    }
  });
});

describe('trap 8: without a plus the country must be known', () => {
  it('needs a country', () => {
    expect(failure('6591234567')).toBe('no-country');
    expect(failure('9123 4567')).toBe('no-country');
  });

  it('reads national and international writing with one, in any case', () => {
    expect(read('9123 4567', 'SG').e164).toBe('+6591234567');
    expect(read('6591234567', 'sg').e164).toBe('+6591234567');
  });

  it('lets the plus win over the country', () => {
    expect(read('+6591234567', 'DE').country).toBe('SG');
  });

  it.each(['XX', 'UK', '', 'S', 'SGP', '__proto__', 'constructor', '65', 'ßß'])(
    'refuses the country %j',
    (country) => {
      expect(failure('+6591234567', country)).toBe('unknown-country');
    },
  );
});

describe('trap 9: national zeros', () => {
  it('keeps the zero of an Italian landline, and strips the others', () => {
    expect(read('+390236618300')).toMatchObject({ e164: '+390236618300', valid: true });
    expect(read('+39236618300').valid).toBe(false);
    expect(read('+44 (0) 7400 123456').e164).toBe('+447400123456');
    expect(read('+62 0812 345 678').e164).toBe('+62812345678');
  });
});

describe('trap 10: Argentina, Mexico, Brazil, Ivory Coast', () => {
  it('sees the Argentine mobile in all its spellings and counts them under one key', () => {
    expect(read('+5491123456789').type).toBe('MOBILE');
    expect(read('011 15-2345-6789', 'AR').e164).toBe('+5491123456789');
    expect(read('+54 11 15 2345 6789').e164).toBe('+5491123456789');
    expect(read('+541123456789').type).toBe('FIXED_LINE');
    expect(read('+541123456789').key).toBe(read('+5491123456789').key);
  });

  it('does not take Mexico’s old 1 silently, but counts it under the same key', () => {
    expect(read('+522221234567').valid).toBe(true);
    expect(read('+5212221234567').valid).toBe(false);
    expect(read('+5212221234567').key).toBe(read('+522221234567').key);
    expect(judgePhone(read('+5212221234567'), defaults)?.hint).toContain('no 1 after +52');
  });

  it('refuses the old lengths of Brazil and Ivory Coast', () => {
    expect(refusal('+5511961234567')).toBeUndefined();
    expect(refusal('+551161234567')).toBe('not-valid');
    expect(refusal('+2250123456789')).toBeUndefined();
    expect(refusal('+22501234567')).toBe('not-possible');
  });

  it('counts every other number under its own digits', () => {
    expect(read('+6591234567').key).toBe(6591234567);
    expect(read('+5511961234567').key).toBe(5511961234567);
  });
});

describe('trap 11: types that get no SMS', () => {
  it.each([
    ['US, fixed line or mobile', '+12015550123', undefined],
    ['US toll-free can be text-enabled', '+18005550199', undefined],
    ['UK toll-free cannot', '+448001234567', 'toll-free'],
    ['UK personal number, a pumping range', '+447012345678', 'number-type'],
    ['UK premium rate', '+449012345678', 'premium-rate'],
    ['German shared cost', '+4918012345', 'number-type'],
    ['UK pager', '+447640123456', 'number-type'],
    ['UK corporate number', '+445512345678', 'number-type'],
    ['UK VoIP', '+445612345678', 'number-type'],
    ['UK landline', '+441212345678', 'number-type'],
    ['Singapore mobile', '+6581234567', undefined],
  ])('%s', (_name, raw, reason) => {
    expect(refusal(raw)).toBe(reason);
  });
});

describe('trap 12: numbers of no country', () => {
  it.each([
    ['Inmarsat, a valid mobile', '+870301234567', 'calling-code-blocked'],
    ['satellite, a valid mobile', '+881612345678', 'calling-code-blocked'],
    ['international network', '+8823421234', 'calling-code-blocked'],
    ['international VoIP', '+883510012345', 'calling-code-blocked'],
    ['international premium rate', '+979123456789', 'calling-code-blocked'],
    ['international freephone', '+80012345678', 'toll-free'],
    ['international shared cost', '+80812345678', 'number-type'],
    ['disaster relief, withdrawn', '+888123456789', 'not-possible'],
  ])('%s', (_name, raw, reason) => {
    const phone = read(raw);
    expect(phone.country).toBeUndefined();
    expect(judgePhone(phone, defaults)?.reason).toBe(reason);
  });
});

describe('trap 13: shared calling codes', () => {
  it.each([
    ['+447781123456', '44', 'GG'],
    ['+447400123456', '44', 'GB'],
    ['+77710009998', '7', 'KZ'],
    ['+79123456789', '7', 'RU'],
    ['+18762101234', '1', 'JM'],
    ['+12015550123', '1', 'US'],
    ['+38343201234', '383', 'XK'],
  ])('%s is calling code %s, country %s', (raw, callingCode, country) => {
    expect(read(raw)).toMatchObject({ callingCode, country });
  });
});

describe('trap 14: possible is not valid', () => {
  it.each(['+33700123456', '+4759000012', '+447700900123'])('%s has the right length and no range', (raw) => {
    expect(read(raw)).toMatchObject({ possible: true, valid: false, type: 'UNKNOWN' });
    expect(judgePhone(read(raw), defaults)?.reason).toBe('not-valid');
    expect(judgePhone(read(raw), createPhonePolicy({ accept: 'possible' }))).toBeUndefined();
  });

  it('keeps to the 15 digits of E.164 where a plan has more', () => {
    expect(failure('+4915123456789012')).toBe('wrong-length');
  });

  it('knows no short codes', () => {
    expect(failure('71234', 'SG')).toBeUndefined();
    expect(read('71234', 'SG').valid).toBe(false);
    expect(failure('123', 'SG')).toBe('wrong-length');
  });
});

describe('trap 15: long input costs nothing', () => {
  it('looks at 64 characters at most', () => {
    expect(failure('9'.repeat(300))).toBe('too-long');
    expect(failure(`+6591234567${' '.repeat(54)}`)).toBe('too-long');
    expect(failure('+'.repeat(1_048_576))).toBe('too-long');
    expect(read(`+6591234567${' '.repeat(53)}`).e164).toBe('+6591234567');
  });

  it('also after characters have unfolded', () => {
    expect(failure('ﷺ'.repeat(64))).toBe('too-long');
  });
});

describe('trap 16: the cache cannot mix answers up', () => {
  it('gives the same object for the same input', () => {
    expect(normalisePhone('8123 4567', 'SG')).toBe(normalisePhone('8123 4567', 'sg'));
    expect(normalisePhone('+6581234567', 'SG')).toEqual(normalisePhone('+6581234567', undefined));
  });

  it('keeps countries apart, also when the input imitates the key', () => {
    expect(read('2015550123', 'US').country).toBe('US');
    expect(read('02015550123', 'DE').country).toBe('DE');
    expect(failure('US2015550123')).toBe('letters');
    expect(read('2015550123', 'US').country).toBe('US');
    expect(failure('--2015550123')).toBe('no-country');
    expect(failure('2015550123')).toBe('no-country');
  });
});

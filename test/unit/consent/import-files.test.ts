import { describe, expect, it, vi } from 'vitest';
import { importConsent } from '../../../src/consent/import-consent.ts';
import type { ImportConsentOptions } from '../../../src/consent/import-options.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import type { ConsentFile } from '../../../src/consent/read-consent-file.ts';
import { CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../../support/canary.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const clock = createFakeClock();
const at = '2026-07-01T09:00:00Z';
const person = '+6591234567';
const lines = (...rows: readonly string[]) => `${rows.join('\n')}\n`;

async function imported(
  source: ConsentFile,
  options: Partial<ImportConsentOptions> = {},
  ledger = memoryConsentLedger(),
) {
  const report = await importConsent(ledger, source, { format: 'csv', clock, ...options });
  return { report, ledger, entries: await readAll(ledger.entries()) };
}

async function* piecesOf(...pieces: readonly Uint8Array[]) {
  yield* pieces;
}

const crm = {
  country: 'SG',
  columns: { destination: 'Phone', state: 'Opted in', at: 'When' },
  values: { state: { Yes: 'opted-in', no: 'opted-out' } },
  timeZone: 'Asia/Singapore',
  defaults: { source: 'crm' },
} as const;
const crmEntries = [
  { key: person, state: 'opted-in', scope: 'marketing', source: 'crm', at: Date.parse('2026-07-01T01:00Z') },
  {
    key: '+6591234568',
    state: 'opted-out',
    scope: 'all',
    source: 'crm',
    at: Date.parse('2026-07-01T15:59:59.999Z'),
  },
];

describe('files of other systems', () => {
  it.each([
    [';', ';'],
    [',', ','],
    ['\t', '\t'],
    ['|', '|'],
  ])('are read with their own headings, values, dates and separator %j', async (separator) => {
    const file = lines(
      ['Name', 'phone', ' opted  IN ', 'when', 'city'].join(separator),
      ['"Tan; A, \t|"', '9123 4567', ' YES', '2026-07-01 09:00', 'Bishan'].join(separator),
      ['Lim', '9123 4568', 'No', '2026-07-01', ''].join(separator),
    );
    const { report, entries } = await imported(file, crm);
    expect(entries).toEqual(crmEntries);
    expect(report).toMatchObject({
      rows: 2,
      recorded: 2,
      bad: 0,
      delimiter: separator,
      columns: [undefined, 'destination', 'state', 'at', undefined],
    });
  });

  it('are read by the separator that Excel names in the first line, or the option', async () => {
    const rows = [`Phone;Opted in;When`, `${person};yes;2026-07-01 09:00`];
    const { report } = await imported(lines('sep=;', ...rows, 'x;yes;2026-07-01'), crm);
    expect(report).toMatchObject({ delimiter: ';', recorded: 1, badRows: [{ line: 4 }] });
    const odd = lines(...rows).replaceAll(';', '^');
    expect((await imported(odd, { ...crm, delimiter: '^' })).report).toMatchObject({
      delimiter: '^',
      recorded: 1,
    });
  });

  it.each([
    ['two files in one', `destination;state\r\n${person};opted-out\n+6591234568;opted-out\r\n`],
    [
      'a heading that was added by hand',
      `destination;state\n${person};opted-out\r\n+6591234568;opted-out\r\n`,
    ],
    ['an empty line first', `\r\n\r\ndestination;state\r\n${person};opted-out\r\n+6591234568;opted-out`],
    ['a Mac', `destination;state\r${person};opted-out\r+6591234568;opted-out\r`],
    ['a separator in quotes', `"sep=;"\r\ndestination;state\r\n${person};opted-out\n+6591234568;opted-out\n`],
  ])('may have the line breaks of %s', async (_, file) => {
    const options = { defaults: { source: 'x', at } } as const;
    const { report, entries } = await imported(file, options);
    expect(report).toMatchObject({ recorded: 2, bad: 0, delimiter: ';' });
    const bytes = Array.from(new TextEncoder().encode(file), (byte) => Uint8Array.of(byte));
    expect((await imported(piecesOf(...bytes), options)).entries).toEqual(entries);
  });

  it('may be long without a line feed', async () => {
    const rows = Array.from(
      { length: 5_000 },
      (_, row) => `+65${91_300_000 + row},opted-out,${'x'.repeat(40)}`,
    );
    const { report } = await imported(['destination,state,evidence', ...rows].join('\r'), {
      defaults: { source: 'x', at },
    });
    expect(report).toMatchObject({ recorded: 5_000, bad: 0 });
  });

  it('may have no heading', async () => {
    const columns = ['destination', undefined, 'state'] as const;
    const file = lines(`${person};Tan;yes`, '+6591234568;Lim;no');
    const { report, entries } = await imported(file, { ...crm, columns, defaults: { source: 'crm', at } });
    expect(entries.map(({ state }) => state)).toEqual(['opted-in', 'opted-out']);
    expect(report.columns).toEqual(columns);
    const bad = await imported(lines('x;Tan;yes'), { ...crm, columns, defaults: { source: 'crm', at } });
    expect(bad.report.badRows).toMatchObject([{ line: 1 }]);
  });

  it('keep a column that has the name of a field, unless it is named otherwise', async () => {
    const file = lines('Phone,state,Status,source', `${person},SG,opted-out,web`);
    const { entries } = await imported(file, {
      columns: { destination: 'Phone', state: 'Status' },
      defaults: { at },
    });
    expect(entries).toMatchObject([{ state: 'opted-out', source: 'web' }]);
  });

  it('give an empty cell a meaning', async () => {
    const values = { state: { '': 'opted-out', x: 'opted-in' } };
    const file = lines('destination,state', `${person},`, '+6591234568,X', '+6591234569,opted-in');
    const { entries } = await imported(file, { values, defaults: { source: 'x', at } });
    expect(entries.map(({ state }) => state)).toEqual(['opted-out', 'opted-in', 'opted-in']);
  });

  it('translate the values of JSON lines too, true and false among them', async () => {
    const values = { state: { true: 'opted-in', false: 'opted-out' } };
    const file = lines(
      JSON.stringify({ destination: person, state: true }),
      JSON.stringify({ destination: person, state: false, purposes: ['otp'] }),
    );
    const { entries } = await imported(file, { format: 'jsonl', values, defaults: { source: 'x', at } });
    expect(entries.map(({ state }) => state)).toEqual(['opted-in', 'opted-out']);
  });

  it('say what to do about a value that is not known, without it', async () => {
    const { report } = await imported(lines('destination,state', `${person},${CANARY_TEXT}`), {
      defaults: { source: 'x', at },
    });
    expect(report.badRows).toEqual([
      {
        line: 2,
        reason: expect.stringMatching(/^state must be one of .*Map the values of the file in `values`\.$/),
      },
    ]);
    expectNoCanary(report);
  });

  it('are read by a function, which may skip rows', async () => {
    const row = vi.fn(({ Name, Phone }: Readonly<Record<string, unknown>>) =>
      Name === '' ? undefined : { destination: String(Phone), state: 'opted-out' as const },
    );
    const file = lines('Phone;Name', `${person};Tan`, '+6591234568;', 'x;Lim');
    const { report, entries } = await imported(file, { row, defaults: { source: 'x', at } });
    expect(entries).toMatchObject([{ key: person, state: 'opted-out' }]);
    expect(report).toMatchObject({ rows: 3, recorded: 1, skipped: 1, bad: 1, badRows: [{ line: 4 }] });
    expect(row.mock.calls[1]).toEqual([{ Phone: '+6591234568', Name: '' }, 3]);
    const json = await imported(`{"Phone":"${person}","Name":"Tan"}`, {
      format: 'jsonl',
      row,
      defaults: { source: 'x', at },
    });
    expect(json.report).toMatchObject({ recorded: 1 });
  });

  it('pass on the error of such a function', async () => {
    const own = new TypeError('my own mistake');
    const row = () => {
      throw own;
    };
    expect(await failureOf(imported(lines('destination', person), { row }))).toBe(own);
  });

  it.each<[string, object, RegExp]>([
    [
      'row and columns',
      { row: () => undefined, columns: { destination: 'x' } },
      /takes row, or columns and values/,
    ],
    ['an unknown field', { columns: { phone: 'x' } }, /options\.columns\.phone is unknown/],
    [
      'positions without a number',
      { columns: ['state'] },
      /options\.columns must be an array of different fields/,
    ],
    ['a position twice', { columns: ['destination', 'destination'] }, /options\.columns must be an array/],
    [
      'values that are no texts',
      { values: { state: { yes: true } } },
      /options\.values\.state must be an object/,
    ],
    ['a separator of two characters', { delimiter: ';;' }, /options\.delimiter must be one character/],
    ['an unknown encoding', { encoding: 'latin1' }, /options\.encoding must be one of/],
    [
      'a time zone that is none',
      { timeZone: 'Singapore/City' },
      /options\.timeZone must be an IANA time zone/,
    ],
    ['an order that is none', { dateOrder: 'dmy' }, /options\.dateOrder must be one of/],
  ])('refuse %s', async (_, options, message) => {
    expect(await failureOf(imported('destination\n', options))).toMatchObject({
      code: 'validation',
      message: expect.stringMatching(message),
    });
  });

  it('name the column that is missing and the separator that was seen', async () => {
    const error = await failureOf(imported(`${CANARY_NUMBER};x\n`, crm));
    expect(error).toMatchObject({
      message:
        'The consent file has no column that `columns.destination` names. The separator seen is ";". Nothing was recorded.',
    });
    expectNoCanary(error);
    expect(await failureOf(imported('state;source\n'))).toMatchObject({
      message: expect.stringContaining('without the column destination. The separator seen is ";".'),
    });
  });
});

describe('encodings', () => {
  const text = lines('destination,evidence', `${person},Café “ü” €`);
  const read = async (bytes: Uint8Array, options: Partial<ImportConsentOptions> = {}) => {
    const defaults = { state: 'opted-out', source: 'x', at } as const;
    const single = Array.from(bytes, (byte) => new Uint8Array([byte]));
    const whole = await imported(piecesOf(bytes), { defaults, ...options });
    const inBytes = await imported(piecesOf(...single), { defaults, ...options });
    expect(inBytes.entries).toEqual(whole.entries);
    return whole.entries.map(({ evidence }) => evidence);
  };
  const utf16 = (littleEndian: boolean, mark: boolean) => {
    const units = [...(mark ? [0xfeff] : []), ...Array.from(text, (character) => character.charCodeAt(0))];
    return new Uint8Array(
      units.flatMap((unit) => (littleEndian ? [unit & 255, unit >> 8] : [unit >> 8, unit & 255])),
    );
  };
  const windows = new Uint8Array(
    Array.from(
      text,
      (character) => ({ '“': 0x93, '”': 0x94, '€': 0x80 })[character] ?? character.charCodeAt(0),
    ),
  );

  it('UTF-8, with and without a mark', async () => {
    expect(await read(new TextEncoder().encode(text))).toEqual(['Café “ü” €']);
    expect(await read(new TextEncoder().encode(`\ufeff${text}`))).toEqual(['Café “ü” €']);
  });

  it('UTF-16 with a mark, whatever the option says, and without one when it is named', async () => {
    expect(await read(utf16(true, true))).toEqual(['Café “ü” €']);
    expect(await read(utf16(false, true), { encoding: 'windows-1252' })).toEqual(['Café “ü” €']);
    expect(await read(utf16(true, false), { encoding: 'utf-16le' })).toEqual(['Café “ü” €']);
    expect(await read(utf16(false, false), { encoding: 'utf-16be' })).toEqual(['Café “ü” €']);
  });

  it('Windows-1252 when it is named, with the message saying so when it is not', async () => {
    expect(await read(windows, { encoding: 'windows-1252' })).toEqual(['Café “ü” €']);
    expect(await failureOf(read(windows))).toMatchObject({
      message: expect.stringContaining(
        "The consent file is not in UTF-8. If Excel wrote it as CSV, set encoding: 'windows-1252'.",
      ),
    });
    expect(await failureOf(read(utf16(true, true).slice(0, -1)))).toMatchObject({
      message: expect.stringContaining('is not in UTF-16LE.'),
    });
  });
});

describe('dates', () => {
  async function readAt(
    when: string,
    options: Partial<ImportConsentOptions> = {},
    state: 'opted-in' | 'opted-out' = 'opted-in',
  ) {
    const { report, entries } = await imported(lines('destination;at', `${person};${when}`), {
      defaults: { state, source: 'x' },
      ...options,
    });
    const [entry] = entries;
    return entry === undefined ? report.badRows[0]?.reason : new Date(entry.at).toISOString();
  }
  const sg = { timeZone: 'Asia/Singapore' };

  it.each([
    ['2026-07-01T09:00:00Z', {}, '2026-07-01T09:00:00.000Z'],
    ['2026-07-01T09:00:00.123+08:00', {}, '2026-07-01T01:00:00.123Z'],
    ['2026-07-01 09:00:00+00', {}, '2026-07-01T09:00:00.000Z'],
    ['2026-07-01 09:00:00 -0530', {}, '2026-07-01T14:30:00.000Z'],
    ['2026-07-01 09:00:00 UTC', {}, '2026-07-01T09:00:00.000Z'],
    ['2026-07-01 09:00', sg, '2026-07-01T01:00:00.000Z'],
    ['2026/7/1 9:05 PM', sg, '2026-07-01T13:05:00.000Z'],
    ['7/1/2026, 9:05:06\u202fPM', { ...sg, dateOrder: 'month-first' }, '2026-07-01T13:05:06.000Z'],
    ['2026-07-01\u00a009:00 a.\u00a0m.', sg, '2026-07-01T01:00:00.000Z'],
    ['2026-07-01 09:00+1400', {}, '2026-06-30T19:00:00.000Z'],
    ['1.7.2026 12:05 am', { ...sg, dateOrder: 'day-first' }, '2026-06-30T16:05:00.000Z'],
    ['7/1/2026 9:05:06', { ...sg, dateOrder: 'month-first' }, '2026-07-01T01:05:06.000Z'],
    ['2026-03-29 02:30', { timeZone: 'Europe/Berlin' }, '2026-03-29T01:30:00.000Z'],
    ['2026-10-25 02:30', { timeZone: 'Europe/Berlin' }, '2026-10-25T00:30:00.000Z'],
    ['2026-07-01 09:00', { timeZone: 'Asia/Kathmandu' }, '2026-07-01T03:15:00.000Z'],
  ] as const)('%s with %j is %s', async (when, options, expected) => {
    expect(await readAt(when, options)).toBe(expected);
  });

  it.each([
    ['2026-07-01 09:00', {}, 'at has no offset from UTC: set timeZone, for example "Asia/Singapore".'],
    ['2026-07-01', {}, 'at has no offset from UTC: set timeZone, for example "Asia/Singapore".'],
    ['1/7/2026', sg, 'at begins with a day or a month: set dateOrder to "day-first" or "month-first".'],
    ['2026-02-30', sg, 'at is a date or time that does not exist.'],
    ['2026-07-01 24:00', sg, 'at is a date or time that does not exist.'],
    ['2026-07-01 13:00 PM', sg, 'at is a date or time that does not exist.'],
    ['2026-07-01 09:61', sg, 'at is a date or time that does not exist.'],
    ['13/07/2026', { ...sg, dateOrder: 'month-first' }, 'at is a date or time that does not exist.'],
    [
      '1/7/26',
      { ...sg, dateOrder: 'day-first' },
      'at must be a date such as 2026-07-01T09:00:00Z, 2026-07-01 or 2026-07-01 09:00.',
    ],
    [
      '2026-07-01T09:00:00+99:99',
      sg,
      'at must be a date such as 2026-07-01T09:00:00Z, 2026-07-01 or 2026-07-01 09:00.',
    ],
    [
      '2026-07-01T09:00:00+15:00',
      sg,
      'at must be a date such as 2026-07-01T09:00:00Z, 2026-07-01 or 2026-07-01 09:00.',
    ],
    ['46204.5', sg, 'at must be a date such as 2026-07-01T09:00:00Z, 2026-07-01 or 2026-07-01 09:00.'],
    ['2026-11-23', sg, 'at must not be in the future.'],
  ] as const)('%s with %j is refused: %s', async (when, options, reason) => {
    expect(await readAt(when, options)).toBe(reason);
  });

  it('an ambiguous hour is the earlier one for an opt-in and the later one for an opt-out', async () => {
    const berlin = { timeZone: 'Europe/Berlin' };
    expect(await readAt('2026-10-25 02:30', berlin, 'opted-out')).toBe('2026-10-25T01:30:00.000Z');
  });

  it('a day counts from its start for an opt-in, and to its end or now for an opt-out', async () => {
    expect(await readAt('2026-07-01', sg)).toBe('2026-06-30T16:00:00.000Z');
    expect(await readAt('2026-07-01', sg, 'opted-out')).toBe('2026-07-01T15:59:59.999Z');
    expect(await readAt('2026-11-22', sg, 'opted-out')).toBe(new Date(NOON).toISOString());
  });

  it('the opt-out of a day wins, whichever row comes first', async () => {
    const out = `${person},opted-out,2026-07-01`;
    for (const rows of [
      [out, `${person},opted-in,2026-07-01 18:00`],
      [`${person},opted-in,2026-07-01`, out],
      [out, `${person},opted-in,2026-07-01`],
    ]) {
      const { ledger } = await imported(lines('destination,state,at', ...rows), {
        ...sg,
        defaults: { source: 'x' },
      });
      expect((await ledger.get([person]))[0]?.state).toBe('opted-out');
    }
  });
});

describe('an opt-in and an opt-out with equal times', () => {
  const defaults = { source: 'x', at } as const;
  const filler = (count: number) =>
    Array.from({ length: count }, (_, index) => `+65${91_300_000 + index},opted-in`);

  it.each([0, 1_500])('the opt-out wins when %i rows lie between them', async (between) => {
    const rows = [`${person},opted-out`, ...filler(between), `${person},opted-in`];
    for (const order of [rows, rows.toReversed()]) {
      const { ledger } = await imported(lines('destination,state', ...order), { defaults });
      expect((await ledger.get([person]))[0]?.state).toBe('opted-out');
      expect(await ledger.history(person)).toHaveLength(2);
    }
  });

  it('the opt-out wins also when the import was resumed between them', async () => {
    const { ledger } = await imported(lines('destination,state', `${person},opted-out`), { defaults });
    await imported(lines('destination,state', `${person},opted-in`), { defaults }, ledger);
    expect((await ledger.get([person]))[0]?.state).toBe('opted-out');
    await imported(
      lines('destination,state,at', `${person},opted-in,2026-07-01T09:00:00.001Z`),
      { defaults },
      ledger,
    );
    expect((await ledger.get([person]))[0]?.state).toBe('opted-in');
  });

  it('the opt-out wins within a batch when the ledger has no get', async () => {
    const memory = memoryConsentLedger();
    await importConsent(
      { append: memory.append },
      lines('destination,state', `${person},opted-out`, `${person},opted-in`),
      {
        format: 'csv',
        clock,
        defaults,
      },
    );
    expect((await memory.get([person]))[0]?.state).toBe('opted-out');
  });
});

describe('an opt-out of marketing takes back no opt-out of everything', () => {
  const stop = `${person},opted-out,all,2026-07-01T09:00:00.000Z`;
  const start = `${person},opted-in,marketing,2026-07-01T10:00:00.000Z`;
  const unsubscribe = `${person},opted-out,marketing,2026-07-01T11:00:00.000Z`;
  const defaults = { source: 'x' } as const;
  const head = 'destination,state,scope,at';
  const scopeAfter = async (...files: readonly (readonly string[])[]) => {
    let ledger = memoryConsentLedger();
    for (const rows of files) ({ ledger } = await imported(lines(head, ...rows), { defaults }, ledger));
    return (await ledger.get([person]))[0]?.scope;
  };

  it('in any order, of one file or several', async () => {
    expect(await scopeAfter([stop, unsubscribe])).toBe('all');
    expect(await scopeAfter([unsubscribe, stop])).toBe('all');
    expect(await scopeAfter([stop], [unsubscribe])).toBe('all');
    expect(await scopeAfter([unsubscribe], [stop])).toBe('all');
  });

  it('unless the person came back in between, also when the file is imported again', async () => {
    const rows = [stop, start, unsubscribe];
    expect(await scopeAfter(rows)).toBe('marketing');
    expect(await scopeAfter(rows, rows)).toBe('marketing');
    expect(await scopeAfter([unsubscribe], [start, stop])).toBe('marketing');
    expect(await scopeAfter([unsubscribe])).toBe('marketing');
  });

  it('within a batch also when the ledger has only append', async () => {
    const memory = memoryConsentLedger();
    const file = lines(head, stop, unsubscribe);
    await importConsent({ append: memory.append }, file, { format: 'csv', clock, defaults });
    expect((await memory.get([person]))[0]?.scope).toBe('all');
  });
});

describe('a dry run', () => {
  it('shows the first rows as they were read, with masked numbers and without texts', async () => {
    const file = lines(
      'Phone;Opted in;When;evidence',
      `${CANARY_NUMBER};yes;2026-07-01 09:00;${CANARY_TEXT}`,
      'x;yes;2026-07-01;',
      ...Array.from({ length: 20 }, (_, index) => `+65${91_300_000 + index};no;2026-07-01;`),
    );
    const { report, entries } = await imported(file, { ...crm, dryRun: true });
    expect(entries).toEqual([]);
    expect(report).toMatchObject({ rows: 22, recorded: 0, bad: 1, badRows: [{ line: 3 }] });
    expect(report.preview).toHaveLength(10);
    expect(report.preview[0]).toEqual({
      line: 2,
      destination: expect.stringMatching(/^\+\d+\*{4,}\d\d$/),
      state: 'opted-in',
      scope: 'marketing',
      source: 'crm',
      at: '2026-07-01T01:00:00.000Z',
      alsoFilled: ['evidence'],
    });
    expectNoCanary(report);
    const hash = `#${'0123456789abcdef'.repeat(2)}`;
    const kept = await imported(lines('destination,state,source,at', `${hash},opted-out,x,${at}`), {
      dryRun: true,
    });
    expect(kept.report.preview).toMatchObject([{ destination: '#…' }]);
  });
});

describe('progress', () => {
  it('is reported after each batch', async () => {
    const seen: object[] = [];
    const rows = Array.from({ length: 2_500 }, (_, index) =>
      index === 0 ? 'x' : `+65${91_300_000 + index}`,
    );
    await imported(lines('destination', ...rows), {
      defaults: { state: 'opted-out', source: 'x', at },
      onProgress: (progress) => void seen.push(progress),
    });
    expect(seen).toEqual([
      { line: 1_001, rows: 1_000, recorded: 999, bad: 1, skipped: 0 },
      { line: 2_001, rows: 2_000, recorded: 1_999, bad: 1, skipped: 0 },
      { line: 2_501, rows: 2_500, recorded: 2_499, bad: 1, skipped: 0 },
    ]);
  });

  it('ends the import with the error of its callback', async () => {
    const own = new Error('enough');
    const onProgress = () => {
      throw own;
    };
    const defaults = { state: 'opted-out', source: 'x', at } as const;
    expect(await failureOf(imported(lines('destination', person), { defaults, onProgress }))).toBe(own);
  });
});

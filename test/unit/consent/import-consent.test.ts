import { describe, expect, it } from 'vitest';
import type { ConsentChange } from '../../../src/consent/consent-ledger.ts';
import { importConsent } from '../../../src/consent/import-consent.ts';
import type { ImportConsentOptions } from '../../../src/consent/import-options.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import type { ConsentFile } from '../../../src/consent/read-consent-file.ts';
import { StoreError } from '../../../src/errors.ts';
import { CANARY_NUMBER, CANARY_TEXT, expectNoCanary } from '../../support/canary.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const clock = createFakeClock();
const at = '2026-07-01T09:00:00Z';
const atMs = Date.parse(at);
const bytes = (text: string) => new TextEncoder().encode(text);

async function* piecesOf(...pieces: readonly (string | Uint8Array)[]) {
  yield* pieces;
}

/** What a file became: the report, and what the ledger holds. */
async function imported(source: ConsentFile, options: Partial<ImportConsentOptions> = {}) {
  const ledger = memoryConsentLedger();
  const report = await importConsent(ledger, source, { format: 'csv', clock, ...options });
  return { report, entries: await readAll(ledger.entries()) };
}

const lines = (...rows: readonly string[]) => `${rows.join('\n')}\n`;
const json = (...rows: readonly object[]) => lines(...rows.map((row) => JSON.stringify(row)));

describe('importConsent', () => {
  it('records a CSV file with columns in any order and case', async () => {
    const file = lines(
      'Source,state,destination,country,at,Evidence,purposes,scope,messageid,text',
      `web-form,opted-in,+65 9123 4567,,${at},"form 4711, page ""2""",otp marketing,marketing,,`,
      `sms,opted-out,9123 4568,SG,2026-07-01T17:00:00+08:00,,,,umid-1,"STOP\nplease"`,
    );
    const { report, entries } = await imported(file);
    expect(report).toEqual({
      rows: 2,
      recorded: 2,
      bad: 0,
      badRows: [],
      skipped: 0,
      preview: [],
      delimiter: ',',
      columns: [
        'source',
        'state',
        'destination',
        'country',
        'at',
        'evidence',
        'purposes',
        'scope',
        'messageId',
        'text',
      ],
    });
    expect(entries).toEqual([
      {
        key: '+6591234567',
        state: 'opted-in',
        scope: 'marketing',
        source: 'web-form',
        at: atMs,
        purposes: ['otp', 'marketing'],
        evidence: 'form 4711, page "2"',
      },
      {
        key: '+6591234568',
        state: 'opted-out',
        scope: 'all',
        source: 'sms',
        at: atMs,
        messageId: 'umid-1',
        text: 'STOP\nplease',
      },
    ]);
  });

  it('records JSON lines with null for missing values', async () => {
    const file = json(
      {
        destination: '+6591234567',
        state: 'opted-in',
        source: 'app',
        at,
        purposes: ['marketing'],
        text: null,
      },
      {
        destination: '+6591234567',
        state: 'requested',
        source: 'app',
        at,
        expiresAt: '2026-07-02T09:00:00Z',
      },
      { destination: '+6591234568', state: 'opted-out', source: 'app', at, confirmation: 'token' },
    );
    const { report, entries } = await imported(`\ufeff${file.replaceAll('\n', '\r\n\r\n')}`, {
      format: 'jsonl',
    });
    expect(report).toMatchObject({ rows: 3, recorded: 3 });
    expect(entries).toEqual([
      {
        key: '+6591234567',
        state: 'opted-in',
        scope: 'marketing',
        source: 'app',
        at: atMs,
        purposes: ['marketing'],
      },
      {
        key: '+6591234567',
        state: 'requested',
        scope: 'marketing',
        source: 'app',
        at: atMs,
        expiresAt: atMs + 86_400_000,
      },
      {
        key: '+6591234568',
        state: 'opted-out',
        scope: 'all',
        source: 'app',
        at: atMs,
        confirmation: 'token',
      },
    ]);
  });

  it('applies the defaults to rows that leave a field out', async () => {
    const file = lines('destination,state,at', '+6591234567,,', `+6591234568,opted-in,${at}`);
    const defaults = { state: 'opted-out', source: 'old-provider', at: new Date(NOON - 5) } as const;
    const { entries } = await imported(file, { defaults });
    expect(entries).toEqual([
      { key: '+6591234567', state: 'opted-out', scope: 'all', source: 'old-provider', at: NOON - 5 },
      { key: '+6591234568', state: 'opted-in', scope: 'marketing', source: 'old-provider', at: atMs },
    ]);
    const marketing = await imported(file, { defaults: { ...defaults, scope: 'marketing', at } });
    expect(marketing.entries.map(({ scope }) => scope)).toEqual(['marketing', 'marketing']);
  });

  it('counts two spellings of one line as one person', async () => {
    const file = lines('destination', '+5491123456789', '+54 11 2345 6789');
    const defaults = { state: 'opted-out', source: 'x', at } as const;
    const { entries } = await imported(file, { defaults });
    expect(entries.map(({ key }) => key)).toEqual(['+541123456789', '+541123456789']);
  });

  it('accepts forgotten people as exported, and nothing similar', async () => {
    const hash = `#${'0123456789abcdef'.repeat(2)}`;
    const defaults = { state: 'opted-out', source: 'forgotten', at } as const;
    const { report, entries } = await imported(lines('destination', hash, `${hash}0`, '#short'), {
      defaults,
    });
    expect(entries.map(({ key }) => key)).toEqual([hash]);
    expect(report.badRows.map(({ line }) => line)).toEqual([3, 4]);
  });

  it('records a choice up to five minutes ahead as of now', async () => {
    const ahead = (ms: number) => `+6591234567,${new Date(NOON + ms).toISOString()}`;
    const defaults = { state: 'opted-in', source: 'x' } as const;
    const { report, entries } = await imported(lines('destination,at', ahead(300_000), ahead(300_001)), {
      defaults,
    });
    expect(entries.map((entry) => entry.at)).toEqual([NOON]);
    expect(report.badRows).toEqual([{ line: 3, reason: 'at must not be in the future.' }]);
  });

  it('reports the same in a dry run and records nothing', async () => {
    const file = lines(
      'destination,state,source,at',
      `+6591234567,opted-in,x,${at}`,
      `nobody,opted-in,x,${at}`,
    );
    const wet = await imported(file);
    const dry = await imported(file, { dryRun: true });
    expect(wet.report).toMatchObject({ rows: 2, recorded: 1, bad: 1 });
    expect(dry.report).toMatchObject({ ...wet.report, recorded: 0, preview: [{ line: 2 }] });
    expect([wet.entries.length, dry.entries.length]).toEqual([1, 0]);
  });

  it('reads the system clock when none is given', async () => {
    const ledger = memoryConsentLedger();
    const defaults = { state: 'opted-in', source: 'x', at: new Date() } as const;
    const file = lines('destination', '+6591234567');
    expect(await importConsent(ledger, file, { format: 'csv', defaults })).toMatchObject({ recorded: 1 });
  });
});

describe('bad rows', () => {
  const good = { destination: '+6591234567', state: 'opted-in', source: 'x', at };
  it.each<[string, object, RegExp]>([
    ['a number that is none', { destination: 'call me' }, /^destination: .*digits only/],
    ['a national number without a country', { destination: '91234567' }, /^destination: .*`country`/],
    ['a country that is none', { country: 'SGP' }, /^country must be an ISO/],
    ['a number that is no text', { destination: 6591234567 }, /^destination must be/],
    ['no destination', { destination: undefined }, /^destination is missing/],
    ['no state', { state: undefined }, /^state is missing/],
    ['another state', { state: 'yes' }, /^state must be one of/],
    ['no source', { source: undefined }, /^source is missing/],
    ['no time', { at: undefined }, /^at is missing/],
    ['a time without an offset', { at: '2026-07-01 09:00' }, /^at has no offset from UTC: set timeZone/],
    ['a time that is none', { at: 'yesterday' }, /^at must be a date such as/],
    ['an end that is none', { state: 'requested', expiresAt: 'soon' }, /^expiresAt must be a date such as/],
    ['a time in seconds', { at: 1_782_000_000 }, /^at must be/],
    ['a purpose that is none', { purposes: ['spam'] }, /^purposes\[0\] must be one of/],
    ['a text that is too long', { text: 'x'.repeat(1_601) }, /^text must be a string of 0 to 1600/],
    ['a choice that expires', { expiresAt: at }, /^expiresAt is for opt-in requests/],
    ['a question that does not', { state: 'requested' }, /^expiresAt is missing/],
    [
      'a choice that was sent from somewhere',
      { sender: '+6580001234' },
      /^sender is for opt-in requests \(requested\) and for scope sender/,
    ],
    [
      'a question with a token',
      { state: 'requested', expiresAt: at, confirmation: 'x' },
      /^confirmation is for choices/,
    ],
    ['a misspelt field', { sauce: 'x' }, /^A field of the row is not known\. Did you mean "source"\?/],
    ['an unknown field', { [CANARY_TEXT]: 'x' }, /^A field of the row is not known\.$/],
  ])('%s', async (_, change, reason) => {
    const file = json(good, { ...good, ...change }, good);
    const { report, entries } = await imported(file, { format: 'jsonl' });
    expect(report).toMatchObject({ rows: 3, recorded: 2, bad: 1 });
    expect(report.badRows).toEqual([{ line: 2, reason: expect.stringMatching(reason) }]);
    expect(entries).toHaveLength(2);
  });

  it.each(['{', '"text"', '[]', 'null', '5'])('a line that holds %s', async (line) => {
    const { report } = await imported(line, { format: 'jsonl' });
    expect(report).toMatchObject({ rows: 1, recorded: 0, bad: 1, badRows: [{ line: 1 }] });
  });

  it('a CSV row of another length, with the line on which it begins', async () => {
    const row = `+6591234567,opted-in,x,${at},`;
    const file = lines('destination,state,source,at,text', `${row}"a\nb\nc"`, '', `${row},`, '+65');
    const { report } = await imported(file.replaceAll('\n', '\r\n'));
    expect(report).toMatchObject({ rows: 3, recorded: 1, bad: 2 });
    expect(report.badRows).toEqual([
      { line: 6, reason: 'The row has 6 fields, but the heading has 5.' },
      { line: 7, reason: 'The row has 1 field, but the heading has 5.' },
    ]);
  });

  it('a value in a column without a heading; empty columns of Excel are skipped', async () => {
    const file = lines(
      'destination,state,source,at,, ',
      `+6591234567,opted-out,x,${at},,`,
      `+6591234568,opted-out,x,${at},,lost`,
    );
    const { report } = await imported(file);
    expect(report).toMatchObject({ rows: 2, recorded: 1, bad: 1 });
    expect(report.badRows).toEqual([{ line: 3, reason: 'Column 6 has a value, but no heading.' }]);
  });

  it('are all counted, and the first hundred named', async () => {
    const file = lines('destination', ...Array.from({ length: 2_500 }, () => 'nobody'));
    const { report } = await imported(file);
    expect(report).toMatchObject({ rows: 2_500, bad: 2_500, recorded: 0 });
    expect(report.badRows).toHaveLength(100);
    expect(report.badRows.at(-1)).toMatchObject({ line: 101 });
  });

  it('are reported without their content', async () => {
    const row = {
      ...good,
      destination: `${CANARY_NUMBER}x`,
      text: CANARY_TEXT,
      [CANARY_NUMBER]: CANARY_TEXT,
    };
    const jsonFile = await imported(json(row, { ...good, state: CANARY_TEXT }), { format: 'jsonl' });
    const csvFile = await imported(
      lines('destination,state,at', `${CANARY_NUMBER}x,opted-in,${at}`, `${CANARY_NUMBER},${CANARY_TEXT},`),
    );
    expect([jsonFile.report.bad, csvFile.report.bad]).toEqual([2, 2]);
    expectNoCanary(jsonFile.report);
    expectNoCanary(csvFile.report);
  });
});

describe('a file that is wrong as a whole', () => {
  it.each<[string, ConsentFile, RegExp]>([
    ['is empty', '', /is empty: it needs a heading/],
    ['has blank lines only', '\n\n', /is empty/],
    [
      'has an unknown column',
      'destination,sauce\n',
      /unrecognised heading in column 2\. The separator seen is ","\. Did you mean "source"\? Nothing was/,
    ],
    [
      'has headings of its own',
      'phone;when\n',
      /unrecognised heading in column 1\. The separator seen is ";"\. Expected names/,
    ],
    [
      'has no column that is named',
      'a\tb\n',
      /unrecognised heading in column 1\. The separator seen is a tab\./,
    ],
    ['is UTF-16 without a mark', 'd\0e\0', /NUL characters: set `encoding`/],
    ['has a column twice', 'destination,state,State\n', /two columns state/],
    ['has no numbers', 'state,source\n', /without the column destination/],
    ['ends in a quote', 'destination\n"+65', /cannot be read after line 2: the file ends in the middle/],
    ['is not in UTF-8', piecesOf(new Uint8Array([0x64, 0xe9, 0x0a])), /is not in UTF-8/],
    ['ends in half a character', piecesOf(bytes('destination\n'), new Uint8Array([0xc3])), /is not in UTF-8/],
    ['gives something else', piecesOf(5 as never), /must be a string, bytes, or a stream of either/],
    ['is something else', 5 as never, /must be a string, bytes, or a stream of either/],
    ['is null', null as never, /source is missing|must be a string/],
  ])('%s', async (_, source, message) => {
    const error = await failureOf(importConsent(memoryConsentLedger(), source, { format: 'csv', clock }));
    expect(error).toMatchObject({ code: 'validation', message: expect.stringMatching(message) });
  });

  it('a file without a heading does not reveal its first person', async () => {
    const error = await failureOf(imported(lines(`${CANARY_NUMBER},opted-out`)));
    expect(error).toMatchObject({ code: 'validation' });
    expectNoCanary(error);
  });

  it('rows of another length than the list of columns name that list', async () => {
    const { report } = await imported(lines('+6591234567,2026-01-01'), {
      columns: ['destination'],
      defaults: { state: 'opted-out', source: 'old-provider', at: new Date(0) },
    });
    expect(report.badRows).toEqual([{ line: 1, reason: 'The row has 2 fields, but `columns` has 1.' }]);
  });

  it('an endless line is refused', async () => {
    let pieces = 0;
    async function* endless() {
      for (;;) {
        pieces += 1;
        yield 'x'.repeat(100_000);
      }
    }
    const error = await failureOf(imported(endless(), { format: 'jsonl' }));
    expect(error).toMatchObject({
      message: expect.stringContaining('line 1 of more than 1000000 characters'),
    });
    expect(pieces).toBeLessThan(15);
  });

  it.each<[string, object, RegExp]>([
    ['no format', {}, /options\.format is missing/],
    ['another format', { format: 'xlsx' }, /options\.format must be one of "csv", "jsonl"/],
    ['a misspelt option', { format: 'csv', dryrun: true }, /Did you mean "dryRun"\?/],
    ['a country that is none', { format: 'csv', country: 'Singapore' }, /options\.country/],
    [
      'defaults that are wrong',
      { format: 'csv', defaults: { state: 'requested' } },
      /options\.defaults\.state/,
    ],
    ['a line before the first', { format: 'csv', fromLine: 0 }, /options\.fromLine/],
  ])('%s: nothing is read', async (_, options, message) => {
    const source = { [Symbol.asyncIterator]: () => expect.unreachable() };
    const error = await failureOf(importConsent(memoryConsentLedger(), source as never, options as never));
    expect(error).toMatchObject({ code: 'validation', message: expect.stringMatching(message) });
  });

  it('an object that is not a ledger is refused', async () => {
    expect(await failureOf(importConsent({} as never, '', { format: 'csv' }))).toMatchObject({
      message: expect.stringContaining('ledger must be a ConsentLedger'),
    });
  });
});

it('bytes that were read at once are a file too, of any length', async () => {
  const file = `\ufeff${lines('destination,state,source,at', ...new Array(2_000).fill(`+6591234567,opted-out,café,${at}`))}`;
  const { report } = await imported(new Uint8Array(bytes(file)));
  expect(report).toMatchObject({ rows: 2_000, recorded: 2_000, bad: 0 });
});

describe('a large file', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => `+65${91_000_000 + index}`);
  const defaults = { state: 'opted-out', source: 'x', at } as const;
  const file = lines('destination', ...numbers(2_500));

  it('is appended 1,000 rows at a time, in order', async () => {
    const calls: (readonly ConsentChange[])[] = [];
    const ledger = {
      append: async (changes: readonly ConsentChange[]) => {
        calls.push(changes);
      },
    };
    const pieces = piecesOf(bytes('\ufeff'), ...Array.from(bytes(file), (byte) => new Uint8Array([byte])));
    const report = await importConsent(ledger, pieces, { format: 'csv', clock, defaults });
    expect(report).toMatchObject({ rows: 2_500, recorded: 2_500, bad: 0, badRows: [] });
    expect(calls.map((changes) => changes.length)).toEqual([1_000, 1_000, 500]);
    expect(calls.flat().map(({ key }) => key)).toEqual(numbers(2_500));
  });

  it('is not read ahead of what is recorded', async () => {
    let given = 0;
    async function* slowly() {
      yield 'destination\n';
      for (const number of numbers(5_000)) {
        given += 1;
        yield `${number}\n`;
      }
    }
    const ledger = { append: () => Promise.reject(new Error('full')) };
    await failureOf(importConsent(ledger, slowly(), { format: 'csv', clock, defaults }));
    expect(given).toBeLessThan(1_010);
  });

  it('names the line to resume from after a failure, and resumes there', async () => {
    const ledger = memoryConsentLedger();
    let turn = 0;
    const failing = {
      append: async (changes: readonly ConsentChange[]) => {
        turn += 1;
        if (turn === 2) throw new StoreError('Its table is missing.');
        await ledger.append(changes);
      },
    };
    const options = { format: 'csv', clock, defaults } as const;
    const error = await failureOf(importConsent(failing, file, options));
    expect(error).toMatchObject({
      code: 'store',
      message:
        'The consent ledger failed during the import. Its table is missing. The good rows before line 1002 are recorded: resume with fromLine: 1002.',
    });
    const rest = await importConsent(failing, file, { ...options, fromLine: 1_002 });
    expect(rest).toMatchObject({ rows: 1_500, recorded: 1_500 });
    expect((await readAll(ledger.entries())).map(({ key }) => key)).toEqual(numbers(2_500));
  });

  it("does not show the ledger's error", async () => {
    const ledger = { append: () => Promise.reject(new Error(CANARY_NUMBER)) };
    const error = await failureOf(importConsent(ledger, file, { format: 'csv', clock, defaults }));
    expect(error).toMatchObject({ message: expect.stringContaining('resume with fromLine: 2.') });
    expectNoCanary(error);
  });

  it("names the line where the stream failed, without the stream's error", async () => {
    async function* broken() {
      yield file;
      throw new Error(CANARY_NUMBER);
    }
    const error = await failureOf(imported(broken(), { defaults }));
    expect(error).toMatchObject({
      code: 'validation',
      message:
        'The consent file broke off: its stream failed. The good rows before line 2002 are recorded: resume with fromLine: 2002.',
    });
    expectNoCanary(error);
    async function* none(): AsyncGenerator<string> {
      yield* [];
      throw new Error('ENOENT');
    }
    expect(await failureOf(imported(none()))).toMatchObject({
      message: 'The consent file broke off: its stream failed. Nothing was recorded.',
    });
  });
});

describe('an import that is aborted', () => {
  const defaults = { state: 'opted-out', source: 'x', at } as const;
  const numbers = Array.from({ length: 2_000 }, (_, index) => `+65${91_000_000 + index}`);

  it('ends between two batches and names the line to resume from', async () => {
    const controller = new AbortController();
    const appended: number[] = [];
    const ledger = {
      append: async (changes: readonly ConsentChange[]) => {
        appended.push(changes.length);
        controller.abort();
      },
    };
    const options = { format: 'csv', clock, defaults, signal: controller.signal } as const;
    const error = await failureOf(importConsent(ledger, lines('destination', ...numbers), options));
    expect(error).toMatchObject({
      code: 'aborted',
      name: 'AbortError',
      message:
        'importConsent was aborted. The good rows before line 1002 are recorded: resume with fromLine: 1002.',
    });
    expect(appended).toEqual([1_000]);
  });

  it('does not wait for a stream that hangs', async () => {
    const controller = new AbortController();
    let ended = false;
    const hanging = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          controller.abort();
          return new Promise<never>(() => {});
        },
        return: () => {
          ended = true;
          return Promise.reject(new Error('also broken'));
        },
      }),
    };
    const error = await failureOf(imported(hanging, { signal: controller.signal }));
    expect(error).toMatchObject({
      code: 'aborted',
      message: 'importConsent was aborted. Nothing was recorded.',
    });
    expect(ended).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvError, parseCsv, readCsv } from '../../../../src/api/exports/csv.ts';

/** A stream of these pieces, and what became of it. */
function streamOf(pieces: readonly Uint8Array[]) {
  const state = { pulled: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[state.pulled];
        state.pulled += 1;
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function readAll(pieces: readonly Uint8Array[]) {
  const rows: (readonly string[])[] = [];
  for await (const some of readCsv(streamOf(pieces).stream)) rows.push(...some);
  return rows;
}

/** Reads a text in pieces of so many characters. */
async function readPieces(text: string, length = text.length) {
  async function* pieces() {
    for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
  }
  const rows: (readonly string[])[] = [];
  for await (const some of parseCsv(pieces())) rows.push(...some);
  return rows;
}

const quote = (value: string, always: boolean) =>
  always || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;

describe('readCsv', () => {
  it('reads what was written, however the bytes are cut', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', ',', '"', '\r\n', '\n', 'é', '😀', ' ', '0'),
      maxLength: 5,
    });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 6 }));
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });
    const options = fc.record({
      newline: fc.constantFrom('\n', '\r\n'),
      mark: fc.boolean(),
      always: fc.boolean(),
      last: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, cuts, options, async (rows, sizes, { newline, mark, always, last }) => {
        const heading = ['umid', ...(rows[0] ?? []).slice(1).map((_, at) => `h${at}`)];
        const whole = [heading, ...rows];
        const lines = whole.map((row) => row.map((value) => quote(value, always)).join(','));
        const file = bytes((mark ? '\ufeff' : '') + lines.join(newline) + (last ? newline : ''));
        const pieces: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < file.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(file.subarray(at, at + size));
          at += size;
        }
        expect(await readAll(pieces)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['blanks behind a closing quote', '"1" ,"2"\t\n', [['1', '2']]],
    ['quotes inside of a cell', 'a"1"," b"\n', [['a"1"', ' b']]],
    ['quotes that were not doubled', '"a"b"c","2"\n', [['a"b"c', '2']]],
    ['a quote that was not doubled, at the end', '"a"b"', [['a"b']]],
    ['doubled quotes alone', '"""",""\n', [['"', '']]],
    ['empty cells and an empty line', ',\n\n,', [['', ''], [''], ['', '']]],
    ['a carriage return alone', 'a\rb,"c\rd"\n', [['a\rb', 'c\rd']]],
    [
      'a line feed where lines end with two characters',
      '1,2\r\n3\n,"4"\n\r\n',
      [
        ['1', '2'],
        ['3\n', '4'],
      ],
    ],
  ])('reads %s', async (_, text, rows) => {
    expect(await readPieces(text)).toEqual(rows);
    expect(await readPieces(text, 1)).toEqual(rows);
  });

  it('reads nothing from an empty file', async () => {
    expect(await readAll([])).toEqual([]);
    expect(await readAll([bytes('\ufeff')])).toEqual([]);
    expect(await readAll([bytes('umid\n'), bytes('\n')])).toEqual([['umid']]);
  });

  it('reads a piece only when the rows of the last one are used up', async () => {
    const { stream, state } = streamOf(['a,b\n', '1,2\n', '3,4\n', '5,6\n'].map(bytes));
    const rows = readCsv(stream);
    expect(await rows.next()).toEqual({ done: false, value: [['a', 'b']] });
    expect(state.pulled).toBe(1);
    await rows.next();
    expect(state.pulled).toBe(2);
    await rows.return();
    expect(state).toEqual({ pulled: 2, cancelled: true });
  });

  it('refuses a file that ends in the middle of a field', async () => {
    await expect(readAll([bytes('a,b\n1,"2')])).rejects.toThrow(CsvError);
    await expect(readAll([bytes('a,b\n1,"2')])).rejects.toThrow('in the middle');
  });

  it('keeps no more than one long row', async () => {
    const endless = Array.from({ length: 100 }, () => bytes('x'.repeat(100_000)));
    const { stream, state } = streamOf([bytes('a,b\n1,"'), ...endless]);
    const reading = (async () => {
      for await (const _ of readCsv(stream));
    })();
    await expect(reading).rejects.toThrow('more than 1000000 characters');
    expect(state.pulled).toBeLessThan(15);
    expect(state.cancelled).toBe(true);
  });

  it('hands a broken stream on as it broke', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('reset')),
    });
    await expect(readCsv(broken).next()).rejects.toThrow('reset');
  });
});

import { describe, expect, it } from 'vitest';
import { CsvError, parseCsv } from '../../src/api/exports/csv.ts';
import { importConsent } from '../../src/consent/import-consent.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { ValidationError } from '../../src/errors.ts';
import { maskNumber, redactText } from '../../src/internal/redact.ts';
import { integer, object, text as textField, validate } from '../../src/schema.ts';
import { addRanges, rangesOf, removeRanges } from '../../src/sending/send-many/row-ranges.ts';
import { findLinks } from '../../src/text/links.ts';
import { transliterate } from '../../src/text/transliteration.ts';
import { findUcs2Characters, replaceTypography } from '../../src/text/typography.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { findAllSlowness, HOSTILE_RUNS } from '../support/linear-time.ts';
import { readAll } from '../support/read-all.ts';

/** Work that depends on the length of a text alone. */
const EVERY = [{ unit: '.' }];

const QUOTES = [
  { head: 'a,b\n"', unit: 'x"', tail: `${' '.repeat(6_000)},` },
  { head: 'a,b\n"', unit: 'x' },
  { head: 'a,b\r\n"', unit: '" ' },
  { unit: 'x' },
];

const person = object({ name: textField({ max: 9 }), age: integer({ min: 0, max: 150, unit: 'years' }) });

async function* streamOf(text: string, length: number) {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

describe('takes time in proportion to its length', () => {
  it.each([
    ['in one piece', Number.MAX_SAFE_INTEGER, undefined],
    ['in one piece, with quotes', Number.MAX_SAFE_INTEGER, QUOTES],
    ['in pieces of 64 characters', 64, QUOTES],
  ])('a CSV file, %s', async (_, length, texts) => {
    const read = async (text: string) => {
      await readAll(parseCsv(streamOf(text, length))).catch((error: unknown) =>
        expect(error).toBeInstanceOf(CsvError),
      );
    };
    expect(await findAllSlowness(read, texts)).toEqual([]);
  });

  it.each([
    ['in one piece', Number.MAX_SAFE_INTEGER, 12_500, HOSTILE_RUNS],
    ['in pieces of 64 characters', 64, 60_000, [{ unit: 'x' }, { unit: '"x' }, { unit: '{' }]],
  ])('a file of consent, %s', async (_, length, small, texts) => {
    const clock = createFakeClock();
    const read = (format: 'csv' | 'jsonl') => async (text: string) => {
      const options = { format, clock, dryRun: true };
      await importConsent(memoryConsentLedger(), streamOf(text, length), options).catch((error: unknown) => {
        expect(error).toBeInstanceOf(ValidationError);
      });
    };
    const headed = texts.map((text) => ({ ...text, head: 'destination,evidence\n' }));
    expect(await findAllSlowness(read('csv'), headed, small)).toEqual([]);
    expect(await findAllSlowness(read('jsonl'), texts, small)).toEqual([]);
  });

  it.each([1, -1])('a long history of one person, %d ms after one another', async (step) => {
    const record = ({ length }: string) =>
      memoryConsentLedger().append(
        Array.from({ length: length / 5 }, (_, index) => ({
          key: '+6591234567',
          state: 'opted-out',
          scope: 'all',
          source: 'sms',
          messageId: `${index}`,
          at: step * index,
        })),
      );
    expect(await findAllSlowness(record, EVERY)).toEqual([]);
  });

  it.each([
    ['to be masked', (text: string) => redactText(text)],
    ['with secrets', (text: string) => redactText(text, ['aaaaaaaaaaaaaaab', '1 1 1 2'], 100)],
    ['as a number', maskNumber],
    ['as an unknown key', (text: string) => validate(person, { [text]: 1 })],
    ['as a value that is too long', (text: string) => validate(person, { name: text })],
    ['with links', findLinks],
    ['to be transliterated', transliterate],
    ['with typography', replaceTypography],
    ['with characters of UCS-2', findUcs2Characters],
  ])('a text %s', async (_, work) => {
    expect(await findAllSlowness((text) => work(text))).toEqual([]);
  });

  it('a text of near links', async () => {
    const units = ['a://', 'a.com/', 'a.com,', 'a.co..', 'a@b.co/', 'http://a.com?', 'www.'];
    const hidden = ['а.com ', '\u200d.com'];
    const texts = [...units, ...hidden].map((unit) => ({ unit }));
    expect(await findAllSlowness((text) => findLinks(text), texts)).toEqual([]);
  });

  it.each([
    ['added', addRanges],
    ['removed', removeRanges],
  ])('a list of ranges that are %s', async (_, work) => {
    const everyOther = ({ length }: string) => rangesOf(Array.from({ length }, (__, index) => 2 * index));
    expect(await findAllSlowness((text) => work(everyOther(text), everyOther(text)), EVERY)).toEqual([]);
  });
});

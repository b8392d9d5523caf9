import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../../src/api/exports/csv.ts';
import type { ConsentChange } from '../../../src/consent/consent-ledger.ts';
import { exportConsent } from '../../../src/consent/export-consent.ts';
import { importConsent } from '../../../src/consent/import-consent.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import { ValidationError } from '../../../src/errors.ts';
import { createFakeClock, NOON } from '../../support/fake-clock.ts';
import { readAll } from '../../support/read-all.ts';
import { failureOf } from '../../support/transport.ts';

const clock = createFakeClock();

async function* of(text: string) {
  yield text;
}

async function exported(changes: readonly ConsentChange[], format: 'csv' | 'jsonl'): Promise<string> {
  const ledger = memoryConsentLedger();
  await ledger.append(changes);
  return (await readAll(exportConsent(ledger, { format }))).join('');
}

const full: ConsentChange = {
  key: '+6591234567',
  state: 'opted-in',
  scope: 'marketing',
  source: 'web-form',
  at: NOON,
  purposes: ['otp', 'marketing'],
  evidence: 'form "4711", page 2',
  messageId: 'umid-1',
  text: 'yes\nplease',
};

describe('exportConsent', () => {
  it('writes CSV with a heading', async () => {
    expect(await exported([full], 'csv')).toBe(
      [
        'destination,country,state,scope,purposes,source,at,expiresAt,evidence,messageId,text,confirmation,sender',
        '+6591234567,,opted-in,marketing,otp marketing,web-form,2026-11-22T09:00:00.000Z,,"form ""4711"", page 2",umid-1,"yes\nplease",,',
        '',
      ].join('\r\n'),
    );
    expect(await exported([], 'csv')).toMatch(/^destination,.*\r\n$/);
  });

  it('writes JSON lines', async () => {
    const lines = (await exported([full], 'jsonl')).split('\n');
    expect(lines).toHaveLength(2);
    const { key, ...rest } = full;
    expect(JSON.parse(lines[0] as string)).toEqual({
      ...rest,
      destination: key,
      at: '2026-11-22T09:00:00.000Z',
    });
    expect(await exported([], 'jsonl')).toBe('');
  });

  it('writes no text that a spreadsheet would run as a formula', async () => {
    const texts = [
      '=HYPERLINK("http://x")',
      '+1',
      '-1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '\n=1',
      '＝1',
      "'=1",
      "''",
    ];
    for (const text of texts) {
      const file = await exported([{ ...full, text, evidence: text, source: text, messageId: text }], 'csv');
      const [, row] = (await readAll(parseCsv(of(file)))).flat();
      const [, ...cells] = row ?? [];
      expect(cells.filter((cell) => /^[=+\-@\s＝＋－＠]/.test(cell))).toEqual([]);
      const ledger = memoryConsentLedger();
      await importConsent(ledger, file, { format: 'csv', clock });
      expect(await readAll(ledger.entries())).toMatchObject([{ text, evidence: text, source: text }]);
    }
  });

  it.each([
    ['x;=HYPERLINK(A1);', ';'],
    ['a\t+1', '\t'],
    ['a|@SUM(A1)', '|'],
    ['yes,-1', ','],
    ['x; =1', ';'],
    ['x;"=1"', ';'],
    ["x;'=1", ';'],
    ['yes\n=1', '\n'],
    ['yes\r\n\t=1', '\n'],
    ['x;\u0020\t＝1', ';'],
  ])(
    'writes no text that a spreadsheet would run if it took another separator: %j',
    async (text, separator) => {
      const file = await exported([{ ...full, text, evidence: text, source: text }], 'csv');
      const body = file.slice(file.indexOf('\r\n') + 2);
      const cells = body.split(separator).map((cell) => cell.replace(/^[\s"]+/, ''));
      expect(cells.filter((cell, index) => index > 0 && /^[=+\-@＝]/.test(cell))).toEqual([]);
      const ledger = memoryConsentLedger();
      await importConsent(ledger, file, { format: 'csv', clock });
      expect(await readAll(ledger.entries())).toMatchObject([{ text, evidence: text, source: text }]);
    },
  );

  it('round-trips through the import in both formats', async () => {
    const words = fc.string({
      unit: fc.constantFrom(
        'a',
        ',',
        ';',
        '|',
        '\t',
        '"',
        '\n',
        '\r\n',
        "'",
        '=',
        '-',
        '＝',
        ' b',
        '🙏',
        '\u0000',
      ),
      minLength: 1,
      maxLength: 6,
    });
    const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
    const hash = `#${'0123456789abcdef'.repeat(2)}`;
    const common = {
      key: fc.constantFrom('+6591234567', '+541123456789', '+12025550123', hash),
      scope: fc.constantFrom('all' as const, 'marketing' as const),
      source: words.filter((source) => source.trim() !== ''),
      at: fc.integer({ min: 0, max: NOON }),
      purposes: maybe(
        fc.constantFrom([], ['otp' as const], ['marketing' as const, 'transactional' as const]),
      ),
      evidence: maybe(words.filter((text) => text.trim() !== '')),
      messageId: maybe(fc.uuid()),
      text: maybe(words.filter((text) => text.trim() !== '')),
    };
    const optIn = fc.record({
      ...common,
      state: fc.constant('opted-in' as const),
      confirmation: maybe(fc.uuid()),
    });
    // One scope for each person: the import widens an opt-out of marketing that follows one of everything.
    const optOut = optIn.map((record) => {
      const scope = record.key.startsWith('+65') ? ('marketing' as const) : ('all' as const);
      return { ...record, state: 'opted-out' as const, scope };
    });
    const question = fc.record({
      ...common,
      state: fc.constant('requested' as const),
      expiresAt: fc.integer({ min: 0, max: 2 * NOON }),
      sender: maybe(fc.constantFrom('+6580001234', 'TEAM')),
    });
    const format = fc.constantFrom('csv' as const, 'jsonl' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(optIn, optOut, question), { maxLength: 5 }),
        format,
        async (changes, as) => {
          const [before, after] = [memoryConsentLedger(), memoryConsentLedger()];
          await before.append(changes);
          const report = await importConsent(after, exportConsent(before, { format: as }), {
            format: as,
            clock,
          });
          expect(report.badRows).toEqual([]);
          expect(await readAll(after.entries())).toEqual(await readAll(before.entries()));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('passes the signal to the ledger', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const ledger = memoryConsentLedger();
    await ledger.append([full]);
    expect(await failureOf(readAll(exportConsent(ledger, { format: 'csv', signal })))).toMatchObject({
      message: 'enough',
    });
  });

  it.each<[string, object, object]>([
    [
      'a ledger that cannot list everybody',
      { get() {}, append() {}, history() {}, forget() {} },
      { format: 'csv' },
    ],
    ['no format', memoryConsentLedger(), {}],
    ['an unknown option', memoryConsentLedger(), { format: 'csv', dryRun: true }],
    ['a signal that is none', memoryConsentLedger(), { format: 'csv', signal: true }],
  ])('refuses %s at once', (_, ledger, options) => {
    expect(() => exportConsent(ledger as never, options as never)).toThrow(ValidationError);
  });
});

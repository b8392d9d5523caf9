import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtInIndex } from '../../../../src/consent/keywords/keyword-index.ts';
import { keywordLists } from '../../../../src/consent/keywords/keyword-lists.ts';
import {
  createKeywordReader,
  type ExtraKeywords,
  readKeyword,
} from '../../../../src/consent/keywords/read-keyword.ts';
import { ConfigurationError } from '../../../../src/errors.ts';

describe('readKeyword', () => {
  it.each([
    // What people really wrote: SparkDevNetwork/Rock#7049, p2pu/learning-circles#593.
    'Stop. Thank you',
    'STOP ALL',
    'StopAll',
    'stop please',
    'pls stop',
    'Please STOP!!!',
    'STOP!!!',
    '"STOP"',
    ' \n stop \t',
    'Hi, stop it now please. Thanks',
    's t o p',
    'S.T.O.P.',
    'ＳＴＯＰ',
    'STOP 🛑🙏',
    'Opt-out',
    'stop cancel',
    'STOP STOP STOP',
    'YES STOP',
    'help, stop',
    'stop texting me',
    'Unsubscribe me please',
    'Arrêt svp',
    "S'il vous plaît, arrêtez. Merci",
    'Bitte abmelden, danke',
    'Baja por favor',
    'tolong berhenti ya kak',
    'hủy ạ',
    'Dừng lại nhé',
    'ขอยกเลิกค่ะ',
    '请退订，谢谢',
    '退订了',
    'itigil na po',
    'Stop. Leave me alone!',
  ])('takes as an opt-out: %j', (text) => {
    expect(readKeyword(text).kind).toBe('opt-out');
  });

  it.each([
    "don't stop",
    'Do not stop!',
    'stop by at 5',
    'non-stop flight?',
    'Can I cancel my appointment?',
    'at the end of the day',
    'STOP 8x8',
    'No thank you. STOP',
    'Remove me from your list',
    'do not text me',
    'Please DON’T text me again!',
    'leave me alone',
    'yes, leave me alone',
    'Leave me alone. Help',
    'Liked “Reply STOP to opt out”',
    'STOOOOP',
    'ЅТОР',
    'ՏТОР stop?',
    'dung',
    '不要退订',
    '请不要再发短信给我',
    'วันนี้หยุดไหม',
    'je veux me désabonner de la liste',
  ])('only reports: %j', (text) => {
    expect(readKeyword(text).kind).toBe('possible-opt-out');
  });

  it.each([
    ['START', 'opt-in'],
    ['unstop please', 'opt-in'],
    ['yes start', 'opt-in'],
    ['Yes please!', 'confirm'],
    ['Y', 'confirm'],
    ['Ya, terima kasih', 'confirm'],
    ['Sí', 'confirm'],
    ['si', 'confirm'],
    ['ใช่ค่ะ', 'confirm'],
    ['是的，谢谢', 'confirm'],
    ['HELP!', 'help'],
    ['help please', 'help'],
    ['start? help', 'help'],
    ['Aide', 'help'],
  ])('%j is %s', (text, kind) => {
    expect(readKeyword(text).kind).toBe(kind);
  });

  it.each([
    'nonstop',
    'stopwatch',
    'weekend',
    'Yes, at 5',
    'yes no',
    'I need help with my order',
    'when do you start',
    'đúng',
    'dùng lại',
    'thank you',
    '👍',
    '',
    '!!!',
  ])('says nothing: %j', (text) => {
    expect(readKeyword(text)).toEqual({ kind: 'none' });
  });

  it('names the word as it is in the list, and its language', () => {
    expect(readKeyword('stop. thank you')).toEqual({ kind: 'opt-out', word: 'STOP', language: 'en' });
    expect(readKeyword('arret')).toEqual({ kind: 'opt-out', word: 'ARRÊT', language: 'fr' });
    expect(readKeyword('please stop by')).toEqual({ kind: 'possible-opt-out', word: 'STOP', language: 'en' });
    expect(readKeyword('take me off')).toEqual({ kind: 'possible-opt-out', word: 'TAKE ME OFF' });
  });

  it('reads 160 UTF-16 code units and not one more', () => {
    expect(readKeyword('STOP'.padEnd(160)).kind).toBe('opt-out');
    expect(readKeyword('STOP'.padEnd(161))).toEqual({ kind: 'none' });
    expect(readKeyword(`STOP ${'😀'.repeat(77)}`).kind).toBe('opt-out');
    expect(readKeyword(`STOP ${'😀'.repeat(78)}`)).toEqual({ kind: 'none' });
    expect(readKeyword('STOP '.repeat(1_000_000))).toEqual({ kind: 'none' });
  });

  it('stays with every built-in word however it is dressed up', () => {
    const words = keywordLists().flatMap(({ kind, words }) =>
      words.split(',').map((word) => ({ kind, word })),
    );
    const noise = fc.string({
      unit: fc.constantFrom(' ', '!', '.', '…', '🛑', '"', '\n', '\u200b', '\ufe0f', '*'),
      maxLength: 8,
    });
    const dress: readonly ((word: string) => string)[] = [
      (word) => word,
      (word) => word.toLowerCase(),
      (word) => word.normalize('NFD'),
      (word) => word.replaceAll(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
      (word) => [...word].join('\u200d'),
      (word) => word.normalize('NFD').replaceAll(/(\p{Script=Latin})\p{M}*/gu, '$1\u0301'),
      (word) => word.replaceAll(' ', ' - '),
      (word) => `${word}, please. Thank you`,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...words),
        fc.constantFrom(...dress),
        noise,
        noise,
        (known, change, before, after) => {
          expect(readKeyword(`${before}${change(known.word)}${after}`).kind).toBe(known.kind);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never throws, never acts on an opt-out word that is only a part, and never shows the text', () => {
    const known = [...builtInIndex().entries.values()].map(({ word }) => word);
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom('\ud800', '\udc00', '\u0301', '\ufdfa', 'ก', '退', 's', "'", ' '),
        maxLength: 200,
      }),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const match = readKeyword(text);
        if (text.length > 160) expect(match).toEqual({ kind: 'none' });
        if (match.word !== undefined) expect(known).toContain(match.word);
        expect(readKeyword(`zzqx ${text.slice(0, 140)} stop`).kind).toBe('possible-opt-out');
      }),
    );
  });
});

describe('your own words', () => {
  const extra: ExtraKeywords = {
    'opt-out': ['T', 'no more', 'WWW', 'СТОП'],
    'opt-in': ['JOIN', 'INFO'],
    confirm: ['CONFIRM', 'now'],
    help: ['MENU'],
  };

  it('are read like the built-in ones', () => {
    const read = createKeywordReader(extra);
    expect(read('t!')).toEqual({ kind: 'opt-out', word: 'T' });
    expect(read('No móre, please').kind).toBe('opt-out');
    expect(read('стоп').kind).toBe('opt-out');
    expect(read('we want no more of it')).toEqual({ kind: 'possible-opt-out', word: 'no more' });
    expect(read('ну стоп уже').kind).toBe('possible-opt-out');
    expect(read('see www x').kind).toBe('possible-opt-out');
    expect(read('join').kind).toBe('opt-in');
    expect(read('please confirm')).toEqual({ kind: 'confirm', word: 'CONFIRM' });
    expect(read('Menu').kind).toBe('help');
    expect(read('STOP').kind).toBe('opt-out');
    expect(readKeyword('join', { extra }).kind).toBe('opt-in');
  });

  it('give another meaning to a built-in word, but never to an opt-out word', () => {
    const read = createKeywordReader(extra);
    expect(read('info').kind).toBe('opt-in');
    expect(read('now').kind).toBe('confirm');
    for (const word of ['STOP', 'stop please', 'Arret', 'yes stop']) {
      expect(() => createKeywordReader({ confirm: ['OKAY', word] }, 'guards.consent.keywords')).toThrow(
        expect.objectContaining({
          option: 'guards.consent.keywords.confirm[1]',
          message: 'guards.consent.keywords.confirm[1] is an opt-out word, and stays one: choose another.',
        }),
      );
    }
    expect(createKeywordReader({ 'opt-out': ['STOP'] })('stop')).toEqual({ kind: 'opt-out', word: 'STOP' });
  });

  it('count as an opt-out when they are in two kinds', () => {
    const read = createKeywordReader({ confirm: ['X'], 'opt-in': ['X'], help: ['X'], 'opt-out': ['X'] });
    expect(read('x').kind).toBe('opt-out');
    expect(createKeywordReader({ confirm: ['X'], 'opt-in': ['X'], help: ['X'] })('x').kind).toBe('help');
  });

  it('stay in the reader that was given them', () => {
    createKeywordReader(extra);
    expect(readKeyword('join')).toEqual({ kind: 'none' });
    expect(readKeyword('join', {})).toEqual({ kind: 'none' });
    expect(createKeywordReader({})('info').kind).toBe('help');
  });

  it.each<[string, unknown, string]>([
    ['an unknown kind, with the nearest known one', { 'opt-uot': ['X'] }, 'Did you mean "opt-out"?'],
    ['no list', { help: 'MENU' }, 'must be an array'],
    ['an empty word', { help: [''] }, 'must be a string of 1 to 100 characters'],
    ['a word of punctuation', { help: ['?!'] }, 'must have a letter or a digit'],
    ['a long word', { help: ['x'.repeat(101)] }, 'must be a string of 1 to 100 characters'],
    [
      'too many words',
      { help: Array.from({ length: 201 }, (_, index) => `W${index}`) },
      'must be an array of 0 to 200',
    ],
    ['no object', ['X'], 'must be an object of word lists by kind'],
  ])('are refused: %s', (_name, wrong, message) => {
    const create = () => createKeywordReader(wrong as ExtraKeywords, 'keywords');
    expect(create).toThrow(ConfigurationError);
    expect(create).toThrow(message);
    expect(create).toThrow(/^keywords/);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IndexNode } from '../../../../src/consent/keywords/keyword-index.ts';
import type { KeywordOptions } from '../../../../src/consent/keywords/keyword-options.ts';
import { allLanguages } from '../../../../src/consent/keywords/languages/index.ts';
import {
  builtInIndex,
  createKeywordReader,
  readKeyword,
} from '../../../../src/consent/keywords/read-keyword.ts';
import { ConfigurationError } from '../../../../src/errors.ts';

const LANGUAGES = allLanguages();

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
    '🆂🆃🅾️🅿️',
    '🅢🅣🅞🅟!',
    'STOP 🇸🇬',
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
    'Baja por favor',
    'please cancel',
    'STOP 8x8',
    'No thank you. STOP',
    'Remove me from your list',
    'do not text me',
    'Please DON’T text me again!',
    'leave me alone',
    'yes, leave me alone',
    'Leave me alone. Help',
    'STOOOOP',
    'ЅТОР',
    'ՏТОР stop?',
    'dung',
    '不要退订',
    '请不要再发短信给我',
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
    'วันนี้หยุดไหม',
    'at the end of the day',
    'turn it off at the wall',
    'I am out of town',
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
    expect(readKeyword('take me off')).toEqual({
      kind: 'possible-opt-out',
      word: 'TAKE ME OFF',
      language: 'en',
    });
  });

  it('reads a text of any length', () => {
    const told = 'I have told you twice that I moved away. '.repeat(5);
    expect(readKeyword(`STOP. ${told}`)).toMatchObject({ kind: 'possible-opt-out', word: 'STOP' });
    expect(readKeyword(`${told}Take me off your list. ${told}`).kind).toBe('possible-opt-out');
    expect(readKeyword('STOP '.repeat(100)).kind).toBe('opt-out');
    expect(readKeyword(`STOP ${'😀'.repeat(500)}`).kind).toBe('opt-out');
    expect(readKeyword(told)).toEqual({ kind: 'none' });
  });

  it('leaves a text to a person that is too long to be read whole', () => {
    const [short, long] = [4_160, 4_161].map((length) => 'See you at five. '.repeat(300).slice(0, length));
    expect(readKeyword(short ?? '')).toEqual({ kind: 'none' });
    expect(readKeyword(long ?? '')).toEqual({ kind: 'possible-opt-out' });
    expect(readKeyword(`stop ${long}`)).toMatchObject({ kind: 'possible-opt-out', word: 'STOP' });
    expect(readKeyword('STOP '.repeat(1_000_000)).kind).toBe('possible-opt-out');
  });

  it('stays with every built-in word however it is dressed up', () => {
    const words = LANGUAGES.filter(({ acts }) => acts).flatMap(({ lists }) =>
      lists
        .filter(({ use = 'clear' }) => use === 'clear')
        .flatMap(({ kind, words }) =>
          words.split(',').map((word) => ({ kind, word: word.replace('!', '') })),
        ),
    );
    const isAccented = (word: string) => word.startsWith('DỪNG');
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
      (word) =>
        isAccented(word) ? word : word.normalize('NFD').replaceAll(/(\p{Script=Latin})\p{M}*/gu, '$1\u0301'),
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
    const known: string[] = [];
    const collect = (node: IndexNode): void => {
      const parts = [...(node.firstOf ?? []), ...(node.secondOf ?? [])].map(({ entry }) => entry);
      for (const entry of [node.keyword, node.phrase, node.alone, ...parts]) {
        if (entry !== undefined) known.push(entry.word);
      }
      for (const next of node.next.values()) collect(next);
    };
    collect(builtInIndex().root);
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
        if (match.word !== undefined) expect(known).toContain(match.word);
        expect(readKeyword(`zzqx ${text.slice(0, 140)} stop`).kind).toBe('possible-opt-out');
      }),
    );
  });
});

describe('ordinary words', () => {
  it.each([
    ['Thanks, Huy', undefined],
    ['Thanks, Huy', 'VN'],
    ['Thanks, Huy', 'SG'],
    ['ok po, tc', 'PH'],
    ['ok off', 'PH'],
    ['Out, thanks', 'US'],
    ['Thank you. Fin', 'GB'],
    ['Batal ya kak', 'ID'],
    ['Baja, gracias', 'MX'],
    ['cancel, thanks', 'us'],
    ['yes, cancel', undefined],
  ])('beside other words are for a person to look at: %j from %s', (text, country) => {
    expect(readKeyword(text, { country }).kind).toBe('possible-opt-out');
  });

  it.each([
    ['TC, cảm ơn', 'VN'],
    ['OFF ya kak', 'ID'],
    ['TD谢谢', 'CN'],
    ['cancel, merci', 'FR'],
  ])('count beside courtesy where nobody uses them otherwise: %j from %s', (text, country) => {
    expect(readKeyword(text, { country }).kind).toBe('opt-out');
  });

  it.each(['HUY', 'TC', 'OFF', 'OUT', 'END', 'FIN', 'BAJA', 'CANCEL', '"Off."', 'hủy ạ', 'OFF ya', 'batal'])(
    'count when they stand alone, wherever the number is of: %j',
    (text) => {
      for (const country of [undefined, 'PH', 'VN', 'US', 'ID', 'ES', 'XX']) {
        expect(readKeyword(text, { country }).kind, country).toBe('opt-out');
      }
    },
  );
});

describe('misspelt words', () => {
  const edits = (word: string) => {
    const letters = [...'abcdefghijklmnopqrstuvwxyz'];
    const variants = [...word].flatMap((letter, at) => {
      const [before, after] = [word.slice(0, at), word.slice(at + 1)];
      return [
        before + after,
        before + letter + letter + after,
        `${before}${word[at + 1] ?? ''}${letter}${after.slice(1)}`,
        ...letters.flatMap((other) => [before + other + after, before + other + letter + after]),
      ];
    });
    return [...new Set(variants)].filter((variant) => variant !== word);
  };

  it.each(['stop', 'unsubscribe'])('every single edit of %s is seen', (word) => {
    for (const variant of edits(word)) {
      expect(['possible-opt-out', 'opt-out'], variant).toContain(readKeyword(variant).kind);
      expect(['possible-opt-out', 'opt-out'], variant).toContain(readKeyword(`${variant}!!`).kind);
    }
  });

  it('none of them opts out, unless it is a word of the lists', () => {
    for (const word of ['stop', 'unsubscribe', 'cancel', 'quit', 'berhenti', 'abmelden', 'tigil']) {
      const acted = edits(word).filter((variant) => readKeyword(variant).kind === 'opt-out');
      expect(acted.filter((variant) => !['stopp', 'itigil'].includes(variant))).toEqual([]);
    }
  });

  it.each([
    'Stpo',
    'st0p',
    'STOPSTOP',
    'stop2quit',
    'stopnow',
    'st op',
    'pls unsuscirbe me',
    'UN-SUBSCRIBE me from this',
    'please st-op writing',
    'un sub scribe',
    '0pt out',
    'S T O P texting me',
    'dont txt me agian',
    'report spam',
    '退定',
    'QX',
    'TC QC',
    'HUY QC',
    'tc2',
    'DK DNC',
    '🛑',
  ])('is seen: %j', (text) => {
    expect(['possible-opt-out', 'opt-out']).toContain(readKeyword(text).kind);
  });

  it.each(['UN-SUBSCRIBE', 'un subscribe', 'S-T-O-P', 'opt-out', 'un.sub', 'desabon nement'])(
    'written apart, a word is the same: %j',
    (text) => {
      expect(readKeyword(text).kind).toBe('opt-out');
    },
  );

  it.each([
    'I went to the shop',
    'the next step',
    'top up done',
    'it was quite quiet',
    'into town',
    'is it cancer',
    'the stoop is wet',
    'un sofa',
    'Top, danke',
    'für Anmeldung',
  ])('ordinary words that are near to one are not: %j', (text) => {
    expect(readKeyword(text)).toEqual({ kind: 'none' });
  });
});

describe('reactions', () => {
  it.each([
    'Liked “Reply STOP to end”',
    'Loved "Sale! STOP to end"',
    "Disliked 'STOP to end'",
    'Laughed at “It’s on! STOP to end”',
    'Reacted 😂 to “STOP to end”',
    'Removed a heart from “STOP to end”',
    'Liked an image',
    '👍🏽 to “STOP to end”',
    '\u200a\u200b👍\u200b to \u201c\u200aSTOP to end\u200a\u201d\u200a',
    '\u200a\u200b❤️\u200b 對「\u200a回覆退訂\u200a」\u200a',
    `Liked “${'Reply STOP to end. '.repeat(20)}`,
    'A aimé « Répondez STOP »',
    'A retiré un « J’aime » de « STOP »',
    '„STOPP zum Abmelden“ ein Herz hinzugefügt',
    'Le gusta “BAJA”',
    'Понравилось «СТОП»',
    'Đã thích “HUY”',
    '對「回覆退訂」按讚',
    'Curtiu “SAIR”',
    '“수신거부”에 하트를 표시함',
    '「配信停止」にいいねしました',
  ])('are told apart: %j', (text) => {
    expect(readKeyword(text)).toEqual({ kind: 'reaction' });
  });

  it.each([
    ['Liked “Reply STOP to end” STOP', 'possible-opt-out'],
    ['STOP “your messages”', 'possible-opt-out'],
    ['I liked “STOP”', 'possible-opt-out'],
    ['“STOP”', 'opt-out'],
    ['Liked it, thanks', 'none'],
    ['“Hello”', 'none'],
  ])('are not what only looks like one: %j', (text, kind) => {
    expect(readKeyword(text).kind).toBe(kind);
  });
});

describe('languages', () => {
  it('choose the lists, English always among them', () => {
    const read = createKeywordReader({ languages: ['id'] });
    expect(read('berhenti').kind).toBe('opt-out');
    expect(read('STOP').kind).toBe('opt-out');
    expect(read('Thanks, Huy')).toEqual({ kind: 'none' });
    expect(read('baja')).toEqual({ kind: 'none' });
    expect(read('別再傳了')).toEqual({ kind: 'none' });
  });

  it.each<[string, KeywordOptions, RegExp]>([
    ['an unknown one', { languages: ['xx' as 'en'] }, /^options\.languages\[0\] must be one of "en"/],
    ['none', { languages: [] }, /^options\.languages must be an array of 1 to 22/],
  ])('are refused: %s', (_, options, message) => {
    expect(() => createKeywordReader(options)).toThrow(message);
  });
});

describe('changes to the words', () => {
  const add = {
    'opt-out': ['T', 'no more', 'WWW', '수신거부'],
    'opt-in': ['JOIN', 'INFO'],
    confirm: ['CONFIRM', 'now'],
    help: ['MENU'],
  };

  it('add words that are read like the built-in ones', () => {
    const read = createKeywordReader({ words: { add } });
    expect(read('t!')).toEqual({ kind: 'opt-out', word: 'T' });
    expect(read('No móre, please').kind).toBe('opt-out');
    expect(read('we want no more of it')).toEqual({ kind: 'possible-opt-out', word: 'no more' });
    expect(read('see www x').kind).toBe('possible-opt-out');
    expect(read('join').kind).toBe('opt-in');
    expect(read('please confirm')).toEqual({ kind: 'confirm', word: 'CONFIRM' });
    expect(read('Menu').kind).toBe('help');
    expect(read('STOP').kind).toBe('opt-out');
    expect(readKeyword('join', { words: { add } }).kind).toBe('opt-in');
  });

  it('let a word of a list act that no native speaker has read', () => {
    expect(readKeyword('수신거부').kind).toBe('possible-opt-out');
    expect(createKeywordReader({ words: { add } })('수신거부 해주세요').kind).toBe('opt-out');
  });

  it('give another meaning to a built-in word, but never to an opt-out word', () => {
    const read = createKeywordReader({ words: { add } });
    expect(read('info').kind).toBe('opt-in');
    expect(read('now').kind).toBe('confirm');
    for (const word of ['STOP', 'stop please', 'Arret', 'yes stop']) {
      const words = { add: { confirm: ['OKAY', word] } };
      expect(() => createKeywordReader({ words }, 'guards.consent.inbound')).toThrow(
        expect.objectContaining({
          option: 'guards.consent.inbound.words.add.confirm[1]',
          message:
            'guards.consent.inbound.words.add.confirm[1] is an opt-out word, and stays one: choose another word.',
        }),
      );
    }
    expect(readKeyword('stop', { words: { add: { 'opt-out': ['STOP'] } } })).toEqual({
      kind: 'opt-out',
      word: 'STOP',
    });
  });

  it('count as an opt-out when they are in two kinds', () => {
    const twice = { confirm: ['X'], 'opt-in': ['X'], help: ['X'] };
    expect(readKeyword('x', { words: { add: { ...twice, 'opt-out': ['X'] } } }).kind).toBe('opt-out');
    expect(readKeyword('x', { words: { add: twice } }).kind).toBe('help');
  });

  it('remove built-in words of any kind, but not STOP', () => {
    const words = { remove: ['OFF', 'out', 'YES', 'LOSE MY NUMBER'] };
    const read = createKeywordReader({ words });
    for (const text of ['off', 'OUT', 'yes', 'ok off']) expect(read(text), text).toEqual({ kind: 'none' });
    expect(read('STOP').kind).toBe('opt-out');
    expect(() => createKeywordReader({ words: { remove: ['OFF', 'stop'] } })).toThrow(
      expect.objectContaining({
        option: 'options.words.remove[1]',
        message: 'options.words.remove[1]: STOP opts out everywhere, so it cannot be removed.',
      }),
    );
  });

  it('make room for another meaning of a word that was removed', () => {
    const read = createKeywordReader({ words: { remove: ['OFF'], add: { help: ['OFF'] } } });
    expect(read('off').kind).toBe('help');
  });

  it('stay in the reader that was given them', () => {
    createKeywordReader({ words: { add, remove: ['OFF'] } });
    expect(readKeyword('join')).toEqual({ kind: 'none' });
    expect(readKeyword('off').kind).toBe('opt-out');
  });

  it.each<[string, unknown, string]>([
    ['an unknown kind, with the nearest known one', { add: { 'opt-uot': ['X'] } }, 'Did you mean "opt-out"?'],
    ['no list', { add: { help: 'MENU' } }, 'must be an array'],
    ['an empty word', { add: { help: [''] } }, 'must be a string of 1 to 100 characters'],
    ['a word of punctuation', { remove: ['?!'] }, 'must have a letter or a digit'],
    ['a long word', { add: { help: ['x'.repeat(101)] } }, 'must be a string of 1 to 100 characters'],
    [
      'too many words',
      { add: { help: Array.from({ length: 201 }, (_, index) => `W${index}`) } },
      'must be an array of 0 to 200',
    ],
    ['lists without add', { help: ['X'] }, 'options.words.help'],
    ['no object', ['X'], 'must be an object { add, remove }'],
  ])('are refused: %s', (_name, words, message) => {
    const create = () => createKeywordReader({ words } as KeywordOptions);
    expect(create).toThrow(ConfigurationError);
    expect(create).toThrow(message);
    expect(create).toThrow(/^options\.words/);
  });
});

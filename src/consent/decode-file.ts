import { ValidationError } from '../errors.ts';
import { concatBytes } from '../internal/concat-bytes.ts';

/** Encoding of a file. A byte order mark wins over the option. */
export type FileEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export const FILE_ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
] as const satisfies readonly FileEncoding[];

/** Characters of Windows-1252 for the bytes 0x80 to 0x9f (WHATWG Encoding Standard); the rest is Latin-1. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const BYTE_ORDER_MARKS: readonly (readonly [encoding: FileEncoding, bytes: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];
const LONGEST_MARK = 3;

export function wrongFile(problem: string): ValidationError {
  return new ValidationError(`The consent file ${problem}${problem.endsWith('?') ? '' : '.'}`, 'source');
}

function decodeWindows1252(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += byte < 0x80 || byte > 0x9f ? String.fromCharCode(byte) : WINDOWS_1252[byte - 0x80];
  }
  return text;
}

function decodeWith(encoding: FileEncoding): (bytes: Uint8Array, isEnd: boolean) => string {
  if (encoding === 'windows-1252') return decodeWindows1252;
  // Strict, because a file in another encoding would silently lose people's texts.
  const decoder = new TextDecoder(encoding, { fatal: true });
  return (bytes, isEnd) => {
    try {
      return decoder.decode(bytes, { stream: !isEnd });
    } catch {
      const help = encoding === 'utf-8' ? ". If Excel wrote it as CSV, set encoding: 'windows-1252'" : '';
      throw wrongFile(`is not in ${encoding.toUpperCase()}${help}`);
    }
  };
}

/** Decodes a file piece by piece. Holds the first bytes until they show whether they are a byte order mark. */
export function createDecoder(encoding: FileEncoding): (piece: Uint8Array, isEnd: boolean) => string {
  let head: Uint8Array | undefined = new Uint8Array();
  let decode: ReturnType<typeof decodeWith> | undefined;
  return (piece, isEnd) => {
    if (decode !== undefined) return decode(piece, isEnd);
    head = concatBytes([head ?? new Uint8Array(), piece]);
    if (head.length < LONGEST_MARK && !isEnd) return '';
    const first = head;
    const marked = BYTE_ORDER_MARKS.find(([, mark]) => mark.every((byte, index) => first[index] === byte));
    decode = decodeWith(marked?.[0] ?? encoding);
    head = undefined;
    return decode(first, isEnd);
  };
}

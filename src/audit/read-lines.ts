import { MAX_LINE_BYTES } from './chain.ts';

/** A line of a log, without its end. */
export interface LogLine {
  /** 1 for the first. */
  readonly number: number;
  readonly bytes: Uint8Array;
  /** False for the piece at the end of a file that no line end follows. */
  readonly isWhole: boolean;
  /** True when the line is longer than any record; `bytes` is its beginning. */
  readonly isTooLong: boolean;
}

/** Splits bytes into lines. Holds one line at most, whatever it is given. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): AsyncGenerator<LogLine, void, void> {
  const encoder = new TextEncoder();
  const room = new Uint8Array(MAX_LINE_BYTES);
  let [length, isTooLong, number] = [0, false, 1];

  function keep(piece: Uint8Array): void {
    const fits = piece.subarray(0, room.length - length);
    room.set(fits, length);
    length += fits.length;
    isTooLong ||= fits.length < piece.length;
  }

  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
    for (let from = 0; from < bytes.length; ) {
      const end = bytes.indexOf(10, from);
      keep(bytes.subarray(from, end < 0 ? bytes.length : end));
      if (end < 0) break;
      yield { number, bytes: room.slice(0, length), isWhole: true, isTooLong };
      [length, isTooLong, number] = [0, false, number + 1];
      from = end + 1;
    }
  }
  if (length > 0 || isTooLong) yield { number, bytes: room.slice(0, length), isWhole: false, isTooLong };
}

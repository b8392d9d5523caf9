import { StoreError, ValidationError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { withTimeLimit } from '../../internal/time-limit.ts';
import { runUserCode } from '../../internal/user-code.ts';
import { integer, list, objectWith, oneOf, pattern, validate } from '../../schema.ts';
import { createRowDigest } from './row-identity.ts';
import { addRanges, type RowRange, readInOrder, removeRanges } from './row-ranges.ts';

/** The content of a checkpoint: ranges of rows but no rows, so that it is small and may be stored anywhere. */
interface Token {
  readonly kind: string;
  readonly version: 1;
  /** Prefix of the generated IDs. */
  readonly run: string;
  /** Rows with consumed results. */
  readonly settled: readonly RowRange[];
  /** Rows that may have been sent, and whose results were not consumed. */
  readonly begun: readonly RowRange[];
  /** Number of rows read so far, and their digest, which reveals a changed input. */
  readonly rows: number;
  readonly digest: string;
}

/** The kind of token of each operation, so that a run of messages is not resumed with surveys. */
const KINDS = {
  'messages.sendMany': '8x8-sms-guard/sendMany',
  'surveys.sendMany': '8x8-sms-guard/surveys.sendMany',
} as const;

/** An operation that sends from a long input. */
export type ManyOperation = keyof typeof KINDS;

const MAX_ROW = Number.MAX_SAFE_INTEGER;
const row = integer({ min: 0, max: MAX_ROW });
const rangesField = list(list(row, { min: 2, max: 2 }), { max: 1_000_000 });
const tokenFields = {
  kind: oneOf(Object.values(KINDS)),
  version: oneOf([1]),
  run: pattern(/^[0-9a-f-]{36}$/, 'a run id'),
  settled: rangesField,
  begun: rangesField,
  rows: row,
  digest: pattern(/^[0-9a-f]{4}$/, 'a digest'),
};
const tokenField = objectWith(Object.keys(tokenFields), tokenFields);

function inOrder(ranges: readonly RowRange[]): boolean {
  let end = -1;
  return ranges.every(([from, to]) => {
    const fits = end < from && from < to;
    end = to;
    return fits;
  });
}

/** @throws ValidationError the value is not a token of the operation */
function readToken(text: string, operation: ManyOperation): Token {
  try {
    const token = JSON.parse(text) as Token;
    const isToken = validate(tokenField, token) === undefined && token.kind === KINDS[operation];
    if (isToken && inOrder(token.settled) && inOrder(token.begun)) return token;
  } catch {
    // Not JSON: refused below.
  }
  throw new ValidationError(
    `resumeFrom must be the last token that ${operation} passed to \`checkpoint\`, unchanged. Nothing was read or sent.`,
    'resumeFrom',
  );
}

/** The progress of a run by row number, without any row. Rows must be queried and added in order. */
export interface Progress {
  /** The generated ID of a row; the same one when the run is resumed. */
  idOf(row: number): string;
  /** Whether an earlier run consumed the result of the row: it must not be sent or yielded. */
  isSettled(row: number): boolean;
  /** Whether an earlier run may have sent the row: it must not be sent again. */
  wasBegun(row: number): boolean;
  /** Adds the next row to the digest. Returns an error when the rows so far differ from those of the token. */
  look(row: unknown): ValidationError | undefined;
  /** Called after the last row. Returns an error when the token knows of more rows. */
  end(): ValidationError | undefined;
  /** Marks rows that are about to be sent. */
  begin(rows: readonly RowRange[]): void;
  /** Marks rows that will not be sent after all. */
  release(rows: readonly RowRange[]): void;
  /** Marks a chunk whose results were consumed; rows that are not `final` are left to a resumed run. */
  settle(chunk: RowRange, final: readonly RowRange[]): void;
  token(): string;
}

interface Mark {
  readonly rows: number;
  readonly digest: string;
}

/** @throws ValidationError `resumeFrom` is not a token */
export function openProgress(resumeFrom: string | undefined, operation: ManyOperation): Progress {
  const earlier = resumeFrom === undefined ? undefined : readToken(resumeFrom, operation);
  const run = earlier?.run ?? crypto.randomUUID();
  let settled = earlier?.settled ?? [];
  let begun = earlier?.begun ?? [];
  const isSettled = readInOrder(settled);
  const wasBegun = readInOrder(begun);
  const digest = createRowDigest();
  let looked = 0;
  /** Digests at the borders of chunks that are still open. */
  let marks: Mark[] = [earlier ?? { rows: 0, digest: digest.value() }];

  function changed(what: string): ValidationError {
    return new ValidationError(
      `input is not the one that resumeFrom belongs to: ${what}. Give the same rows in the same order, from the first. Nothing was sent by this run.`,
      'input',
    );
  }

  /** The first row that a resumed run would send. */
  function firstOpen(): number {
    const [first] = addRanges(settled, begun);
    return first?.[0] === 0 ? first[1] : 0;
  }

  return {
    idOf: (index) => `${run}-${index}`,
    isSettled,
    wasBegun,
    look(next) {
      digest.add(next);
      looked += 1;
      if (looked !== earlier?.rows || digest.value() === earlier.digest) return undefined;
      return changed(`one of its first ${looked} rows differs`);
    },
    end() {
      if (looked >= (earlier?.rows ?? 0)) return undefined;
      return changed(`it has only ${looked} rows, fewer than before`);
    },
    begin(rows) {
      begun = addRanges(begun, rows);
      marks.push({ rows: looked, digest: digest.value() });
    },
    release(rows) {
      begun = removeRanges(begun, rows);
    },
    settle(chunk, final) {
      begun = removeRanges(begun, [chunk]);
      settled = addRanges(settled, final);
      const done = Math.min(firstOpen(), chunk[1]);
      marks = marks.slice(marks.findLastIndex((mark) => mark.rows <= done));
    },
    token() {
      const open = firstOpen();
      const { rows, digest: value } = marks.findLast((mark) => mark.rows <= open) as Mark;
      const token: Token = {
        kind: KINDS[operation],
        version: 1,
        run,
        settled,
        begun,
        rows,
        digest: value,
      };
      return JSON.stringify(token);
    },
  };
}

/** Passes tokens to the caller, one at a time, in order. */
export interface Checkpoints {
  /** Throws a `StoreError` when the caller's function fails, or the signal's reason when the signal fires first. */
  save(signal?: AbortSignal): Promise<void>;
  /** Saves the latest token if it is not saved yet. Never throws. */
  close(): Promise<void>;
}

/** Time limit, so that a checkpoint that hangs does not hang the run. */
const SAVE_TIMEOUT_MS = 30_000;

export function createCheckpoints(
  checkpoint: ((token: string) => void | Promise<void>) | undefined,
  progress: Progress,
  emit: Emit,
): Checkpoints {
  if (checkpoint === undefined) return { save: async () => {}, close: async () => {} };
  const store = checkpoint;
  let last: Promise<unknown> = Promise.resolve();
  let saved: string | undefined = progress.token();
  let hasFailed = false;

  function failure(what: string): StoreError {
    hasFailed = true;
    return new StoreError(`checkpoint ${what}, so the run was stopped. The results so far are correct.`);
  }

  async function saveNow(signal?: AbortSignal): Promise<void> {
    const token = progress.token();
    saved = undefined;
    const { inTime } = await withTimeLimit(SAVE_TIMEOUT_MS, signal, () =>
      runUserCode(emit, 'sendMany.checkpoint', () => store(token)),
    ).catch(() => {
      signal?.throwIfAborted();
      // The error may contain anything, so it is not shown.
      throw failure('failed');
    });
    if (!inTime) throw failure(`took longer than ${SAVE_TIMEOUT_MS} ms`);
    saved = token;
  }

  return {
    save(signal) {
      // One failure stops the run; `close` tries once more.
      const saving = last.then(() => (hasFailed ? undefined : saveNow(signal)));
      last = saving.catch(() => {});
      return saving;
    },
    async close() {
      await last;
      if (saved !== progress.token()) await saveNow().catch(() => {});
    },
  };
}

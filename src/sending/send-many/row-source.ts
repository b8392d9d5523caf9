import { ValidationError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import { cloneInput } from '../../internal/clone-input.ts';
import { raceAbort } from '../../internal/wait.ts';

/** An iterable of the caller, read in chunks. */
export interface RowSource {
  /**
   * Passes up to `count` rows to `take`. Returns false when there are no more rows, or when `halt` fired; a row that
   * arrives later is dropped. Throws a `ValidationError` when the iterable throws.
   */
  pull(count: number, take: (row: unknown) => void, halt: AbortSignal): Promise<boolean>;
  /** Closes the iterable. Never throws, and does not wait for a row that is still pending. */
  close(): Promise<void>;
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

function openIterator(
  input: unknown,
  emit: Emit,
): { readonly iterator: AnyIterator; readonly isAsync: boolean } {
  try {
    if (typeof input === 'object' && input !== null) {
      const { [Symbol.asyncIterator]: openAsync, [Symbol.iterator]: openSync } = input as {
        [Symbol.asyncIterator]?: unknown;
        [Symbol.iterator]?: unknown;
      };
      if (typeof openAsync === 'function') return { iterator: openAsync.call(input), isAsync: true };
      if (typeof openSync === 'function') return { iterator: openSync.call(input), isAsync: false };
    }
  } catch (error) {
    // The error may contain a row, so it is only passed to `onError`.
    emit.reportError?.(error, 'sendMany.input');
    throw new ValidationError('input cannot be iterated: it throws. Nothing was sent.', 'input');
  }
  throw new ValidationError(
    'input must be an iterable or async iterable of messages (an array, a generator, a stream of rows). Nothing was sent.',
    'input',
  );
}

/** @throws ValidationError the input is not iterable */
export function openRows(input: unknown, emit: Emit): RowSource {
  const { iterator, isAsync } = openIterator(input, emit);
  let pulled = 0;
  let isFinished = false;
  let isWaiting = false;

  async function read(count: number, take: (row: unknown) => void, halt: AbortSignal): Promise<boolean> {
    for (let taken = 0; taken < count && !halt.aborted; taken += 1) {
      let row: unknown;
      try {
        isWaiting = isAsync;
        const next = iterator.next();
        const step = isAsync ? await next : (next as IteratorResult<unknown>);
        isWaiting = false;
        if (step.done) {
          isFinished = true;
          return false;
        }
        // A copy, so that a later change of the caller's object cannot differ from what is checked.
        row = cloneInput(step.value);
      } catch (error) {
        emit.reportError?.(error, 'sendMany.input');
        isFinished = true;
        throw new ValidationError(
          `input[${pulled}] could not be read: the iterable threw. The rows before it were processed and have their results; nothing after them was sent.`,
          `input[${pulled}]`,
        );
      }
      if (halt.aborted) return false;
      pulled += 1;
      take(row);
    }
    return !halt.aborted;
  }

  return {
    async pull(count, take, halt) {
      if (isFinished || halt.aborted) return false;
      const reader = read(count, take, halt);
      try {
        return await raceAbort(reader, halt);
      } catch (error) {
        if (halt.aborted) return false;
        throw error;
      }
    },
    async close() {
      if (isFinished) return;
      isFinished = true;
      try {
        const closing = Promise.resolve(iterator.return?.());
        // A generator that waits for its own source handles `return` only afterwards, perhaps never.
        if (isWaiting) closing.catch((error) => emit.reportError?.(error, 'sendMany.input'));
        else await closing;
      } catch (error) {
        emit.reportError?.(error, 'sendMany.input');
        // An error of the source while closing must not hide results and checkpoints.
      }
    },
  };
}

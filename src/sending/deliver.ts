import type { Call } from '../call.ts';
import { AbortedError, ApiError, ConnectionError, SmsError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { isGuardError, type OutgoingMessage } from '../guards/guard.ts';
import type { Reservation, ReservationOutcome } from '../limits/limiter.ts';
import { maskNumber } from '../redact.ts';
import { wait } from '../wait.ts';
import type { Admission, AdmissionResult } from './admission.ts';
import { decodeOutcome, encodeOutcome } from './idempotency.ts';
import type { AcceptedResult, FailedResult, RejectedResult, SendResult } from './results.ts';

/** What became of one admitted message on the wire. */
export type WireResult = AcceptedResult | RejectedResult | FailedResult;

/**
 * Sends the admitted messages in one request and says what became of each, in order. May throw an `SmsError` that then
 * holds for all. Calls `onWrite` right before each attempt: the last one counts.
 */
export type Write = (
  admitted: readonly OutgoingMessage[],
  onWrite: () => void,
) => Promise<readonly WireResult[]>;

/** Takes messages past the guards to the wire and back: the only way anything is sent. */
export type Deliver = (
  messages: readonly OutgoingMessage[],
  call: Call,
  write: Write,
) => Promise<readonly SendResult[]>;

/** How often a call looks whether the first message of its `idempotencyKey` is through, and how long at most. */
const FIRST_LOOK_MS = 10;
const SLOWEST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 120_000;

/** An error that holds for a whole request, as the error of one of its messages. */
function errorOf(error: SmsError, { clientMessageId }: OutgoingMessage): SmsError {
  if (error.clientMessageId !== undefined) return error;
  const fields = { message: error.message, submission: error.submission, clientMessageId };
  if (error instanceof AbortedError) return new AbortedError(fields);
  if (error instanceof ApiError || error instanceof ConnectionError) {
    const Same = error.constructor as new (all: object) => SmsError;
    return new Same({ ...error, ...fields });
  }
  return error;
}

function failedResult(error: SmsError, { index, clientMessageId }: OutgoingMessage): SendResult {
  if (isGuardError(error)) return { status: 'blocked', index, clientMessageId, error };
  if (error.submission === 'rejected' && error instanceof ApiError) {
    return { status: 'rejected', index, clientMessageId, error };
  }
  return { status: 'failed', index, clientMessageId, error };
}

export function createDeliver(admission: Admission, emit: Emit): Deliver {
  function report(message: OutgoingMessage, result: SendResult, call: Call): void {
    if (emit.isSilent === true) return;
    const { clientMessageId, purpose, phone, channel } = message;
    const fields = { clientMessageId, purpose, destination: maskNumber(phone.e164) };
    if (result.status === 'accepted' && channel !== undefined) {
      emit({ type: 'verification-started', ...fields, channel }, call.context);
    } else if (result.status === 'accepted') {
      emit({ type: 'message-sent', ...fields, umid: result.umid, attempts: result.attempts }, call.context);
    } else if (result.status === 'rejected') {
      emit({ type: 'message-rejected', ...fields, description: result.error.message }, call.context);
    } else {
      const { code, submission } = result.error;
      emit({ type: 'message-failed', ...fields, errorCode: code, submission }, call.context);
    }
  }

  /** Writes what was admitted, and settles what was taken for it whatever happens. */
  async function writeAndSettle(
    messages: readonly OutgoingMessage[],
    reservations: readonly Reservation[],
    call: Call,
    write: Write,
  ): Promise<readonly SendResult[]> {
    let writtenAt: number | undefined;
    let written: readonly SendResult[];
    try {
      call.throwIfEnded();
      written = await write(messages, () => {
        writtenAt = admission.elapsed();
      });
    } catch (error) {
      if (!SmsError.isInstance(error)) throw error;
      written = messages.map((message) => failedResult(errorOf(error, message), message));
    }
    const outcomes = reservations.map((reservation, turn): ReservationOutcome => {
      const result = written[turn] as SendResult;
      const mayHaveLeft =
        result.status === 'accepted' || (result.status === 'failed' && result.error.submission === 'unknown');
      if (!mayHaveLeft) return { reservation, outcome: 'return' };
      const isRepeatable = messages[turn]?.idempotency !== undefined;
      return {
        reservation,
        outcome: 'keep',
        writtenAt,
        result: isRepeatable ? encodeOutcome(result) : undefined,
      };
    });
    await admission.settle(outcomes);
    messages.forEach((message, turn) => {
      report(message, written[turn] as SendResult, call);
    });
    return written;
  }

  /** One round over the open places: everything is decided but the messages whose twin is still on its way. */
  async function deliverOnce(
    messages: readonly OutgoingMessage[],
    open: readonly number[],
    results: (SendResult | undefined)[],
    call: Call,
    write: Write,
  ): Promise<readonly number[]> {
    const asked = open.map((place) => messages[place] as OutgoingMessage);
    const rulings = await admission.admit(asked, call);
    const admitted: OutgoingMessage[] = [];
    const reservations: Reservation[] = [];
    const places: number[] = [];
    const waiting: number[] = [];
    asked.forEach((message, turn) => {
      const ruling = rulings[turn] as AdmissionResult;
      const place = open[turn] as number;
      if (ruling.kind === 'admitted') {
        admitted.push(message);
        reservations.push(ruling.reservation);
        places.push(place);
      } else if (ruling.kind === 'in-progress') waiting.push(place);
      else if (ruling.kind === 'refused') results[place] = refusedResult(message, ruling.error, call);
      else results[place] = repeatedResult(message, ruling.stored, call);
    });
    if (admitted.length > 0) {
      const written = await writeAndSettle(admitted, reservations, call, write);
      places.forEach((place, turn) => {
        results[place] = written[turn];
      });
    }
    return waiting;
  }

  /** Refused before anything was written; what a guard refused has been told already. */
  function refusedResult(message: OutgoingMessage, error: SmsError, call: Call): SendResult {
    const result = failedResult(errorOf(error, message), message);
    if (result.status !== 'blocked') report(message, result, call);
    return result;
  }

  function repeatedResult(message: OutgoingMessage, stored: string | undefined, call: Call): SendResult {
    const { clientMessageId, purpose, phone, index } = message;
    emit(
      { type: 'message-repeated', clientMessageId, purpose, destination: maskNumber(phone.e164) },
      call.context,
    );
    return decodeOutcome(stored, index, clientMessageId);
  }

  return async (messages, call, write) => {
    const results: (SendResult | undefined)[] = new Array(messages.length).fill(undefined);
    let open: readonly number[] = messages.map((_, place) => place);
    const startedAt = admission.elapsed();
    for (let lookMs = FIRST_LOOK_MS; open.length > 0; lookMs = Math.min(lookMs * 2, SLOWEST_LOOK_MS)) {
      try {
        open = await deliverOnce(messages, open, results, call, write);
        if (open.length > 0) await wait(lookMs, call.signal);
      } catch (error) {
        // The store failed, or the call ended: what has no result yet was not sent.
        if (!SmsError.isInstance(error)) throw error;
        for (const place of open)
          results[place] = refusedResult(messages[place] as OutgoingMessage, error, call);
        open = [];
      }
      if (admission.elapsed() - startedAt > LONGEST_LOOK_MS) {
        for (const place of open) {
          results[place] = repeatedResult(messages[place] as OutgoingMessage, undefined, call);
        }
        open = [];
      }
    }
    return results as SendResult[];
  };
}

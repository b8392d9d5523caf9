import type { Call } from '../call.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode } from '../internal/user-code.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { AuditSink } from './audit-sink.ts';

/** The audit log as a client uses it: every call has a time limit and one kind of failure. */
export interface Audit {
  /**
   * Undefined when messages may be written at once.
   *
   * @throws StoreError the log cannot record them, and refuses
   */
  ready(call: Call): Promise<void> | undefined;
  /** @throws StoreError the log still knows the person */
  forget(phone: Phone, call: Call): Promise<void>;
}

const TIMEOUT_MS = 5_000;

export function createAudit(sink: AuditSink | undefined, emit: Emit): Audit | undefined {
  if (sink === undefined) return undefined;

  async function ask(
    method: 'ready' | 'forget',
    call: Call,
    consequence: string,
    work: (signal: AbortSignal) => Promise<void> | undefined,
  ): Promise<void> {
    try {
      const outcome = await withTimeLimit(TIMEOUT_MS, call.signal, (signal) =>
        runUserCode(emit, `audit.${method}`, () => work(signal), signal),
      );
      if (outcome.inTime) return;
    } catch {
      call.throwIfEnded();
    }
    emit({ type: 'store-failed', store: 'audit' }, call.context);
    throw new StoreError(`The audit log failed, so ${consequence}`);
  }

  const refusal = 'no message was admitted. Nothing was sent.';
  return {
    ready(call) {
      let waiting: Promise<void> | undefined;
      try {
        waiting = sink.ready({ signal: call.signal });
      } catch (error) {
        waiting = Promise.reject(error);
      }
      return waiting === undefined ? undefined : ask('ready', call, refusal, () => waiting);
    },
    forget: ({ key }, call) =>
      ask(
        'forget',
        call,
        'it can still tell which records are about this person; the ledger and the limits have forgotten. Call consent.forget again.',
        () => sink.forget(`+${key}`),
      ),
  };
}

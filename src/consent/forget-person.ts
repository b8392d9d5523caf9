import type { Call } from '../call.ts';
import { StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { PURPOSES, rulesOf } from '../guards/desk.ts';
import type { Candidate, Exemption, Guard } from '../guards/guard.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import { forgetPhone, type Phone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import { raceAbort } from '../wait.ts';
import type { ConsentBook } from './consent-book.ts';

export interface ForgetPersonConfig {
  readonly book: ConsentBook;
  readonly guards: readonly Guard[];
  readonly limits: LimitStore;
  readonly scope: string;
  readonly emit: Emit;
}

/** Forgets a person everywhere this package keeps something under their number. */
export type ForgetPerson = (phone: Phone, call: Call) => Promise<void>;

/** What is counted under the number itself. A range is not one person: `prefix` stays. */
function candidatesOf(phone: Phone): readonly Candidate[] {
  const plain = { index: 0, clientMessageId: '', phone };
  const own = (['opt-in-request', 'help-reply'] as const).map((kind): Candidate => {
    const exemption: Exemption = { kind, key: phone.key, windowMs: 1 };
    return { ...plain, purpose: 'transactional', exemption };
  });
  return [...PURPOSES.map((purpose): Candidate => ({ ...plain, purpose })), ...own];
}

export function createForgetPerson({ book, guards, limits, scope, emit }: ForgetPersonConfig): ForgetPerson {
  const counting = guards.filter(({ name }) => name !== 'prefix');
  return async (phone, call) => {
    await book.forget(phone, call);
    const rules = [...rulesOf(counting, candidatesOf(phone)).values()];
    try {
      await raceAbort((async () => limits.release(scope, rules))(), call.signal);
    } catch {
      call.throwIfEnded();
      emit({ type: 'store-failed', store: 'limits' }, call.context);
      throw new StoreError(
        'The limit store failed: the ledger has forgotten this person, the limits have not. Call consent.forget again.',
      );
    }
    forgetPhone(phone.e164);
    emit({ type: 'consent-forgotten', destination: maskNumber(phone.e164) }, call.context);
  };
}

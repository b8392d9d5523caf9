import { SmsError } from '../../errors.ts';
import type { RememberSuccess } from '../../guards/remember-success.ts';
import type { Limiter, StoreCall } from '../../limits/limiter.ts';
import type { Phone } from '../../phone/normalise-phone.ts';
import { successRule } from './session-rules.ts';
import type { Verification } from './verification.ts';

/** Success without a code: silent mobile authentication, seen when the state of a session is read. */
export interface SessionSuccess {
  /**
   * Remembers the success of a session that is VERIFIED, once for each session. A store that fails is no error here: an event
   * tells of it, and the person succeeded.
   */
  record(
    verification: Verification,
    phone: Phone,
    subject: string | undefined,
    call: StoreCall,
  ): Promise<void>;
}

export interface SessionSuccessConfig {
  readonly limiter: Limiter;
  readonly rememberSuccess: RememberSuccess;
}

export function createSessionSuccess({ limiter, rememberSuccess }: SessionSuccessConfig): SessionSuccess {
  return {
    async record({ status, sessionId }, phone, subject, call) {
      if (status !== 'VERIFIED') return;
      try {
        const reservation = limiter.reserve([await successRule(sessionId)]);
        const [verdict] = await limiter.take([reservation], call);
        if (verdict?.granted !== true) return;
        await limiter.settle([{ reservation, outcome: 'keep' }]);
        await rememberSuccess(phone, { subject }, call);
      } catch (error) {
        if (!SmsError.isInstance(error)) throw error;
      }
    },
  };
}

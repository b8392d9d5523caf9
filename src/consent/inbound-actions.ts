import type { SendSms } from '../api/messages.ts';
import type { Call } from '../call.ts';
import { GuardError, SmsError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { Exemption } from '../guards/guard.ts';
import { maskNumber } from '../internal/redact.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { SmsMessage } from '../sending/sms-message.ts';

export interface InboundActionsConfig {
  readonly send: SendSms;
  /** Puts a number on 8x8's own block list. */
  readonly block: (phone: Phone, call: Call) => Promise<void>;
  readonly emit: Emit;
}

/** Actions that follow a recorded choice. Their failure never undoes the choice. */
export interface InboundActions {
  /** Sends a reply through every guard. */
  reply(message: SmsMessage, exemption: Exemption, call: Call): Promise<'sent' | 'failed' | 'skipped'>;
  /** Adds the number to 8x8's block list; false when that failed. */
  mirror(phone: Phone, call: Call): Promise<boolean>;
}

export function createInboundActions({ send, block, emit }: InboundActionsConfig): InboundActions {
  return {
    async reply(message, exemption, call) {
      try {
        await send(message, call, { exemption });
        return 'sent';
      } catch (error) {
        // The pipeline has already emitted an event for it.
        if (!SmsError.isInstance(error)) throw error;
        return GuardError.isInstance(error) && error.reason === 'answered-recently' ? 'skipped' : 'failed';
      }
    },
    async mirror(phone, call) {
      try {
        await block(phone, call);
        return true;
      } catch (error) {
        if (!SmsError.isInstance(error)) throw error;
        emit({ type: 'opt-out-not-mirrored', destination: maskNumber(phone.e164) }, call.context, phone);
        return false;
      }
    },
  };
}

import type { GuardDecision } from '../errors.ts';
import { redactText } from '../internal/redact.ts';
import type { Purpose } from '../types.ts';
import type { OutgoingMessage } from './guard.ts';
import type { GuardAction } from './reasons.ts';

/** A message as your own guards and the policy see it. The number is complete: do not log it. */
export interface GuardedMessage {
  /** ID of the message, given or generated. */
  readonly clientMessageId: string;
  /** The number in E.164. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2; absent when the number belongs to no country. */
  readonly country?: string;
  /** `purpose` of the message. */
  readonly purpose: Purpose;
  /** The text as it is sent. Absent for a verification whose text is 8x8's own. */
  readonly text?: string;
  /** The sender ID, when the message names one. */
  readonly source?: string;
  /** `subject` of the message. */
  readonly subject?: string;
  /** `device` of the message. */
  readonly device?: string;
  /** `origin` of the message. */
  readonly origin?: string;
  /** `clientIp` of the message. */
  readonly clientIp?: string;
  /** `returning` of the message. */
  readonly returning?: boolean;
  /** The result of the captcha, as far as it is known. */
  readonly human?: {
    /** Whether the visitor passed it. */
    readonly passed: boolean;
    /** Score of the test, from 0 (a program) to 1 (a person). */
    readonly score?: number;
  };
  /** Decisions of guards before this one that only watch (`mode: 'monitor'`). */
  readonly decisions: readonly GuardDecision[];
  /** True in `guards.explain`: nothing is sent, so change nothing. */
  readonly isDryRun: boolean;
}

/** The message without what a hook must not see. Each call makes its own, so that no hook changes it for another. */
export function guardedMessage(message: OutgoingMessage): GuardedMessage {
  const { phone, purpose, clientMessageId, content, subject, device, origin, clientIp } = message;
  const { isReturning, isHuman, humanScore, decisions = [] } = message;
  return {
    clientMessageId,
    destination: phone.e164,
    ...(phone.country !== undefined && { country: phone.country }),
    purpose,
    ...(content !== undefined && content.text !== '' && { text: content.text }),
    ...(content?.source !== undefined && { source: content.source }),
    ...(subject !== undefined && { subject }),
    ...(device !== undefined && { device }),
    ...(origin !== undefined && { origin }),
    ...(clientIp !== undefined && { clientIp }),
    ...(isReturning !== undefined && { returning: isReturning }),
    ...(isHuman !== undefined && {
      human: { passed: isHuman, ...(humanScore !== undefined && { score: humanScore }) },
    }),
    decisions: [...decisions],
    isDryRun: message.isDryRun === true,
  };
}

const MAX_DETAIL = 200;

/** A team's own text, safe for logs: no number, no control character, no book. */
export function detailOf(text: unknown): { readonly detail?: string } {
  return typeof text === 'string' && text !== '' ? { detail: redactText(text, [], MAX_DETAIL) } : {};
}

export function isAction(value: unknown): value is GuardAction {
  return value === 'ask' || value === 'refuse';
}

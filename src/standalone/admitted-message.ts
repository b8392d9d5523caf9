import type { Content } from '../guards/guard.ts';
import type { AdmittedMessage as Admitted } from '../sending/admission.ts';
import type { PreparedMessage } from '../sending/prepare.ts';

/**
 * A message that every guard has let through. Send `text` to `destination` at once, then settle it. Its fields are not
 * enumerable, so that no log line shows them by accident.
 */
export interface AdmittedMessage {
  /** The number in E.164, for example `+6591234567`. */
  readonly destination: string;
  /** The text to send: as the guard `content` has changed it, where that is configured. */
  readonly text: string;
  /** The sender ID for the person's country; undefined where neither the message nor the options name one. */
  readonly source: string | undefined;
  /** Number of parts that are billed. */
  readonly parts: number;
  /** Encoding on the air. */
  readonly encoding: 'GSM7' | 'UCS2';
  /** Your ID of the message, or a UUID. Events carry it. */
  readonly clientMessageId: string;
  /** Epoch milliseconds of the next one-time password to this number; undefined where none has to wait. */
  readonly retryAt: number | undefined;
  /**
   * Whether the message may still be sent without another look: at most a second has passed, and it is not settled. Ask right
   * before the request leaves; when it is false, call `lookAgain`. Asks no store and no hook.
   *
   * @example if (!admitted.isCurrent()) await guards.lookAgain(admitted)
   */
  isCurrent(): boolean;
}

/** The state of an admission, between `admit` and `settle`. */
export interface AdmissionState {
  admitted: Admitted<PreparedMessage>;
  retryAt: number | undefined;
  isSettled: boolean;
  readonly isRecent: (admitted: Admitted<PreparedMessage>) => boolean;
}

/** Every message of this entry has a text. */
type WithText = PreparedMessage & { readonly content: Content };

/** Getters of a class: `console.log` and `JSON.stringify` show none of them. */
class Handle implements AdmittedMessage {
  readonly #state: AdmissionState;

  constructor(state: AdmissionState) {
    this.#state = state;
  }

  get #message(): WithText {
    return this.#state.admitted.message as WithText;
  }

  get destination(): string {
    return this.#message.phone.e164;
  }

  get text(): string {
    return this.#message.content.text;
  }

  get source(): string | undefined {
    return this.#message.content.source;
  }

  get parts(): number {
    return this.#message.content.measure.parts;
  }

  get encoding(): 'GSM7' | 'UCS2' {
    return this.#message.content.measure.encoding;
  }

  get clientMessageId(): string {
    return this.#message.clientMessageId;
  }

  get retryAt(): number | undefined {
    return this.#state.retryAt;
  }

  isCurrent(): boolean {
    const { isSettled, isRecent, admitted } = this.#state;
    return !isSettled && isRecent(admitted);
  }
}

export function createAdmittedMessage(state: AdmissionState): AdmittedMessage {
  return new Handle(state);
}

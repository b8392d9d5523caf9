/** An event as a sink receives it: any `SmsEvent`. */
export interface AuditEvent {
  /** Type of the event, for example `message-sent`. */
  readonly type: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * Receiver of the decisions of a client, for `SmsClientOptions.audit`. `auditLog` of `8x8-sms-guard/audit` creates
 * one; your own may be any object with these methods.
 */
export interface AuditSink {
  /**
   * Takes an event. Neither waits nor throws. The events are those of `onEvent`.
   *
   * @returns false when the event is lost: the client then raises `store-failed` with the store `audit`
   */
  record(
    event: AuditEvent,
    details: {
      /** The number that the event is about, `+` and its digits, the same for every notation; undefined when there is none. */
      readonly person: string | undefined;
      /** `context` of the call. */
      readonly context: unknown;
    },
  ): boolean;
  /**
   * Called before a message is written to the network. Returns undefined when it may be written at once; a promise is
   * awaited for at most 5 s.
   *
   * @throws any error to have the message refused with a `StoreError`
   */
  ready(options: {
    /** Fires when the message no longer waits for the record. */
    readonly signal: AbortSignal;
  }): Promise<void> | undefined;
  /** Makes what was recorded about a person unlinkable. Called last by `consent.forget`. */
  forget(person: string): Promise<void>;
}

/** The methods that make an object a sink. */
export const AUDIT_METHODS = ['record', 'ready', 'forget'] as const satisfies readonly (keyof AuditSink)[];

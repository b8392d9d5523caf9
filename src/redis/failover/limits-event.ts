interface EventBase {
  /** Epoch milliseconds, read from `clock.now`. */
  readonly at: number;
}

/** Why the shared store was not waited for, or was left. */
export type FailoverReason = 'timeout' | 'error';

/** What a shared limit store tells of itself, as data to log, count or alert on. No number, no key, no secret. */
export type LimitsEvent =
  /** Another store decides from now on: the shared one again, this process alone, or nobody (everything is refused). */
  | (EventBase & {
      readonly type: 'limits-switched';
      readonly to: 'shared' | 'local' | 'refuse';
      readonly reason: FailoverReason | 'recovered';
      /** The code of the failure, for example `ECONNREFUSED`, `NOPERM` or `OOM`. */
      readonly cause?: string;
    })
  /** The same of the pace of sub-accounts: who says from now on whose turn it is. */
  | (EventBase & {
      readonly type: 'pace-switched';
      readonly to: 'shared' | 'local' | 'refuse';
      readonly reason: FailoverReason | 'recovered';
      readonly cause?: string;
    })
  /** One call got no answer while the shared store was still trusted. */
  | (EventBase & {
      readonly type: 'limits-call-failed';
      readonly reason: FailoverReason;
      readonly cause?: string;
    })
  /** What this process let through alone cannot all be told to the shared store: it will count too low. */
  | (EventBase & { readonly type: 'grants-not-written-back' })
  /** The server is set up so that limits do not hold, or nobody can tell. */
  | (EventBase & {
      readonly type: 'limits-warning';
      readonly warning: LimitsWarning['warning'];
      readonly message: string;
    });

/** What is wrong with the server, in a sentence that says what to change. */
export interface LimitsWarning {
  /**
   * `eviction`: it may drop counters that are needed. `too-old`: its version. `no-scripts`: this user may not run them.
   * `not-checked`: it did not say.
   */
  readonly warning: 'eviction' | 'too-old' | 'no-scripts' | 'not-checked';
  readonly message: string;
}

/** Takes events. What it throws or rejects with is dropped. */
export type LimitsEventListener = (event: LimitsEvent) => void | Promise<void>;

/** An event before its time stamp is put on. */
export type LimitsEventBody = LimitsEvent extends infer Event
  ? Event extends LimitsEvent
    ? Omit<Event, 'at'>
    : never
  : never;

export type EmitLimits = (event: LimitsEventBody) => void;

/** A team that does not listen still has to see it; single failed calls are for those who count. */
function warn({ at: _, ...event }: LimitsEvent): void {
  if (event.type === 'limits-call-failed') return;
  const details = Object.entries(event).filter(([name]) => name !== 'type');
  console.warn(
    `8x8-sms-guard: ${event.type} ${details.map(([name, value]) => `${name}=${value}`).join(' ')}`.trim(),
  );
}

/** Wraps the team's callback, so that whatever it does cannot disturb a send. */
export function createEmitLimits(listener: LimitsEventListener = warn, now: () => number): EmitLimits {
  return (event) => {
    try {
      const pending = listener({ ...event, at: now() } as LimitsEvent);
      // Also a promise of another realm or library, which no `instanceof` knows.
      if (pending !== undefined) Promise.resolve(pending).catch(() => {});
    } catch {
      // A broken listener is the team's to find; a send must not fail for it.
    }
  };
}

/** Codes of Redis, Valkey and Node that may be shown: any other word in capitals may be a name or a password. */
const CODES: ReadonlySet<string> = new Set(
  [
    'ASK BUSY CLUSTERDOWN CROSSSLOT ERR EXECABORT LOADING MASTERDOWN MISCONF MOVED NOAUTH NOPERM NOREPLICAS NOSCRIPT',
    'OOM READONLY TRYAGAIN UNKILLABLE WRONGPASS WRONGTYPE',
    'EAI_AGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH EMFILE ENETUNREACH ENOTFOUND EPIPE EPROTO ETIMEDOUT',
  ].flatMap((line) => line.split(' ')),
);

/** The code of a failure. The rest of its text may hold a host or a key, so it is not shown. */
export function causeOf(error: unknown): { readonly cause?: string } {
  if (typeof error !== 'object' || error === null) return {};
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const cause = `${code} ${message}`.split(/\W+/).find((word) => CODES.has(word));
  return cause === undefined ? {} : { cause };
}

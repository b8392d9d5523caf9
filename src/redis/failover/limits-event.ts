import { createReportError } from '../../internal/user-code.ts';
import type { ServerProblem } from '../check/server-warnings.ts';

interface EventBase {
  /** Epoch milliseconds of `clock.now`. */
  readonly at: number;
}

/** Why the shared store was left, or a call to it given up. */
export type FailoverReason = 'timeout' | 'error';

/** An event of a shared limit store, as data to log, count or alert on. It holds no number, key or secret. */
export type LimitsEvent =
  /** A different store decides from now on: the shared one again, this process, or none (everything is refused). */
  | (EventBase & {
      /** Discriminates the event. */
      readonly type: 'limits-switched';
      /** The store that decides from now on. */
      readonly to: 'shared' | 'local' | 'refuse';
      /** Why it switched. */
      readonly reason: FailoverReason | 'recovered';
      /** The code of the failure, such as `ECONNREFUSED`, `NOPERM` or `OOM`. */
      readonly cause?: string;
    })
  /** The same for the pace of sub-accounts: a different source grants permits from now on. */
  | (EventBase & {
      /** Discriminates the event. */
      readonly type: 'pace-switched';
      /** The source of permits from now on. */
      readonly to: 'shared' | 'local' | 'refuse';
      /** Why it switched. */
      readonly reason: FailoverReason | 'recovered';
      /** The code of the failure. */
      readonly cause?: string;
    })
  /** One call got no reply while the shared store was still in use. */
  | (EventBase & {
      /** Discriminates the event. */
      readonly type: 'limits-call-failed';
      /** Why the call failed. */
      readonly reason: FailoverReason;
      /** The code of the failure. */
      readonly cause?: string;
    })
  /** Grants of this process cannot all be written back: the shared store will count too low. */
  | (EventBase & {
      /** Discriminates the event. */
      readonly type: 'grants-not-written-back';
    })
  /** Limits do not hold with the configuration of the server, or it cannot be checked. */
  | (EventBase & {
      /** Discriminates the event. */
      readonly type: 'limits-warning';
      /** The kind of problem. */
      readonly warning: ServerProblem;
      /** A sentence that says what to change. */
      readonly message: string;
    });

/** Receives events. Errors that it throws or rejects with are ignored. */
export type LimitsEventListener = (event: LimitsEvent) => void | Promise<void>;

/** An event without its time stamp. */
export type LimitsEventBody = LimitsEvent extends infer Event
  ? Event extends LimitsEvent
    ? Omit<Event, 'at'>
    : never
  : never;

export type EmitLimits = (event: LimitsEventBody) => void;

/** The default listener, so that no team misses an event. Single failed calls are only for teams that count them. */
function warn({ at: _, ...event }: LimitsEvent): void {
  if (event.type === 'limits-call-failed') return;
  const details = Object.entries(event).filter(([name]) => name !== 'type');
  console.warn(
    `8x8-sms-guard: ${event.type} ${details.map(([name, value]) => `${name}=${value}`).join(' ')}`.trim(),
  );
}

/** Wraps the team's listener, so that it cannot disturb a send. */
export function createEmitLimits(listener: LimitsEventListener = warn, now: () => number): EmitLimits {
  const reportError = createReportError();
  return (event) => {
    try {
      const pending = listener({ ...event, at: now() } as LimitsEvent);
      // Also covers a promise of another realm or library, which `instanceof` does not recognise.
      if (pending !== undefined) {
        Promise.resolve(pending).catch((error) => reportError(error, 'redisLimits.onEvent'));
      }
    } catch (error) {
      // A send must not fail because of a broken listener.
      reportError(error, 'redisLimits.onEvent');
    }
  };
}

/** Codes with which Redis and Valkey reply. Any other word in capitals may be a name or a password. */
const SERVER_CODES: ReadonlySet<string> = new Set(
  'ASK BUSY CLUSTERDOWN CROSSSLOT EXECABORT LOADING MASTERDOWN MISCONF MOVED NOAUTH NOPERM NOREPLICAS NOSCRIPT OOM READONLY TRYAGAIN UNKILLABLE WRONGPASS WRONGTYPE'.split(
    ' ',
  ),
);
/** Codes of Node.js for a server that was not reached. */
const NETWORK_CODES: ReadonlySet<string> = new Set(
  'EAI_AGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH EMFILE ENETUNREACH ENOTFOUND EPIPE EPROTO ETIMEDOUT'.split(
    ' ',
  ),
);

/** The code of a failure. The rest of its text may hold a host or a key. */
export function causeOf(error: unknown): { readonly cause?: string } {
  if (typeof error !== 'object' || error === null) return {};
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const words = `${code} ${message}`.split(/\W+/);
  // `ERR` last: Redis 6 puts it in front of an error inside a script, `ERR Error running script … -READONLY …`.
  const cause =
    words.find((word) => SERVER_CODES.has(word) || NETWORK_CODES.has(word)) ??
    words.find((word) => word === 'ERR');
  return cause === undefined ? {} : { cause };
}

/** Whether the server replied, although with an error. */
export function isServerCode(code: string | undefined): code is string {
  return code !== undefined && !NETWORK_CODES.has(code);
}

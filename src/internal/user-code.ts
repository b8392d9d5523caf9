import { isDevelopment } from './environment.ts';

/**
 * Your code that this package calls: an option, a method of a store, a handler, or an argument of a call. `import` is
 * a file of this package that the runtime could not load.
 */
export type UserCode =
  | 'apiKey'
  | 'fetch'
  | 'logger'
  | 'onEvent'
  | 'onResponse'
  | 'audit.record'
  | 'audit.ready'
  | 'audit.forget'
  | 'telemetry'
  | 'import'
  | 'limits.take'
  | 'limits.settle'
  | 'limits.inspect'
  | 'limits.release'
  | 'limits.records.read'
  | 'limits.records.write'
  | 'limits.records.remove'
  | 'limits.doubts'
  | 'limits.pace'
  | 'guards.consent.check'
  | 'guards.consent.checkMany'
  | 'guards.consent.onMissing'
  | 'guards.consent.onOptIn'
  | 'guards.consent.onOptOut'
  | 'guards.consent.onPossibleOptOut'
  | 'guards.consent.ledger.get'
  | 'guards.consent.ledger.history'
  | 'guards.consent.ledger.append'
  | 'guards.consent.ledger.forget'
  | 'guards.human.verify'
  | 'guards.policy.decide'
  | 'guards.custom.check'
  | 'guards.custom.ask'
  | 'guards.custom.rules'
  | 'oneTimePasswords.onOtherChannel'
  | 'sendMany.input'
  | 'sendMany.checkpoint'
  | 'importConsent.source'
  | 'importConsent.ledger'
  | 'redisLimits.onEvent'
  | 'authentication.accessToken.fetch'
  | 'handlers.onDeliveryReceipt'
  | 'handlers.onInbound'
  | 'handlers.onShortUrlClick'
  | 'handlers.onSurveyAnswer'
  | 'handlers.onUnknown';

/** Gets an exception of the user's own code. */
export type ErrorListener = (
  error: unknown,
  details: {
    /** The code that threw, for example `guards.consent.check`. */
    readonly where: UserCode;
  },
) => void | Promise<void>;

/** Hands an exception of the user's code to its author. Never throws. */
export type ReportError = (error: unknown, where: UserCode) => void;

/** Exceptions that were replaced by an error of this package before they got to their author. */
const originals = new WeakMap<object, unknown>();

/** Returns an error of this package that hides an exception from everybody but its author. */
export function hideOriginal<Shown extends object>(shown: Shown, original: unknown): Shown {
  originals.set(shown, original);
  return shown;
}

/** Wraps the user's listener. Its own exceptions are dropped, because there is nowhere left to report them. */
export function createReportError(listener: ErrorListener = showWithoutMessage): ReportError {
  return (error, where) => {
    try {
      const original = originals.get(error as object) ?? error;
      const pending = listener(original, { where });
      // Also covers a promise of another realm or library, which `instanceof` does not recognise.
      if (pending !== undefined) Promise.resolve(pending).catch(() => {});
    } catch {
      // The last resort has failed.
    }
  };
}

/**
 * Runs code of the user. Its exception is passed to `onError` unchanged, even if no caller waits for the code any
 * longer, and is thrown on.
 *
 * @param signal the signal that the code was given: throwing when it fires is what the code is meant to do
 */
export async function runUserCode<Result>(
  { reportError }: { readonly reportError?: ReportError },
  where: UserCode,
  work: () => Result | PromiseLike<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isEchoOf(signal, error)) reportError?.(error, where);
    throw error;
  }
}

/** Whether an exception only says that the signal has fired. */
export function isEchoOf(signal: AbortSignal | null | undefined, error: unknown): boolean {
  if (signal?.aborted !== true) return false;
  return error === signal.reason || nameOf(error) === 'AbortError' || nameOf(error) === 'TimeoutError';
}

function nameOf(error: unknown): string {
  const name = (error as { readonly name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' && /^\w{1,40}$/.test(name) ? name : typeof error;
}

/** Shows an exception as it is, with its message and causes. For tests and development. */
export const showWhole: ErrorListener = (error, { where }) => {
  console.error(`8x8-sms-guard: ${where} threw:`, error);
};

/** The messages of databases carry numbers, and production logs are read by many: they get name, place and stack. */
const showWithoutMessage: ErrorListener = (error, details) => {
  if (isDevelopment()) return showWhole(error, details);
  const lines = [
    `8x8-sms-guard: ${details.where} threw ${nameOf(error)}. Set onError to get the error itself.`,
    ...framesOf(error),
  ];
  console.error(lines.join('\n'));
};

const MAX_FRAMES = 20;

/** The lines of a stack that name places in programs. The message before them may have lines that look the same. */
function framesOf(error: unknown): readonly string[] {
  const { stack, message } = (error ?? {}) as { readonly stack?: unknown; readonly message?: unknown };
  if (typeof stack !== 'string') return [];
  const messageEnd =
    typeof message === 'string' && stack.includes(message) ? stack.indexOf(message) + message.length : 0;
  const lines = stack.slice(messageEnd).split('\n').slice(1);
  // A message that was changed after the stack was made is not found: then only the lines at the end are sure.
  const first = lines.findLastIndex((line) => !/^\s+at \S/.test(line)) + 1;
  return lines.slice(first, first + MAX_FRAMES);
}

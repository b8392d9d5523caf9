import { type Call, callFields, createCalls } from '../call.ts';
import { readLog } from '../config/resolve-options.ts';
import { createSafeguards } from '../create-safeguards.ts';
import { type SmsError, ValidationError } from '../errors.ts';
import { createGuardsApi, type GuardsApi } from '../guards/guards-api.ts';
import { cloneInput, copyingInputs } from '../internal/clone-input.ts';
import { logListener } from '../internal/log-events.ts';
import { createReportError } from '../internal/user-code.ts';
import { defaultLimits, SYSTEM_CLOCK } from '../limits/default-limits.ts';
import { object, validate } from '../schema.ts';
import type { AdmissionResult, AdmittedMessage as Admitted } from '../sending/admission.ts';
import { reportUnprepared } from '../sending/message-events.ts';
import { type PreparedMessage, prepareInputs } from '../sending/prepare.ts';
import { createEmit } from '../telemetry/create-emit.ts';
import type { CallOptions } from '../types.ts';
import { type AdmissionState, type AdmittedMessage, createAdmittedMessage } from './admitted-message.ts';
import { type StandaloneMessage, standaloneReader } from './message.ts';
import { readStandaloneOptions, type StandaloneGuardsOptions } from './options.ts';

/** Options of one call. */
export type StandaloneCallOptions = Pick<CallOptions, 'context' | 'deadlineMs' | 'signal'>;

/**
 * The outcome of an admitted message. `sent`: the provider accepted it. `not-sent`: the provider certainly did not, for example because
 * it answered with a 4xx status or nothing was written. `unknown`: the response was lost, so the person may receive it.
 */
export type AdmissionOutcome = 'sent' | 'not-sent' | 'unknown';

/** All guards, in front of another provider. */
export interface StandaloneGuards {
  /** Inspect and clear the counters of a number, explain a decision, report entered codes. */
  readonly guards: GuardsApi;
  /**
   * Asks every guard, and counts the message. Sends nothing. An admission that is never settled counts as sent.
   *
   * @throws GuardError a guard refused: the errors of `messages.send`, with `decision`
   * @throws ValidationError, StoreError, AbortedError, TimeoutError
   * @throws ConfigurationError the guards were closed
   * @example
   * ```ts
   * const admitted = await guards.admit({ destination: '+6591234567', text: 'Your code is 4711', purpose: 'otp' });
   * ```
   */
  admit(message: StandaloneMessage, options?: StandaloneCallOptions): Promise<AdmittedMessage>;
  /**
   * Asks the guards again about a message that waited over a second, because a person may have opted out meanwhile. If it is no longer
   * admitted, its counts are given back: do not send it, and do not settle it.
   *
   * @throws GuardError a guard refuses it now
   * @throws ValidationError it was settled, or is not of these guards
   * @throws StoreError, AbortedError, TimeoutError, ConfigurationError
   */
  lookAgain(admitted: AdmittedMessage, options?: StandaloneCallOptions): Promise<void>;
  /**
   * Ends an admission, once: `sent` and `unknown` keep the counts, `not-sent` gives them back. If the store fails meanwhile, a
   * `store-failed` event is raised, and everything counts as kept. Also works after `close`.
   *
   * @throws ValidationError it was settled before, belongs to other guards, or the outcome is not one of these
   * @example await guards.settle(admitted, 'sent')
   */
  settle(admitted: AdmittedMessage, outcome: AdmissionOutcome): Promise<void>;
  /** Refuses new calls, gives open ones ten seconds, then ends them. A store that you passed is not closed. */
  close(): Promise<void>;
}

const { context, deadlineMs, signal } = callFields;
const callSchema = object({ context, deadlineMs, signal }, 'an object { signal, deadlineMs, context }');
const OUTCOMES = { sent: 'keep', unknown: 'keep', 'not-sent': 'return' } as const;
const DRAIN_MS = 10_000;
const noAccount = (): Promise<never> => Promise.reject(new Error('There is no account.'));

/**
 * Creates the guards without a client, for a team that sends through another provider. Needs no key, and makes no requests but those
 * of your own stores and hooks. Docs: docs/control.md.
 *
 * @throws ConfigurationError an option is unknown, malformed, or needs an account at 8x8
 * @example
 * ```ts
 * const guards = createGuards({ guards: { countries: { allow: ['SG'] } } });
 * const admitted = await guards.admit({ destination: '+6591234567', text: 'Hello' });
 * await provider.send({ to: admitted.destination, body: admitted.text });
 * await guards.settle(admitted, 'sent');
 * ```
 */
export function createGuards(options: StandaloneGuardsOptions = {}): StandaloneGuards {
  const resolved = readStandaloneOptions(options);
  const { clock = SYSTEM_CLOCK, limits = defaultLimits(options.clock), scope = 'default' } = options;
  const { logger, logLevel } = readLog(options);
  const emit = createEmit(
    options.onEvent,
    () => clock.now(),
    logger && logListener(logger, logLevel),
    createReportError(options.onError),
  );
  const safeguards = createSafeguards(resolved, {
    limits,
    scope,
    clock,
    emit,
    prices: { find: () => undefined, load: noAccount, balance: noAccount },
    holdsKey: () => false,
  });
  const { admission, limiter, phoneDefaults, rewrite } = safeguards;
  const calls = createCalls(undefined);
  const reader = standaloneReader(rewrite);
  const states = new WeakMap<object, AdmissionState>();

  async function run<Result>(
    given: StandaloneCallOptions | undefined,
    work: (call: Call) => Promise<Result>,
  ): Promise<Result> {
    const copy = cloneInput(given);
    const flaw = copy === undefined ? undefined : validate(callSchema, copy, 'options');
    if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
    return calls.run(copy, work);
  }

  async function prepare(message: unknown, call: Call): Promise<PreparedMessage> {
    const inputs = [{ index: 0, list: '' as const, input: message }];
    const [prepared] = await prepareInputs(inputs, reader, { ...phoneDefaults, segments: {} }, call);
    if (prepared !== undefined && !('status' in prepared)) return prepared;
    const unprepared = prepared as Exclude<typeof prepared, undefined>;
    reportUnprepared(emit, unprepared, call);
    throw unprepared.error;
  }

  /** Without an idempotency key a message is admitted or refused. */
  function admittedOf(
    message: PreparedMessage,
    result: AdmissionResult | undefined,
  ): Admitted<PreparedMessage> {
    if (result?.kind === 'admitted') return { ...result, message };
    throw (result as { readonly error: SmsError }).error;
  }

  function retryAtOf({ waitMs }: Admitted): number | undefined {
    return waitMs === undefined ? undefined : clock.now() + waitMs;
  }

  function openState(admitted: AdmittedMessage): AdmissionState {
    const state = states.get(admitted);
    if (state === undefined) {
      throw new ValidationError('admitted must be the result of admit() of these guards.', 'admitted');
    }
    if (state.isSettled) {
      throw new ValidationError('This message was settled before, or is being looked at.', 'admitted');
    }
    return state;
  }

  return {
    guards: copyingInputs(
      createGuardsApi({ ...safeguards, guards: safeguards.guards.all, calls, clock, emit }),
    ),

    admit(message, callOptions) {
      const copy = cloneInput(message);
      return run(callOptions, async (call) => {
        const prepared = await prepare(copy, call);
        const [result] = await admission.admit([prepared], call);
        const admitted = admittedOf(prepared, result);
        const state = {
          admitted,
          retryAt: retryAtOf(admitted),
          isSettled: false,
          isRecent: admission.isRecent,
        };
        const handle = createAdmittedMessage(state);
        states.set(handle, state);
        return handle;
      });
    },

    lookAgain: (admitted, callOptions) =>
      run(callOptions, async (call) => {
        const state = openState(admitted);
        // Nobody may settle it, or look at it, meanwhile.
        state.isSettled = true;
        const { message } = state.admitted;
        const [result] = await admission.lookAgain([state.admitted], call);
        state.admitted = admittedOf(message, result);
        state.retryAt = retryAtOf(state.admitted);
        state.isSettled = false;
      }),

    async settle(admitted, outcome) {
      if (!Object.hasOwn(OUTCOMES, outcome)) {
        throw new ValidationError("outcome must be 'sent', 'not-sent' or 'unknown'.", 'outcome');
      }
      const state = openState(admitted);
      state.isSettled = true;
      const { reservation } = state.admitted;
      await limiter.settle([{ reservation, outcome: OUTCOMES[outcome] }]);
    },

    close: () => calls.close(DRAIN_MS),
  };
}

import type { Call } from '../call.ts';
import type { InboundConsent } from '../consent/handle-inbound.ts';
import { TimeoutError, WebhookError } from '../errors.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { runUserCode, type UserCode } from '../internal/user-code.ts';
import { raceAbort } from '../internal/wait.ts';
import { eventKey } from './event-identity.ts';
import { webhookError } from './failures.ts';
import type { Claim, InboundPort } from './inbound-port.ts';
import type { WebhookHandlers } from './receiver-options.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** The outcome of a handled event. */
export interface ProcessingResult {
  readonly duplicate: boolean;
  /** False when the store had no room to remember the event, which may then be handled twice. */
  readonly remembered: boolean;
}

export interface ProcessConfig {
  readonly inboundPort: InboundPort;
  readonly handlers: WebhookHandlers;
  readonly timeoutMs: number;
}

const HANDLER_OF = {
  'delivery-receipt': 'onDeliveryReceipt',
  inbound: 'onInbound',
  'short-url-click': 'onShortUrlClick',
  'survey-answer': 'onSurveyAnswer',
  unknown: 'onUnknown',
} as const satisfies Readonly<Record<WebhookEvent['type'], keyof WebhookHandlers>>;

/** Added to `timeoutMs` for the lease of a claim, so that the lease outlasts any work under it. */
const LEASE_MARGIN_MS = 5_000;

export function createEventProcessor({ inboundPort, handlers, timeoutMs }: ProcessConfig) {
  /** Feeds guards and consent, before a handler can throw. */
  async function applyEvent(event: WebhookEvent, call: Call): Promise<InboundConsent | undefined> {
    if (event.type === 'inbound') return inboundPort.applyInbound(event, call);
    if (event.type === 'delivery-receipt') await inboundPort.applyReceipt(event, call);
    return undefined;
  }

  async function runHandler(
    event: WebhookEvent,
    consent: InboundConsent | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    switch (event.type) {
      case 'delivery-receipt':
        return handlers.onDeliveryReceipt?.(event, { signal });
      case 'inbound':
        return handlers.onInbound?.(event, { signal, consent: consent as InboundConsent });
      case 'short-url-click':
        return handlers.onShortUrlClick?.(event, { signal });
      case 'survey-answer':
        return handlers.onSurveyAnswer?.(event, { signal });
      case 'unknown':
        return handlers.onUnknown?.(event, { signal });
    }
  }

  /** Runs one step under the time limit. Its exception may contain texts or numbers, so only the fact is reported. */
  async function runStep<Result>(
    work: Promise<Result>,
    call: Call,
    failure: 'unavailable' | 'handler-failed',
  ): Promise<Result> {
    try {
      return await raceAbort(work, call.signal);
    } catch {
      throw call.signal.aborted ? endedError(call.signal.reason) : webhookError(failure);
    }
  }

  async function handle(event: WebhookEvent, call: Call): Promise<void> {
    const consent = await runStep(applyEvent(event, call), call, 'unavailable');
    const { signal } = call;
    const where: UserCode = `handlers.${HANDLER_OF[event.type]}`;
    const running = runUserCode(inboundPort.emit, where, () => runHandler(event, consent, signal), signal);
    await runStep(running, call, 'handler-failed');
  }

  /** A store that hangs gets at most half of the time: the rest is kept for recording an opt-out. */
  async function claimInTime(key: string, call: Call): Promise<Claim> {
    // Begun inside the time limit: a call that has ended must leave no unhandled rejection.
    let claiming: Promise<Claim> | undefined;
    const claimed = await withTimeLimit(timeoutMs / 2, call.signal, () => {
      claiming = inboundPort.claim(key, timeoutMs + LEASE_MARGIN_MS, call);
      return claiming;
    });
    if (claimed.inTime) return claimed.value;
    const giveBack = (late: Claim) => (late.kind === 'claimed' ? late.settle('failed') : undefined);
    void claiming?.then(giveBack).catch(() => {});
    throw webhookError('unavailable');
  }

  async function claim(event: WebhookEvent, call: Call): Promise<Claim> {
    const key = await eventKey(event);
    try {
      return await claimInTime(key, call);
    } catch {
      // An opt-out must not wait for a store that is down; applying it twice changes nothing.
      await runStep(applyEvent(event, call), call, 'unavailable');
      throw webhookError('unavailable');
    }
  }

  async function work(event: WebhookEvent, call: Call): Promise<ProcessingResult> {
    const claimed = await claim(event, call);
    if (claimed.kind === 'done') return { duplicate: true, remembered: true };
    if (claimed.kind === 'in-progress') throw webhookError('in-progress');
    if (claimed.kind === 'untracked') {
      await handle(event, call);
      return { duplicate: false, remembered: false };
    }
    try {
      await handle(event, call);
    } catch (error) {
      await claimed.settle('failed');
      throw error;
    }
    await claimed.settle('done');
    return { duplicate: false, remembered: true };
  }

  /**
   * Claims an event, applies it to the guards, calls the handler and remembers the event.
   *
   * @throws WebhookError the event could not be handled
   */
  return async (event: WebhookEvent): Promise<ProcessingResult> => {
    try {
      // Independent of the sender's signal: an event that was read is handled to the end, and the next attempt finds it done.
      return await inboundPort.run({ deadlineMs: timeoutMs }, (call) => work(event, call));
    } catch (error) {
      // The client refuses calls once it is closed: nothing failed.
      throw WebhookError.isInstance(error) ? error : webhookError('unavailable', false);
    }
  };
}

/** A call ends early either by its deadline, which is `timeoutMs`, or because the client is closed. */
function endedError(reason: unknown): WebhookError {
  return TimeoutError.isInstance(reason) ? webhookError('timed-out') : webhookError('unavailable', false);
}

import type { Call, Calls } from '../call.ts';
import type { ConsentChange } from '../consent/consent-ledger.ts';
import type { InboundConsent } from '../consent/handle-inbound.ts';
import type { Emit } from '../events.ts';
import type { OnceRule } from '../limits/limit-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { CallOptions, Clock } from '../types.ts';
import type { DeliveryReceipt, InboundMessage } from './webhook-event.ts';

/** 8x8 repeats an event after 1, 10, 30 and 90 seconds; a day also covers events that 8x8 was asked to send again. */
const EVENT_WINDOW_MS = 24 * 60 * 60 * 1000;

/** The result of claiming an event. */
export type Claim =
  | {
      readonly kind: 'claimed';
      /** `done`: remembers the event for 24 hours. `failed`: lets the next attempt through. Never throws. */
      settle(outcome: 'done' | 'failed'): Promise<void>;
    }
  /** The event was handled before. */
  | { readonly kind: 'done' }
  /** Another delivery of the event is being handled. */
  | { readonly kind: 'in-progress' }
  /** The store has no room to remember the event: handle it, although it may then be handled twice. */
  | { readonly kind: 'untracked' };

/** The part of a client that applies 8x8's events to its guards and consent. */
export interface InboundPort {
  readonly clock: Clock;
  readonly emit: Emit;
  /** Runs one delivery as a call of the client, so that `sms.close()` waits for it. */
  run<Result>(options: CallOptions | undefined, work: (call: Call) => Promise<Result>): Promise<Result>;
  /**
   * Claims an event for `leaseMs` milliseconds. A claim that is not settled by then expires.
   *
   * @throws StoreError the limit store failed
   */
  claim(eventId: string, leaseMs: number, call: Call): Promise<Claim>;
  /** Feeds the guards from a receipt: numbers that do not exist, real prices. Idempotent. */
  applyReceipt(receipt: DeliveryReceipt, call: Call): Promise<void>;
  /** Reads a text and records the person's choice, see `consent.handleInbound`. Idempotent. */
  applyInbound(inbound: InboundMessage, call: Call): Promise<InboundConsent>;
  /** Cancels what is scheduled for people whose opt-outs were imported. */
  cancelScheduled(changes: readonly ConsentChange[], signal: AbortSignal): Promise<void>;
}

/** The property of a client that holds its inbound port. A registered symbol, so that ESM and CommonJS copies share it. */
export const INBOUND_PORT: unique symbol = Symbol.for('8x8-sms-guard/inbound-port') as never;

export interface InboundPortConfig
  extends Pick<InboundPort, 'clock' | 'emit' | 'applyReceipt' | 'applyInbound' | 'cancelScheduled'> {
  readonly calls: Calls;
  readonly limiter: Limiter;
}

function eventRule(eventId: string, leaseMs: number): OnceRule {
  return {
    kind: 'once',
    id: 'webhook-event',
    guard: 'webhooks',
    key: eventId,
    // The key identifies the event completely, so the fingerprint is constant.
    fingerprint: 'event',
    windowMs: EVENT_WINDOW_MS,
    leaseMs,
    mode: 'enforce',
  };
}

export function createInboundPort({ calls, limiter, ...rest }: InboundPortConfig): InboundPort {
  return {
    ...rest,
    run: calls.run,
    async claim(eventId, leaseMs, call) {
      const reservation = limiter.reserve([eventRule(eventId, leaseMs)]);
      const [verdict] = await limiter.take([reservation], call, 'the webhook event was not claimed.');
      if (verdict?.granted === true) {
        return {
          kind: 'claimed',
          async settle(outcome) {
            await limiter.settle([{ reservation, outcome: outcome === 'done' ? 'keep' : 'return' }]);
          },
        };
      }
      const reason = verdict?.refusals[0]?.reason;
      if (reason === 'done') return { kind: 'done' };
      return { kind: reason === 'capacity' ? 'untracked' : 'in-progress' };
    },
  };
}

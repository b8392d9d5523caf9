import type { Call, Calls } from '../call.ts';
import type { InboundConsent } from '../consent/handle-inbound.ts';
import type { Emit } from '../events.ts';
import type { OnceRule } from '../limits/limit-store.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { CallOptions, Clock } from '../types.ts';
import type { DeliveryReceipt, InboundMessage } from './webhook-event.ts';

/** 8x8 repeats an event after 1, 10, 30 and 90 seconds; a day also covers what it was told to send again. */
const EVENT_WINDOW_MS = 24 * 60 * 60 * 1000;

/** What became of an attempt to handle an event. */
export type Claim =
  | {
      readonly kind: 'claimed';
      /** `done`: seen, for 24 hours. `failed`: not seen, the next attempt is let through. Never throws. */
      settle(outcome: 'done' | 'failed'): Promise<void>;
    }
  /** Handled before. */
  | { readonly kind: 'done' }
  /** Another attempt is at it. */
  | { readonly kind: 'in-progress' }
  /** The store has no room to remember it: handle it, it may come twice. */
  | { readonly kind: 'untracked' };

/** The part of a client that takes in what 8x8 reports. */
export interface InboundPort {
  readonly clock: Clock;
  readonly emit: Emit;
  /** Runs one delivery as a call of the client, so that `sms.close()` waits for it. */
  run<Result>(options: CallOptions | undefined, work: (call: Call) => Promise<Result>): Promise<Result>;
  /**
   * Claims an event for `leaseMs`; when nobody settles it by then it is free again.
   *
   * @throws StoreError the limit store failed
   */
  claim(eventId: string, leaseMs: number, call: Call): Promise<Claim>;
  /** Feeds the guards: a number that does not exist, the real price. Doing it twice changes nothing. */
  applyReceipt(receipt: DeliveryReceipt, call: Call): Promise<void>;
  /** Reads and records what a person chose, see `consent.handleInbound`. Doing it twice changes nothing. */
  applyInbound(inbound: InboundMessage, call: Call): Promise<InboundConsent>;
}

/** Where a client keeps its inbound port. A registered symbol: the receiver may be the other module format's copy. */
export const INBOUND_PORT: unique symbol = Symbol.for('8x8-sms-guard/inbound-port') as never;

export interface InboundPortConfig
  extends Pick<InboundPort, 'clock' | 'emit' | 'applyReceipt' | 'applyInbound'> {
  readonly calls: Calls;
  readonly limiter: Limiter;
}

function eventRule(eventId: string, leaseMs: number): OnceRule {
  return {
    kind: 'once',
    id: 'webhook-event',
    guard: 'webhooks',
    key: eventId,
    // The id says it all: there is no other event under it.
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
      const [verdict] = await limiter.take([reservation], call);
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

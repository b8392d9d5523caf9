import type { MessageStatus } from '../api/message-details.ts';
import type { OutcomeCache } from '../api/outcome-cache.ts';
import type { PriceCache } from '../api/price-cache.ts';
import type { Call } from '../call.ts';
import type { Emit, EventBody } from '../events.ts';
import type { ReportPumpingOutcome } from '../guards/pumping-outcomes.ts';
import {
  type UndeliverableGuardOptions,
  type UndeliverableSettings,
  undeliverableSettings,
} from '../guards/undeliverable.ts';
import { type Cache, createCache } from '../internal/cache.ts';
import { maskNumber } from '../internal/redact.ts';
import { readReportedTime } from '../internal/reported-time.ts';
import type { Limiter } from '../limits/limiter.ts';
import { normalisePhone, type Phone, type PhoneResult } from '../phone/normalise-phone.ts';
import type { Clock } from '../types.ts';
import { describeDeliveryError } from './delivery-error-codes.ts';
import { isDelivered } from './latest-status.ts';
import type { DeliveryReceipt } from './webhook-event.ts';

/** Updates the guards and the prices from a receipt. A repeated receipt only moves the start of a block. */
export type ApplyReceipt = (receipt: DeliveryReceipt, call: Call) => Promise<void>;

export interface ApplyReceiptConfig {
  readonly undeliverable: false | UndeliverableGuardOptions;
  readonly priceCache: Pick<PriceCache, 'learn'>;
  readonly outcomeCache: Pick<OutcomeCache, 'recordReceipt'>;
  readonly reportPumpingOutcome: ReportPumpingOutcome;
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Final states of a message that did not arrive. */
const FAILED: readonly string[] = ['undelivered', 'rejected', 'failed'];
/** Number of delivered messages to remember: a late receipt of a failure may follow within minutes. */
const MAX_REACHED = 10_000;
/** 8x8's ids have 36 characters. A longer one is not remembered: it could be as long as the body. */
const MAX_UMID_CHARACTERS = 100;

const CONSEQUENCE = 'the delivery receipt was not applied. 8x8 sends it again.';

type FraudStatus = MessageStatus & { readonly errorCode: number };

/** A delivered message was not stopped, whatever code the receipt has. */
function isFraud(status: MessageStatus): status is FraudStatus {
  return (
    status.errorCode !== undefined &&
    describeDeliveryError(status.errorCode)?.kind === 'fraud' &&
    !isDelivered(status)
  );
}

function fraudReported(destination: string, result: PhoneResult, { errorCode }: FraudStatus): EventBody {
  const { e164, country } = result.ok ? result.phone : { e164: destination };
  return {
    type: 'fraud-reported',
    destination: maskNumber(e164),
    ...(country !== undefined && { country }),
    errorCode,
  };
}

/** Milliseconds since the network reported; 0 for a report without a time, or of the future. */
function ageOf({ timestamp }: MessageStatus, now: number): number {
  const at = timestamp === undefined ? undefined : readReportedTime(timestamp);
  return at === undefined ? 0 : Math.max(0, now - at);
}

/** Creates the function that applies receipts. It throws a `StoreError` when the limit store fails, so that 8x8 repeats the receipt. */
export function createApplyReceipt(config: ApplyReceiptConfig): ApplyReceipt {
  const { priceCache, outcomeCache, reportPumpingOutcome, limiter, clock, emit } = config;
  const settings = config.undeliverable && undeliverableSettings(config.undeliverable);
  /** Umids of messages that this process saw delivered: as in `latestStatus`, a late receipt does not undo a delivery. */
  let reachedUmids: Cache<string, true> | undefined;

  function remember(umid: string): void {
    if (umid.length > MAX_UMID_CHARACTERS) return;
    reachedUmids ??= createCache<string, true>(MAX_REACHED);
    reachedUmids.set(umid, true);
  }

  /** The block is recorded in monitor mode too: otherwise there would be nothing to observe. */
  async function blockNumber(
    { forMs, ruleOf }: UndeliverableSettings,
    phone: Phone,
    errorCode: number,
    ageMs: number,
    call: Call,
  ) {
    // A receipt may come late, and may be replayed: the block begins when the network spoke.
    const windowMs = Math.ceil(forMs - ageMs);
    if (windowMs <= 0) return;
    const reservation = limiter.reserve([
      { ...ruleOf(phone.key), windowMs, mode: 'enforce', activate: true },
    ]);
    const [verdict] = await limiter.take([reservation], call, CONSEQUENCE);
    const isBlocked = verdict?.granted === true;
    if (isBlocked) await limiter.settle([{ reservation, outcome: 'keep' }]);
    const destination = maskNumber(phone.e164);
    const details = isBlocked ? { forMs: windowMs } : {};
    emit({ type: 'number-undeliverable', destination, errorCode, ...details }, call.context, phone);
  }

  async function unblockNumber(
    { ruleOf, forMs }: UndeliverableSettings,
    phone: Phone,
    ageMs: number,
    call: Call,
  ): Promise<void> {
    const rule = ruleOf(phone.key);
    // Nearly every receipt concerns a number that was never blocked: one read, no write.
    const [state] = await limiter.inspect([rule], call, CONSEQUENCE);
    if (state === undefined || state.count === 0) return;
    // The block is younger than the delivery: the number has ceased to exist since.
    if (state.retryAfterMs !== undefined && forMs - state.retryAfterMs < ageMs) return;
    await limiter.release([rule], call, CONSEQUENCE);
    emit({ type: 'number-reached', destination: maskNumber(phone.e164) }, call.context, phone);
  }

  return async (receipt, call) => {
    const { umid, destination, status, price, subAccountId } = receipt;
    outcomeCache.recordReceipt(receipt);
    const result = normalisePhone(destination, undefined);
    if (isFraud(status)) {
      const about = result.ok ? result.phone : undefined;
      emit(fraudReported(destination, result, status), call.context, about);
    }
    if (!result.ok) return;
    const { phone } = result;
    if (isFraud(status)) await reportPumpingOutcome(phone, {}, 'fraud', call);
    if (price !== undefined && phone.country !== undefined) {
      priceCache.learn(subAccountId, phone.country, price);
    }
    if (settings === false) return;
    const { state, errorCode } = status;
    const ageMs = ageOf(status, clock.now());
    // A delivery to the person proves that the number exists. A delivery to an operator does not.
    if (isDelivered(status)) {
      remember(umid);
      await unblockNumber(settings, phone, ageMs, call);
    }
    if (errorCode === undefined || !FAILED.includes(state) || reachedUmids?.get(umid) === true) return;
    if (settings.errorCodes.has(errorCode)) await blockNumber(settings, phone, errorCode, ageMs, call);
  };
}

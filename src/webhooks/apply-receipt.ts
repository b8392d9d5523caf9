import type { PriceBook } from '../api/price-book.ts';
import { type Cache, createCache } from '../cache.ts';
import type { Call } from '../call.ts';
import type { Emit } from '../events.ts';
import {
  type UndeliverableGuardOptions,
  type UndeliverableSettings,
  undeliverableSettings,
} from '../guards/undeliverable.ts';
import type { Limiter } from '../limits/limiter.ts';
import { normalisePhone, type Phone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import { isDelivered } from './latest-status.ts';
import type { DeliveryReceipt } from './webhook-event.ts';

/** Lets the guards and the price book learn from a receipt. Doing it twice changes nothing but the time a block begins. */
export type ApplyReceipt = (receipt: DeliveryReceipt, call: Call) => Promise<void>;

export interface ApplyReceiptConfig {
  readonly undeliverable: false | UndeliverableGuardOptions;
  readonly priceBook: Pick<PriceBook, 'learn'>;
  readonly limiter: Limiter;
  readonly emit: Emit;
}

/** A receipt that says so is the last of its message: it did not arrive. */
const FAILED: readonly string[] = ['undelivered', 'rejected', 'failed'];
/** Messages that arrived, of which a failure may still be on its way: 8x8 repeats a receipt within minutes. */
const MAX_REACHED = 10_000;
/** 8x8's ids have 36. A longer one is not kept: it may be as long as the body. */
const MAX_UMID_CHARACTERS = 100;

const CONSEQUENCE = 'the delivery receipt was not taken in.';

/** @throws StoreError from what it makes, when the limit store fails: 8x8 is told to send the receipt again */
export function createApplyReceipt(config: ApplyReceiptConfig): ApplyReceipt {
  const { priceBook, limiter, emit } = config;
  const settings = config.undeliverable && undeliverableSettings(config.undeliverable);
  /** By umid, of this process: as `latestStatus` has it, what arrived stays arrived, whatever comes late. */
  let reachedUmids: Cache<string, true> | undefined;

  function remember(umid: string): void {
    if (umid.length > MAX_UMID_CHARACTERS) return;
    reachedUmids ??= createCache<string, true>(MAX_REACHED);
    reachedUmids.set(umid, true);
  }

  /** Blocks in monitor mode too: without it there would be nothing to observe. */
  async function blockNumber(
    { forMs, ruleOf }: UndeliverableSettings,
    phone: Phone,
    errorCode: number,
    call: Call,
  ) {
    const reservation = limiter.reserve([{ ...ruleOf(phone.key), mode: 'enforce', activate: true }]);
    const [verdict] = await limiter.take([reservation], call);
    const isBlocked = verdict?.granted === true;
    if (isBlocked) await limiter.settle([{ reservation, outcome: 'keep' }]);
    const destination = maskNumber(phone.e164);
    const details = isBlocked ? { forMs } : {};
    emit({ type: 'number-undeliverable', destination, errorCode, ...details }, call.context);
  }

  async function unblockNumber(
    { ruleOf }: UndeliverableSettings,
    { key, e164 }: Phone,
    call: Call,
  ): Promise<void> {
    const rule = ruleOf(key);
    // Nearly every receipt is of a number that was never blocked: one question, and nothing written.
    const [state] = await limiter.inspect([rule], call, CONSEQUENCE);
    if (state === undefined || state.count === 0) return;
    await limiter.release([rule], call, CONSEQUENCE);
    emit({ type: 'number-reached', destination: maskNumber(e164) }, call.context);
  }

  return async ({ umid, destination, status, price, subAccountId }, call) => {
    const result = normalisePhone(destination, undefined);
    if (!result.ok) return;
    const { phone } = result;
    if (price !== undefined && phone.country !== undefined) {
      priceBook.learn(subAccountId, phone.country, price);
    }
    if (settings === false) return;
    const { state, errorCode } = status;
    // The person has the message, so the number exists. An operator that has it says nothing of the kind.
    if (isDelivered(status)) {
      remember(umid);
      await unblockNumber(settings, phone, call);
    }
    if (errorCode === undefined || !FAILED.includes(state) || reachedUmids?.get(umid) === true) return;
    if (settings.errorCodes.has(errorCode)) await blockNumber(settings, phone, errorCode, call);
  };
}

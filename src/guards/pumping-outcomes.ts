import { ConfigurationError } from '../errors.ts';
import type { DoubtOutcome } from '../limits/doubt-store.ts';
import type { Limiter, StoreCall } from '../limits/limiter.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import type { OutgoingMessage } from './guard.ts';
import { createPumpingRule, type PriceOf, PUMPING_BY_DEFAULT, type PumpingGuardOptions } from './pumping.ts';

/** Reports the outcome of a code to the guard `pumping`. Does nothing when it is off. */
export type ReportPumpingOutcome = (
  phone: Phone,
  visitor: Pick<OutgoingMessage, 'subject'>,
  outcome: DoubtOutcome['outcome'],
  call: StoreCall,
) => Promise<void>;

/** @throws StoreError the limit store failed */
export function createReportPumpingOutcome(
  options: false | PumpingGuardOptions,
  { limiter, priceOf }: { readonly limiter: Limiter; readonly priceOf: PriceOf },
): ReportPumpingOutcome {
  if (options === false) return async () => {};
  const ruleOf = createPumpingRule(options, priceOf);
  return (phone, { subject }, outcome, call) =>
    limiter.askDoubts(
      (doubts, scope) => doubts.enter(scope, [{ rule: ruleOf({ phone, subject }), outcome }]),
      call,
      'the outcome of the code was not recorded.',
    );
}

/**
 * The options of `pumping` for a limit store. One that keeps no doubt counts nothing for a guard that nobody asked for.
 *
 * @throws ConfigurationError the guard was asked for, and the limit store cannot keep it
 */
export function pumpingFor(
  options: false | PumpingGuardOptions,
  { keepsDoubts }: Pick<Limiter, 'keepsDoubts'>,
): false | PumpingGuardOptions {
  if (options === false || keepsDoubts) return options;
  if (options === PUMPING_BY_DEFAULT) return false;
  throw new ConfigurationError(
    'guards.pumping needs a limit store that keeps doubt (LimitStore.doubts): use memoryLimits() or redisLimits(), or set it to false.',
    'guards.pumping',
  );
}

/** Forgets a person and the subject who entered codes with the number, whichever guards are on. */
export async function forgetDoubt(
  limiter: Limiter,
  phone: Phone,
  call: StoreCall,
  consequence: string,
): Promise<void> {
  if (!limiter.keepsDoubts) return;
  const rule = createPumpingRule({}, () => undefined)({ phone });
  await limiter.askDoubts((doubts, scope) => doubts.forget(scope, [rule]), call, consequence);
}

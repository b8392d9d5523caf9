import { connectionOf } from '../internal/ip-address.ts';
import type { DistinctRule, KnownRule, RuleCondition } from '../limits/limit-store.ts';
import type { Limiter, StoreCall } from '../limits/limiter.ts';
import type { Phone } from '../phone/normalise-phone.ts';

/** How long the success of a number speaks for an address; chosen by this package. */
const PROVEN_MS = 14 * 24 * 60 * 60 * 1000;
const PROVEN_RULE_ID = 'client-ip:proven';

/** Conditions of the rules for addresses from which people succeeded, and for all others. */
export const IF_PROVEN: RuleCondition = { rule: PROVEN_RULE_ID, found: true };
export const IF_UNPROVEN: RuleCondition = { rule: PROVEN_RULE_ID, found: false };

/** A prime near a million: two numbers of one address rarely share a bucket, and a bucket is no person's. */
const BUCKETS = 1_000_003;

/** Stands for a number where an address is counted, so that no number is kept under an address. */
export function bucketOf({ key }: Phone): number {
  // The remainder: of numbers below 10^15 no digit is lost, and `%` of a large number takes ten times as long.
  return key - Math.floor(key / BUCKETS) * BUCKETS;
}

/** The question whether people with two different numbers succeeded from an address. */
export function provenRule(address: string, when?: RuleCondition): KnownRule {
  const id = PROVEN_RULE_ID;
  return {
    kind: 'known',
    id,
    guard: 'clientIp',
    key: address,
    member: 'all',
    mode: 'note',
    windowMs: PROVEN_MS,
    when,
  };
}

function firstSuccessRule(address: string, phone: Phone): DistinctRule {
  const id = 'client-ip:successes';
  const member = bucketOf(phone);
  return {
    kind: 'distinct',
    id,
    guard: 'clientIp',
    key: address,
    member,
    mode: 'enforce',
    limit: 1,
    windowMs: PROVEN_MS,
  };
}

/**
 * Remembers that the person of a number succeeded from an address. The first number only counts; each further one proves the
 * address for 14 days.
 *
 * @throws StoreError the limit store failed
 */
export async function rememberAddress(
  limiter: Limiter,
  phone: Phone,
  clientIp: string,
  call: StoreCall,
): Promise<void> {
  const address = connectionOf(clientIp);
  const first = limiter.reserve([firstSuccessRule(address, phone)]);
  const [verdict] = await limiter.take([first], call);
  if (verdict?.granted === true) {
    await limiter.settle([{ reservation: first, outcome: 'keep' }]);
    return;
  }
  // A full table proves nothing.
  if (verdict?.refusals.some(({ reason }) => reason === 'over-limit') !== true) return;
  const second = limiter.reserve([{ ...provenRule(address), activate: true }]);
  await limiter.take([second], call);
  await limiter.settle([{ reservation: second, outcome: 'keep' }]);
}

import { describeDuration } from '../internal/describe-duration.ts';
import { connectionOf } from '../internal/ip-address.ts';
import type { DistinctRule, LimitKey, LimitRule, RuleCondition, WindowRule } from '../limits/limit-store.ts';
import { purposesField } from '../purposes.ts';
import { FALSE_OR_OPTIONS, type Fields, falseOr, integer, object, oneOf, switchOn } from '../schema.ts';
import type { Purpose } from '../types.ts';
import type { Guard, GuardMode, OutgoingMessage } from './guard.ts';
import { IF_STRANGER } from './known-visitor.ts';
import { bucketOf, IF_PROVEN, IF_UNPROVEN, provenRule } from './proven-address.ts';
import type { GuardAction } from './reasons.ts';
import { type LimitWindow, windowField, windowsField } from './recipient.ts';

/**
 * Limits the requests of one end user's address (`clientIp` of a message). An IPv6 address counts by its /64, the block that one
 * connection gets. Hundreds of people share the address of an office or of a mobile network, so the limits grow where people
 * succeed: they are `provenFactor` times as high for an address from which codes for two different numbers were entered within 14
 * days. A visitor whose `subject` succeeded with the number before is not counted, and neither is a message without `clientIp`.
 *
 * @example clientIp: { action: 'ask' }
 */
export interface ClientIpGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * `refuse`: a refusal lasts until time has passed. `ask`: the error has `action: 'ask'` and the reason `captcha-needed`;
   * the same message with `human: { passed: true }` passes. @default 'refuse'
   */
  readonly action?: GuardAction | undefined;
  /** Messages from one address; `false` counts none. @default { limit: 20, windowMs: 3_600_000 }, chosen by this package */
  readonly messages?: false | LimitWindow | readonly LimitWindow[] | undefined;
  /** Different numbers from one address; `false` counts none. @default { limit: 10, windowMs: 3_600_000 }, chosen by this package */
  readonly numbers?: false | LimitWindow | readonly LimitWindow[] | undefined;
  /**
   * Different countries of the numbers from one address; `false` counts none.
   * @default { limit: 3, windowMs: 86_400_000 }, chosen by this package
   */
  readonly countries?: false | LimitWindow | readonly LimitWindow[] | undefined;
  /** Multiplies the limits of an address from which people succeeded, 1 to 1,000. @default 10, chosen by this package */
  readonly provenFactor?: number | undefined;
  /** Purposes that are counted. @default ['otp', 'transactional'] */
  readonly purposes?: readonly Purpose[] | undefined;
}

const limitsField = switchOn(Array.isArray, windowsField, falseOr(windowField));
const fields: Fields<ClientIpGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  action: oneOf(['ask', 'refuse']),
  messages: limitsField,
  numbers: limitsField,
  countries: limitsField,
  provenFactor: integer({ min: 1, max: 1_000 }),
  purposes: purposesField,
};
export const clientIpGuardField = falseOr(object(fields, FALSE_OR_OPTIONS));

const HOUR_MS = 3_600_000;
const DEFAULT_PURPOSES: readonly Purpose[] = ['otp', 'transactional'];

/** One counter of an address. `memberOf` is absent where messages are counted. */
interface Counter extends LimitWindow {
  readonly id: string;
  readonly memberOf?: (message: OutgoingMessage) => LimitKey;
}

function countersOf(
  what: 'messages' | 'numbers' | 'countries',
  given: false | LimitWindow | readonly LimitWindow[],
  memberOf?: Counter['memberOf'],
): readonly Counter[] {
  const windows = given === false ? [] : [given].flat();
  return windows.map(({ limit, windowMs }) => ({
    id: `client-ip:${what}:${windowMs}`,
    limit,
    windowMs,
    ...(memberOf && { memberOf }),
  }));
}

/** Caps the messages, numbers and countries that one address asks for. */
export function createClientIpGuard({
  mode = 'enforce',
  action = 'refuse',
  messages = { limit: 20, windowMs: HOUR_MS },
  numbers = { limit: 10, windowMs: HOUR_MS },
  countries = { limit: 3, windowMs: 24 * HOUR_MS },
  provenFactor = 10,
  purposes = DEFAULT_PURPOSES,
}: ClientIpGuardOptions): Guard<'clientIp'> {
  const guard = 'clientIp';
  const counted = new Set(purposes);
  const counters = [
    ...countersOf('messages', messages),
    ...countersOf('numbers', numbers, ({ phone }) => bucketOf(phone)),
    ...countersOf('countries', countries, ({ phone }) => phone.country ?? `+${phone.callingCode}`),
  ];

  function ruleOf(
    { id, windowMs }: Counter,
    key: string,
    member: LimitKey | undefined,
    limit: number,
    when: RuleCondition,
  ): LimitRule {
    if (member === undefined) return { kind: 'window', id, guard, key, mode, windowMs, when, limit };
    return { kind: 'distinct', id, guard, key, mode, windowMs, when, limit, member };
  }

  return {
    name: guard,
    mode,
    action,
    rules(message) {
      const { purpose, clientIp, subject, isHuman = false } = message;
      if (clientIp === undefined || !counted.has(purpose) || (isHuman && action === 'ask')) return [];
      const address = connectionOf(clientIp);
      const rules: LimitRule[] = [provenRule(address, subject === undefined ? undefined : IF_STRANGER)];
      for (const counter of counters) {
        const member = counter.memberOf?.(message);
        rules.push(
          ruleOf(counter, address, member, counter.limit, IF_UNPROVEN),
          ruleOf(counter, address, member, counter.limit * provenFactor, IF_PROVEN),
        );
      }
      return rules;
    },
  };
}

export function describeClientIpRule(rule: LimitRule, observed: number): string {
  // The guard has no other rules that can refuse.
  const { id, limit, windowMs } = rule as WindowRule | DistinctRule;
  const [, what = ''] = id.split(':');
  const counted = what === 'messages' ? what : `different ${what}`;
  return `${observed} of ${limit} ${counted} allowed in ${describeDuration(windowMs)} were requested from this client address.`;
}

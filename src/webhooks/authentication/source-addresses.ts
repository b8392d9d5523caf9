import { REGIONS, type Region } from '../../config/options.ts';
import {
  type IpAddress,
  type IpRange,
  isInRange,
  parseAddress,
  parseRange,
} from '../../internal/ip-address.ts';
import { type Fields, list, object, oneOf, refine, word } from '../../schema.ts';
import type { AuthenticationCheck } from './authentication-result.ts';
import { WEBHOOK_SOURCE_ADDRESSES } from './published-addresses.ts';

/**
 * The addresses that a webhook may come from. An address proves the sender only as far as your proxies can be trusted:
 * use this in addition to `authorization` or `accessToken`.
 */
export interface SourceAddressOptions {
  /** Regions whose published addresses (`WEBHOOK_SOURCE_ADDRESSES`) are allowed. @default none */
  readonly regions?: readonly Region[] | undefined;
  /** Additional addresses, or ranges such as `203.0.113.0/24`. @default none */
  readonly also?: readonly string[] | undefined;
  /**
   * Addresses or ranges of your own proxies. `X-Forwarded-For` is read, from the right, only when the request comes
   * through one of them.
   * @default none: the sender is the other end of the connection
   */
  readonly trustedProxies?: readonly string[] | undefined;
}

const range = word(
  (text) => parseRange(text) !== undefined,
  'an IP address, or a range such as 203.0.113.0/24 (IPv4 as IPv4; not /0)',
);
const fields: Fields<SourceAddressOptions> = {
  regions: list(oneOf(REGIONS), { min: 1, max: REGIONS.length }),
  also: list(range, { min: 1, max: 1_000 }),
  trustedProxies: list(range, { min: 1, max: 1_000 }),
};
export const sourceAddressesField = refine<SourceAddressOptions>(
  object(fields),
  ({ regions, also }) => regions !== undefined || also !== undefined,
  'must name regions, also, or both: without an address everything is refused.',
);

/** No real chain of proxies is longer; a longer header is an attempt to waste time. */
const MAX_HOPS = 32;

/** The nearest address that is not a trusted proxy. A hop that cannot be parsed gives undefined. */
function clientAddress(
  remote: string,
  forwardedFor: string | undefined,
  proxies: readonly IpRange[],
): IpAddress | undefined {
  const hops = [...(forwardedFor?.split(',', MAX_HOPS + 1) ?? []), remote];
  if (hops.length > MAX_HOPS) return undefined;
  let address: IpAddress | undefined;
  for (const hop of hops.reverse()) {
    const next = parseAddress(hop);
    if (next === undefined) return undefined;
    address = next;
    if (!proxies.some((proxy) => isInRange(next, proxy))) break;
  }
  return address;
}

function toRanges(addresses: readonly string[] = []): readonly IpRange[] {
  return addresses.map(parseRange).filter((each) => each !== undefined);
}

export function createAddressCheck({
  regions = [],
  also,
  trustedProxies,
}: SourceAddressOptions): AuthenticationCheck {
  const published = regions.flatMap((region) => WEBHOOK_SOURCE_ADDRESSES[region]);
  const allowed = [...toRanges(published), ...toRanges(also)];
  const proxies = toRanges(trustedProxies);
  return async ({ remoteAddress, header }) => {
    if (remoteAddress === undefined || remoteAddress === '') return 'no-address';
    // The header is read only when a trusted proxy wrote its last entry.
    const address = clientAddress(remoteAddress, header('x-forwarded-for'), proxies);
    if (address === undefined) return 'unknown-address';
    return allowed.some((each) => isInRange(address, each)) ? undefined : 'unknown-address';
  };
}

import { REGIONS, type Region } from '../../config/options.ts';
import { createAddressReader } from '../../internal/client-address.ts';
import { type IpRange, isInRange, parseRange } from '../../internal/ip-address.ts';
import { type Fields, list, object, oneOf, pattern, refine, word } from '../../schema.ts';
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
   * Addresses or ranges of your own proxies. `addressHeader` is read only when the request comes through one of them.
   * @default none: the sender is the other end of the connection
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /**
   * The header in which your proxies pass on the sender's address; needs `trustedProxies`. `X-Forwarded-For` and
   * `Forwarded` ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)) are read from the right, past trusted proxies. Any
   * other header holds one address, for example `CF-Connecting-IP`, `True-Client-IP`, `X-Real-IP` or `Fly-Client-IP`:
   * your proxy must overwrite it, because a sender can write it too. A request without it is refused.
   * @default 'X-Forwarded-For'
   */
  readonly addressHeader?: string | undefined;
}

const range = word(
  (text) => parseRange(text) !== undefined,
  'an IP address, or a range such as 203.0.113.0/24 (IPv4 as IPv4; not /0)',
);
const fields: Fields<SourceAddressOptions> = {
  regions: list(oneOf(REGIONS), { min: 1, max: REGIONS.length }),
  also: list(range, { min: 1, max: 1_000 }),
  trustedProxies: list(range, { min: 1, max: 1_000 }),
  addressHeader: pattern(/^[\w-]{1,100}$/, 'the name of a header, such as CF-Connecting-IP'),
};
export const sourceAddressesField = refine<SourceAddressOptions>(
  refine<SourceAddressOptions>(
    object(fields),
    ({ regions, also }) => regions !== undefined || also !== undefined,
    'must name regions, also, or both: without an address everything is refused.',
  ),
  ({ addressHeader, trustedProxies }) => addressHeader === undefined || trustedProxies !== undefined,
  'has addressHeader without trustedProxies, so the header would never be read: name your proxies.',
);

function toRanges(addresses: readonly string[] = []): readonly IpRange[] {
  return addresses.map(parseRange).filter((each) => each !== undefined);
}

export function createAddressCheck({
  regions = [],
  also,
  trustedProxies,
  addressHeader = 'X-Forwarded-For',
}: SourceAddressOptions): AuthenticationCheck {
  const published = regions.flatMap((region) => WEBHOOK_SOURCE_ADDRESSES[region]);
  const allowed = [...toRanges(published), ...toRanges(also)];
  const readAddress = createAddressReader(addressHeader, toRanges(trustedProxies));
  return async ({ remoteAddress, header }) => {
    if (remoteAddress === undefined || remoteAddress === '') return 'no-address';
    const address = readAddress(remoteAddress, header);
    return address !== undefined && allowed.some((each) => isInRange(address, each))
      ? undefined
      : 'unknown-address';
  };
}

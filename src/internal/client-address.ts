import { readForwarded } from './forwarded.ts';
import { type IpAddress, type IpRange, isInRange, parseAddress } from './ip-address.ts';

/** No real chain of proxies is longer; a longer header is an attempt to waste time. */
const MAX_HOPS = 32;

/** The headers that every proxy appends to. Any other holds one address, written by one proxy. */
const CHAINS: Readonly<Record<string, (header: string, most?: number) => readonly string[] | undefined>> = {
  'x-forwarded-for': (header, most) => header.split(',', most),
  forwarded: readForwarded,
};

/** The last hop that is not a trusted proxy; the first hop when all are. A hop that cannot be parsed gives undefined. */
function lastStranger(
  hops: readonly string[],
  isProxy: (address: IpAddress) => boolean,
): IpAddress | undefined {
  let address: IpAddress | undefined;
  for (const hop of hops.toReversed()) {
    address = parseAddress(hop);
    if (address === undefined || !isProxy(address)) return address;
  }
  return address;
}

/**
 * Finds the address of a sender. `addressHeader` is read only when the other end of the connection is one of `proxies`,
 * because everybody else can write it.
 */
export function createAddressReader(
  addressHeader: string,
  proxies: readonly IpRange[],
): (remote: string, header: (name: string) => string | undefined) => IpAddress | undefined {
  const name = addressHeader.toLowerCase();
  const readChain = CHAINS[name];
  const isProxy = (address: IpAddress) => proxies.some((proxy) => isInRange(address, proxy));
  return (remote, header) => {
    const peer = parseAddress(remote);
    if (peer === undefined || !isProxy(peer)) return peer;
    const value = header(name);
    if (readChain === undefined) return parseAddress(value ?? '');
    const hops = value === undefined ? [] : readChain(value, MAX_HOPS + 1);
    return hops === undefined || hops.length >= MAX_HOPS
      ? undefined
      : lastStranger([...hops, remote], isProxy);
  };
}

/**
 * Finds the address of an end user. A sender of webhooks whose address cannot be read is refused; an end user must not get
 * rid of the address by what they write. So the hop nearest to them counts for which a trusted proxy vouches.
 *
 * @param proxies the trusted proxies, or how many of them every request passes
 */
export function createEndUserAddressReader(
  addressHeader: string,
  proxies: readonly IpRange[] | number,
): (remote: string | undefined, header: (name: string) => string | undefined) => IpAddress | undefined {
  const name = addressHeader.toLowerCase();
  const readChain = CHAINS[name];
  const isCounted = typeof proxies === 'number';
  const mayForward = (address: IpAddress | undefined, hop: number) => {
    if (isCounted) return hop < proxies;
    return address !== undefined && proxies.some((proxy) => isInRange(address, proxy));
  };
  return (remote, header) => {
    let address = parseAddress(remote ?? '');
    if (!mayForward(address, 0)) return address;
    const value = header(name) ?? '';
    if (readChain === undefined) return parseAddress(value) ?? address;
    for (const [index, hop] of (readChain(value) ?? []).toReversed().entries()) {
      const before = parseAddress(hop);
      if (before === undefined) break;
      address = before;
      if (!mayForward(address, index + 1)) break;
    }
    return address;
  };
}

import { readForwarded } from './forwarded.ts';
import { type IpAddress, type IpRange, isInRange, parseAddress } from './ip-address.ts';

/** No real chain of proxies is longer; a longer header is an attempt to waste time. */
const MAX_HOPS = 32;

/** The headers that every proxy appends to. Any other holds one address, written by one proxy. */
const CHAINS: Readonly<Record<string, (header: string) => readonly string[] | undefined>> = {
  'x-forwarded-for': (header) => header.split(',', MAX_HOPS + 1),
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
    const hops = value === undefined ? [] : readChain(value);
    return hops === undefined || hops.length >= MAX_HOPS
      ? undefined
      : lastStranger([...hops, remote], isProxy);
  };
}

import ipaddr from 'ipaddr.js';

/** The only file that imports the address library. */
export type IpAddress = ReturnType<typeof ipaddr.parse>;
export type IpRange = readonly [IpAddress, number];

/** Longest notation: a full IPv6 address with a mapped IPv4 one, brackets, zone and port. */
const MAX_CHARACTERS = 80;

/** An IPv4 address as this package writes one. */
const PLAIN_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Strict, because programs disagree about `010.0.0.1` and `0x7f.1`. */
function isStrict(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text));
}

/**
 * Parses an address in the notation of sockets and proxies: with port, brackets, IPv4 mapped into IPv6. Undefined for
 * anything else.
 */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const trimmed = text.trim();
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(trimmed)?.[1];
  const withPort = /^([\d.]+):\d{1,5}$/.exec(trimmed)?.[1];
  const bare = bracketed ?? withPort ?? trimmed;
  return isStrict(bare) ? ipaddr.process(bare) : undefined;
}

/**
 * Reads the address of an end user in the format of 8x8: without port, brackets and zone, and a mapped IPv4 address
 * as IPv4. Undefined for anything else, including a list of addresses.
 *
 * @example readClientAddress('[2001:DB8::1]:51234') // '2001:db8::1'
 */
export function readClientAddress(text: string): string | undefined {
  return PLAIN_IPV4.test(text) ? text : parseAddress(text)?.toString().split('%', 1)[0];
}

/**
 * The key of one connection: an IPv4 address, or the /64 of an IPv6 address, which belongs to one subscriber. Text
 * that is not an address is used verbatim.
 *
 * @example connectionOf('2001:db8::1') // '2001:db8:0:0::/64'
 */
export function connectionOf(text: string): string {
  // Several guards ask about one message after the other.
  if (text === lastText) return lastConnection;
  const connection = PLAIN_IPV4.test(text) ? text : parseConnection(text);
  lastText = text;
  lastConnection = connection;
  return connection;
}

let lastText = '';
let lastConnection = '';

function parseConnection(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) return text;
  if (!('parts' in address)) return address.toString();
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

/** One address, or a range such as `10.0.0.0/8`. Refuses the range of all addresses, which would prove nothing. */
export function parseRange(text: string): IpRange | undefined {
  const [head = '', bits, ...rest] = text.split('/');
  if (rest.length > 0 || text.length > MAX_CHARACTERS || !isStrict(head)) return undefined;
  const address = ipaddr.process(head);
  const width = address.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [address, width];
  const isMapped = head.includes(':') && address.kind() === 'ipv4';
  if (isMapped || !/^[1-9]\d{0,2}$/.test(bits) || Number(bits) > width) return undefined;
  return [address, Number(bits)];
}

export function isInRange(address: IpAddress, [start, bits]: IpRange): boolean {
  return address.kind() === start.kind() && address.match(start, bits);
}

/** One connection: an IPv4 address, or the first half of an IPv6 address. A value that is neither is used verbatim. */
export function connectionOf(clientIp: string): string {
  // Some proxies append the port, which is another one for every connection.
  const given = clientIp
    .trim()
    .toLowerCase()
    .replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  if (!given.includes(':') || !URL.canParse(`http://[${given}]`)) return given;
  // The URL standard writes every spelling of an address in one way.
  const [head = '', tail] = new URL(`http://[${given}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const isMapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
  if (!isMapped) return `${groups.slice(0, 4).join(':')}::/64`;
  // ::ffff:203.0.113.7 is 203.0.113.7 as a socket that speaks both families sees it.
  const bytes = groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return bytes.join('.');
}

/** One parameter of a `Forwarded` header, or none, and what follows it: `;`, `,` or the end. */
const PARAMETER = /[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)=("(?:[^"\\]|\\.)*"|[^",;\s]*)[ \t]*)?([;,]|$)/gy;

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}

/**
 * The hops of a `Forwarded` header ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239#section-4)), as its `for`
 * parameters name them; an empty string for a hop without one. Undefined when any part of the header is malformed: an open
 * quote of the sender would hide what the proxies appended. Values that need quotes are also read without them, because
 * proxies leave them out.
 *
 * @example readForwarded('for=192.0.2.43;proto=https, for="[2001:db8::1]:4711"') // ['192.0.2.43', '[2001:db8::1]:4711']
 */
export function readForwarded(header: string): readonly string[] | undefined {
  const hops: string[] = [];
  let hop: string | undefined;
  for (const [, name, value = '', separator] of header.matchAll(PARAMETER)) {
    if (name?.toLowerCase() === 'for') {
      if (hop !== undefined) return undefined;
      hop = unquote(value);
    }
    if (separator === ';') continue;
    hops.push(hop ?? '');
    hop = undefined;
    if (separator === '') return hops;
  }
  return undefined;
}

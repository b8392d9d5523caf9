import { isLoopback } from '../../internal/loopback.ts';

/** The headers that tell from where a request comes. */
export interface CallerHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

/** An address cannot be made to lead elsewhere, as a name can by its DNS server. */
const ADDRESS = /^\d+\.\d+\.\d+\.\d+$|^\[[0-9a-f:.]+\]$/;

function hostnameOf(host: string): string | undefined {
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return undefined;
  }
}

/** Whether a host is this machine or a name that was allowed. */
export function isAllowedHost(hostname: string, allowHosts: readonly string[]): boolean {
  return isLoopback(hostname) || hostname.endsWith('.localhost') || allowHosts.includes(hostname);
}

/**
 * Refuses requests that a foreign web page makes in the browser of the developer. A page whose name its DNS server has
 * pointed to this machine (DNS rebinding) betrays itself by `Host`, any other one by `Origin`. Returns the reason of a
 * refusal.
 */
export function refusalOf(
  { host, origin }: CallerHeaders,
  allowHosts: readonly string[],
): string | undefined {
  const hostname = host === undefined ? undefined : hostnameOf(host);
  if (hostname === undefined) return 'The request has no valid Host header.';
  if (!ADDRESS.test(hostname) && !isAllowedHost(hostname, allowHosts)) {
    return 'The sandbox is not known by the name in the Host header. Start it with --allow-host and that name to allow it.';
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase()) {
    return 'The request comes from a web page of another origin.';
  }
  return undefined;
}

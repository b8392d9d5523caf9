import { isLoopback } from '../../internal/loopback.ts';
import { type Examined, type Finding, messageOf, ok, problem } from './finding.ts';

/** Domains of 8x8's regions. Source: 8x8 API reference, "Regions". */
const REGIONS: Readonly<Record<string, string>> = {
  'sms.8x8.com': 'apac',
  'sms.us.8x8.com': 'us',
  'sms.8x8.uk': 'eu',
  'sms.8x8.id': 'id',
};

/** The region of a host of 8x8; undefined for a proxy or a sandbox. */
export function regionOf(host: string): string | undefined {
  return REGIONS[host];
}

/** Region and host to which messages go. */
export function checkHost({ settings, env }: Examined): readonly Finding[] {
  const { hostname, host, protocol } = new URL(settings.hosts.sms);
  const region = regionOf(hostname);
  if (region !== undefined) return [ok('host', `${host}, region ${region}`)];
  const isRedirected = env.EIGHTBYEIGHT_BASE_URL?.includes(host) === true;
  const why = isRedirected ? 'EIGHTBYEIGHT_BASE_URL' : 'baseUrl';
  const what = isLoopback(hostname) ? 'this machine' : 'not a host of 8x8';
  return [ok('host', `${protocol}//${host}, ${what}, from ${why}`)];
}

/** The form of the key, and whether it belongs to the host. */
export async function checkKeyForm({ settings, signal }: Examined): Promise<readonly Finding[]> {
  let form: Awaited<ReturnType<typeof settings.describeKey>>;
  try {
    form = await settings.describeKey(signal);
  } catch (error) {
    return [
      problem('key', messageOf(error), 'Make the source of the key return it as a text, without quotes.'),
    ];
  }
  const { source, length, isSandboxKey, sameAs } = form;
  if (sameAs !== undefined) {
    return [
      problem(
        'key',
        `The ${source} is equal to ${sameAs}: it holds an ID instead of the key.`,
        'Create an API key in 8x8 Connect under API keys, and set that.',
      ),
    ];
  }
  if (isSandboxKey && regionOf(new URL(settings.hosts.sms).hostname) !== undefined) {
    return [
      problem(
        'key',
        `The ${source} is the key of a sandbox, but requests go to 8x8.`,
        'Set EIGHTBYEIGHT_BASE_URL to the address of the sandbox, or the key to one of 8x8.',
      ),
    ];
  }
  return [ok('key', `from the ${source}, ${length} characters${isSandboxKey ? ', of a sandbox' : ''}`)];
}

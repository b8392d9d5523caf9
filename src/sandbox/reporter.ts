import { ConfigurationError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import { REPORTED, type ReportedEvent } from './inbox/client-events.ts';

/** Waits for the events of one send, so that they travel together. */
const COLLECT_MS = 20;
const MAX_AT_ONCE = 500;
const MAX_WAITING = 10_000;
const TIMEOUT_MS = 5_000;

function readUrl(url: string): URL {
  if (URL.canParse(url) && /^https?:/i.test(url)) return new URL('/_sandbox/events', url);
  throw new ConfigurationError('url must be the address of a sandbox, such as http://127.0.0.1:8808.', 'url');
}

/**
 * Shows the decisions of a client on the page of a sandbox: purposes, refused messages with guard and reason, opt-outs. An
 * event has a masked number and no text. For `onEvent` of a client; the promise that the listener returns rejects when the
 * sandbox does not answer, which goes to `onError` and never disturbs a send.
 *
 * @param url address of the sandbox
 * @throws ConfigurationError `url` is not a web address
 * @example new SmsClient({ baseUrl: url, apiKey: 'sandbox_any', onEvent: sandboxReporter(url) })
 */
export function sandboxReporter(url: string): EventListener {
  const target = readUrl(url);
  let waiting: ReportedEvent[] = [];
  let sending: Promise<void> | undefined;

  async function send(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, COLLECT_MS));
    while (waiting.length > 0) {
      const events = waiting.slice(0, MAX_AT_ONCE);
      waiting = waiting.slice(MAX_AT_ONCE);
      const response = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`The sandbox answered ${response.status} to the events of a client.`);
    }
  }

  return (event) => {
    if (!REPORTED.some((type) => type === event.type)) return undefined;
    waiting.push(event as ReportedEvent);
    if (waiting.length > MAX_WAITING) waiting.shift();
    if (sending !== undefined) return undefined;
    sending = send().finally(() => {
      sending = undefined;
    });
    return sending;
  };
}

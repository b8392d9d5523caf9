import type { WebhookSetting } from '../../index.ts';
import { isLoopback } from '../../internal/loopback.ts';
import {
  askOnce,
  type Examined,
  type Finding,
  messageOf,
  ok,
  problem,
  QUESTION_TIMEOUT_MS,
  warning,
} from './finding.ts';

const ACCOUNT_WIDE = '*';

function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}

function judgeStatus(host: string, status: number): Finding {
  if (isRefusal(status)) {
    return ok('webhook', `${host} answers a stranger with ${status}`);
  }
  if (status >= 200 && status < 300) {
    return problem(
      'webhook',
      `${host} accepts a delivery without Authorization (HTTP ${status}): anybody can invent receipts and opt-outs.`,
      'Give the receiver authentication, as in docs/webhooks.md.',
    );
  }
  if (status >= 300 && status < 400) {
    return problem(
      'webhook',
      `${host} redirects (HTTP ${status}), and 8x8 may not follow.`,
      'Set the webhook to the address to which it redirects.',
    );
  }
  const advice =
    status === 404 || status === 405
      ? 'Compare the path of the webhook with the route of your receiver, which accepts POST.'
      : 'Check the log of the receiver.';
  return problem('webhook', `${host} answers with HTTP ${status} instead of 401.`, advice);
}

/** Posts nothing, as a stranger would. The receiver must refuse it before it reads the body. */
async function probe(url: URL, signal: AbortSignal): Promise<Finding> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(QUESTION_TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return judgeStatus(url.host, response.status);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = ((error as Error).cause ?? {}) as {
      readonly code?: string;
      readonly message?: string;
    };
    const why = code ?? message ?? (error as Error).name;
    return problem(
      'webhook',
      `The receiver ${url.host} is not reachable (${why}).`,
      'Start it, and open its port to 8x8. If it is reachable only from the internet, run doctor there.',
    );
  }
}

function checkSetting(
  { url, enabled, httpAuthorization, oauth }: WebhookSetting,
  { settings, receiver }: Examined,
): readonly Finding[] {
  const findings: Finding[] = [];
  const { hostname, protocol } = new URL(url);
  if (!enabled) {
    findings.push(
      warning(
        'webhook',
        'The webhook is disabled: receipts and STOP do not arrive.',
        'Enable it: webhookSettings.set.',
      ),
    );
  }
  if (httpAuthorization === undefined && oauth === undefined) {
    findings.push(
      problem(
        'webhook',
        'The webhook has neither httpAuthorization nor oauth: the receiver cannot tell 8x8 from strangers.',
        'Set a secret with webhookSettings.set, and the same one as authentication of the receiver.',
      ),
    );
  }
  const isSandbox = isLoopback(new URL(settings.hosts.sms).hostname);
  if (isLoopback(hostname) && !isSandbox) {
    findings.push(
      problem(
        'webhook',
        `8x8 cannot reach ${hostname}, which is its own machine.`,
        'Set a public https address.',
      ),
    );
  } else if (protocol !== 'https:' && !isSandbox) {
    findings.push(
      warning('webhook', 'The webhook is http: others can read numbers and texts.', 'Set an https address.'),
    );
  }
  if (receiver !== undefined && new URL(receiver).href !== new URL(url).href) {
    findings.push(
      problem(
        'webhook',
        `8x8 posts to ${url}, not to your receiver ${receiver}.`,
        'Set the webhook to the address of the receiver: webhookSettings.set.',
      ),
    );
  }
  return findings;
}

function findSetting(webhooks: readonly WebhookSetting[], subAccountId: string): WebhookSetting | undefined {
  const of = (name: string) => webhooks.find((each) => each.subAccountId === name);
  return of(subAccountId) ?? of(ACCOUNT_WIDE);
}

/** The webhook that counts for the sub-account, and the receiver behind it. */
export async function checkWebhooks(examined: Examined): Promise<readonly Finding[]> {
  const { sms, settings, signal } = examined;
  if (settings.accountId === undefined) return [];
  let webhook: WebhookSetting | undefined;
  try {
    webhook = findSetting(await sms.webhookSettings.list(askOnce(examined)), settings.subAccountId);
  } catch (error) {
    signal.throwIfAborted();
    return [problem('webhook', messageOf(error), 'Run doctor again; if the problem remains, ask 8x8.')];
  }
  if (webhook === undefined) {
    return [
      warning(
        'webhook',
        `8x8 has no webhook for the sub-account ${settings.subAccountId}: receipts and STOP do not arrive.`,
        'Set one with webhookSettings.set, as in docs/webhooks.md.',
      ),
    ];
  }
  return [...checkSetting(webhook, examined), await probe(new URL(webhook.url), signal)];
}

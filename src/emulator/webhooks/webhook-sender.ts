import type { EmulatorContext } from '../context.ts';
import type { WebhookBody } from './webhook-bodies.ts';

/** The target of webhooks: any function that takes a `Request`, such as a receiver's `handle` or a framework's route. */
export type WebhookTarget = (request: Request) => Response | Promise<Response>;

/** Options of `emulator.connect`. */
export interface ConnectOptions {
  /**
   * The `Authorization` header of every webhook.
   * @default `httpAuthorization` of the webhook that was set for the sub-account, otherwise none
   */
  readonly authorization?: string | undefined;
}

/** One attempt to deliver a webhook. */
export interface EmulatedDelivery {
  /** The JSON that was posted. */
  readonly event: WebhookBody;
  /** The sub-account that the webhook belongs to. */
  readonly subAccountId: string;
  /** The target URL: the message's `dlrCallbackUrl`, the webhook that was set, or `https://webhooks.test/8x8`. */
  readonly url: string;
  /** 1 for the first attempt, 2 for the second, and so on. */
  readonly attempt: number;
  /** The status of the response; undefined when the receiver threw, or when none is connected. */
  readonly status: number | undefined;
  /** The exception of the receiver. */
  readonly error?: unknown;
}

type PendingDelivery = Pick<EmulatedDelivery, 'event' | 'subAccountId' | 'url' | 'attempt'>;

/** Posts webhooks to the connected receiver. */
export interface WebhookSender {
  connect(receive: WebhookTarget, options?: ConnectOptions): void;
  readonly isConnected: () => boolean;
  /** Posts a webhook; `url` replaces the one in the settings. */
  send(event: WebhookBody, subAccountId: string, url?: string): Promise<EmulatedDelivery>;
  resend(delivery: EmulatedDelivery): Promise<EmulatedDelivery>;
  readonly last: () => EmulatedDelivery | undefined;
  retryDue(): Promise<readonly EmulatedDelivery[]>;
  clear(): void;
}

/** 8x8's pauses after a connection error, a time-out, a 4xx or a 5xx (webhook pages, "Retry logic"). */
export const RETRY_AFTER_MS = [1_000, 10_000, 30_000, 90_000];
/** The URL of webhooks that were not set: a reserved name (RFC 6761), where no server listens. */
const DEFAULT_URL = 'https://webhooks.test/8x8';
/** Maximum number of failed deliveries that wait for their next attempt; the oldest are dropped. */
const MAX_WAITING = 1_000;

export function createWebhookSender({
  clock,
  webhooks,
}: Pick<EmulatorContext, 'clock' | 'webhooks'>): WebhookSender {
  let connected: ({ readonly receive: WebhookTarget } & ConnectOptions) | undefined;
  let waiting: { readonly pending: PendingDelivery; readonly dueAt: number }[] = [];
  let last: EmulatedDelivery | undefined;

  const settingsOf = (subAccountId: string) => webhooks.get(subAccountId) ?? webhooks.get('*');

  async function post({
    event,
    url,
    subAccountId,
  }: PendingDelivery): Promise<{ status?: number; error?: unknown }> {
    if (connected === undefined) return {};
    const authorization = connected.authorization ?? settingsOf(subAccountId)?.httpAuthorization;
    const request = new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      body: JSON.stringify(event),
    });
    try {
      const response = await connected.receive(request);
      await response.body?.cancel();
      return { status: response.status };
    } catch (error) {
      return { error };
    }
  }

  async function deliver(pending: PendingDelivery): Promise<EmulatedDelivery> {
    const { status, ...thrown } = await post(pending);
    const pauseMs = RETRY_AFTER_MS[pending.attempt - 1];
    if (pauseMs !== undefined && ('error' in thrown || (status !== undefined && status >= 400))) {
      waiting = [...waiting, { pending, dueAt: clock.now() + pauseMs }].slice(-MAX_WAITING);
    }
    last = { ...pending, status, ...thrown };
    return last;
  }

  return {
    connect(receive, options = {}) {
      connected = { receive, ...options };
    },
    isConnected: () => connected !== undefined,
    async send(event, subAccountId, url) {
      const settings = settingsOf(subAccountId);
      const pending = { event, subAccountId, url: url ?? settings?.url ?? DEFAULT_URL, attempt: 1 };
      if (url === undefined && settings?.enabled === false) return { ...pending, status: undefined };
      return deliver(pending);
    },
    resend: ({ event, subAccountId, url, attempt }) => deliver({ event, subAccountId, url, attempt }),
    last: () => last,
    async retryDue() {
      const now = clock.now();
      const due = waiting.filter(({ dueAt }) => dueAt <= now);
      waiting = waiting.filter(({ dueAt }) => dueAt > now);
      const deliveries: EmulatedDelivery[] = [];
      for (const { pending } of due)
        deliveries.push(await deliver({ ...pending, attempt: pending.attempt + 1 }));
      return deliveries;
    },
    clear() {
      waiting = [];
      last = undefined;
    },
  };
}

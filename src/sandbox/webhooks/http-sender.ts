import type { EmulatedWebhook, EmulatorContext } from '../../emulator/context.ts';
import type { WebhookBody } from '../../emulator/webhooks/webhook-bodies.ts';
import {
  type ConnectOptions,
  type EmulatedDelivery,
  RETRY_AFTER_MS,
  type WebhookSender,
  type WebhookTarget,
} from '../../emulator/webhooks/webhook-sender.ts';
import { isAllowedHost } from '../http/trust.ts';
import type { Scheduler } from '../scheduler.ts';
import { createAccessTokens } from './access-token.ts';
import type { DeliveryAttempt, DeliveryLog, DeliveryRecord } from './delivery-log.ts';

export interface HttpSenderOptions {
  readonly context: Pick<EmulatorContext, 'webhooks'>;
  readonly log: DeliveryLog;
  readonly scheduler: Scheduler;
  readonly allowHosts: readonly string[];
  /** How many times faster than 8x8 it repeats. */
  readonly speed: number;
  /** Called with every webhook, also when nobody receives it. */
  readonly onSend: (event: WebhookBody) => void;
}

/** Posts webhooks over HTTP, as 8x8 does. */
export interface HttpSender extends WebhookSender {
  /** Takes up the webhooks that an earlier process left. */
  resume(): void;
  /** Resolves when no request is in progress. */
  close(): Promise<void>;
}

/** 8x8 documents no limit. */
const TIMEOUT_MS = 10_000;
const MAX_AT_ONCE = 32;
const MAX_WAITING = 100_000;
const MAX_RESPONSE = 2_000;

/** The system's code of a failed connection says more than `fetch failed`. */
function describeError(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no response within ${TIMEOUT_MS / 1000} s`;
  return cause?.code ?? cause?.message ?? message;
}

async function readBeginning(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  while (text.length < MAX_RESPONSE) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text.slice(0, MAX_RESPONSE);
}

export function createHttpSender(options: HttpSenderOptions): HttpSender {
  const { context, log, scheduler, allowHosts, speed, onSend } = options;
  const tokens = createAccessTokens(TIMEOUT_MS);
  const waiting: (() => void)[] = [];
  const active = new Set<Promise<unknown>>();
  let connected: ({ readonly receive: WebhookTarget } & ConnectOptions) | undefined;
  let last: EmulatedDelivery | undefined;
  let isClosed = false;

  const settingsOf = (subAccountId: string): EmulatedWebhook | undefined =>
    context.webhooks.get(subAccountId) ?? context.webhooks.get('*');
  const isAllowed = (url: string) => isAllowedHost(new URL(url).hostname, allowHosts);

  /** Requests at once are limited, so that a batch does not open 10,000 connections. */
  async function takeTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    if (active.size >= MAX_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    const running = run();
    active.add(running);
    try {
      return await running;
    } finally {
      active.delete(running);
      waiting.shift()?.();
    }
  }

  async function authorizationOf(settings: EmulatedWebhook | undefined): Promise<string | undefined> {
    if (settings?.oauth === undefined) return settings?.httpAuthorization;
    if (!isAllowed(settings.oauth.url)) throw new Error('the host of the token endpoint is not allowed');
    return `Bearer ${await tokens.get(settings.oauth)}`;
  }

  async function request({ url, event, subAccountId }: DeliveryRecord): Promise<Response> {
    const settings = settingsOf(subAccountId);
    const authorization = connected?.authorization ?? (await authorizationOf(settings));
    const init: RequestInit = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      body: JSON.stringify(event),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    const response = connected ? await connected.receive(new Request(url, init)) : await fetch(url, init);
    if (response.status === 401 && settings?.oauth !== undefined) tokens.forget(settings.oauth);
    return response;
  }

  async function post(delivery: DeliveryRecord): Promise<DeliveryAttempt & { readonly response?: string }> {
    const at = Date.now();
    try {
      const answer = await request(delivery);
      const response = await readBeginning(answer);
      return { at, durationMs: Date.now() - at, status: answer.status, response };
    } catch (error) {
      return { at, durationMs: Date.now() - at, error: describeError(error) };
    }
  }

  /** Runs one attempt, and schedules the next one after a failure. */
  async function attempt(id: number): Promise<DeliveryRecord | undefined> {
    const delivery = log.get(id);
    if (delivery === undefined || isClosed) return delivery;
    const outcome = await takeTurn(async () => (isClosed ? undefined : post(delivery)));
    // Another process with the same file takes it up.
    if (outcome === undefined) return delivery;
    const { response, ...made } = outcome;
    const attempts = [...delivery.attempts, made];
    const failed = made.status === undefined || made.status >= 400;
    const pauseMs = failed ? RETRY_AFTER_MS[attempts.length - 1] : undefined;
    const nextAt = pauseMs === undefined ? undefined : Date.now() + pauseMs / speed;
    const changed = log.change(id, {
      attempts,
      state: failed ? (pauseMs === undefined ? 'failed' : 'waiting') : 'delivered',
      ...(response !== undefined && { response }),
      ...(nextAt !== undefined && { nextAt }),
    });
    if (nextAt !== undefined) scheduler.at(nextAt, () => void attempt(id));
    return changed;
  }

  function toResult(delivery: DeliveryRecord): EmulatedDelivery {
    const { event, subAccountId, url, attempts } = delivery;
    const { status, error } = attempts.at(-1) ?? {};
    const result = { event, subAccountId, url, attempt: Math.max(1, attempts.length), status };
    last = error === undefined ? result : { ...result, error: new Error(error) };
    return last;
  }

  async function deliver(event: WebhookBody, subAccountId: string, url: string): Promise<EmulatedDelivery> {
    const state = connected !== undefined || isAllowed(url) ? 'waiting' : 'refused';
    const delivery = log.add({ event, subAccountId, url, attempts: [], state });
    if (state === 'refused') return toResult(delivery);
    if (waiting.length >= MAX_WAITING) {
      return toResult(log.change(delivery.id, { state: 'failed' }) ?? delivery);
    }
    return toResult((await attempt(delivery.id)) ?? delivery);
  }

  return {
    connect(receive, options = {}) {
      connected = { receive, ...options };
    },
    // A reply is shown on the page even when nobody receives its webhook.
    isConnected: () => true,
    async send(event, subAccountId, url) {
      onSend(event);
      const settings = settingsOf(subAccountId);
      const target = url ?? settings?.url ?? (connected && 'https://webhooks.test/8x8');
      const isOff = url === undefined && settings?.enabled === false;
      if (target === undefined || isOff) {
        return { event, subAccountId, url: target ?? '', attempt: 1, status: undefined };
      }
      return deliver(event, subAccountId, target);
    },
    resend: ({ event, subAccountId, url }) => deliver(event, subAccountId, url),
    last: () => last,
    retryDue: async () => [],
    clear() {
      log.clear();
      last = undefined;
    },
    resume() {
      for (const { id, state, nextAt = 0 } of log.all()) {
        if (state !== 'waiting') continue;
        scheduler.at(nextAt, () => void attempt(id));
      }
    },
    async close() {
      isClosed = true;
      for (const proceed of waiting.splice(0)) proceed();
      await Promise.allSettled(active);
    },
  };
}

import type { Clock, Fetch } from '../types.ts';
import { type AccessControl, createAccessControl } from './access-control.ts';
import { createContactStore } from './contacts/contact-store.ts';
import type { EmulatedExportOptions, EmulatedWebhook, EmulatorContext, OtherCosts } from './context.ts';
import { assertEmulatorOptions, type EmulatorOptions } from './emulator-options.ts';
import { assertFault } from './fault-input.ts';
import {
  createFaultQueue,
  type EmulatedRequest,
  type FaultName,
  type FaultOptions,
  type FaultResponse,
} from './faults.ts';
import { createIds } from './ids.ts';
import type { EmulatedMessage, EmulatedReceipt } from './message.ts';
import { createMessageStore } from './message-store.ts';
import { playFault } from './play-fault.ts';
import { createPriceTable, type EmulatedPriceOptions, MICROS } from './prices.ts';
import { ProblemError } from './problems.ts';
import { type ReceivedBody, readJsonBody, receiveBody } from './read-request.ts';
import { createRequestLog } from './request-log.ts';
import { toErrorResponse, toResponse } from './responses.ts';
import { matchRoute, type RouteMatch } from './router.ts';
import { type CreateTable, createMemoryTable } from './table.ts';
import {
  createVerificationStore,
  type EmulatedChannel,
  type EmulatedVerification,
} from './verification-store.ts';
import type { EmulatedAnswer } from './webhooks/webhook-bodies.ts';
import type { EmulatedReply, EmulatedReport } from './webhooks/webhook-input.ts';
import {
  type ConnectOptions,
  createWebhookSender,
  type EmulatedDelivery,
  type WebhookSender,
  type WebhookTarget,
} from './webhooks/webhook-sender.ts';
import {
  createWebhookSimulator,
  type MessageReference,
  type WebhookSimulator,
} from './webhooks/webhook-simulator.ts';

export type {
  ConnectOptions,
  EmulatedAnswer,
  EmulatedChannel,
  EmulatedDelivery,
  EmulatedExportOptions,
  EmulatedMessage,
  EmulatedPriceOptions,
  EmulatedReceipt,
  EmulatedReply,
  EmulatedReport,
  EmulatedRequest,
  EmulatedVerification,
  EmulatedWebhook,
  EmulatorOptions,
  FaultName,
  FaultOptions,
  FaultResponse,
  MessageReference,
  WebhookSimulator,
  WebhookTarget,
};

/** An emulated 8x8: its APIs as a `fetch` function, with state, faults and webhooks. */
export interface Emulator extends WebhookSimulator {
  /** A function like the platform's `fetch`; pass it to the client as `fetch`. It serves every host. */
  fetch(input: Parameters<Fetch>[0], init?: RequestInit): Promise<Response>;
  /** Every accepted message in its current state, oldest first. REJECTED messages are not included. */
  readonly messages: readonly EmulatedMessage[];
  /** Every request, oldest first, with the status of its response. */
  readonly requests: readonly EmulatedRequest[];
  /** Every session of the Verification API, oldest first, with the code that the person has to enter. */
  readonly verifications: readonly EmulatedVerification[];
  /** The webhooks as they were set, including their secrets. */
  readonly webhooks: readonly EmulatedWebhook[];
  /**
   * The invented cost of everything accepted and not cancelled, including verifications and lookups, in the currency of
   * the option `prices`.
   */
  cost(): number;
  /**
   * Plays a fault on the next request (or the next `times` requests) that `match` selects. Faults queue up.
   *
   * @throws ValidationError the fault or an option is unknown or malformed
   * @example emulator.failNext('lost-response', { match: (request) => request.operationId === 'Send-Sms-Single' });
   */
  failNext(fault: FaultName | FaultResponse, options?: FaultOptions): void;
  /** Resets everything but the connected receiver: messages, contacts, requests, cost, exports, webhooks, rate limits, queued faults. */
  clear(): void;
}

const REQUESTS_PER_SECOND = 1800;
const PREPAID_BALANCE = 100;
const ANY_SUB_ACCOUNT = 'emulated_subaccount';

/** Parts of an emulator that a server around it replaces. */
export interface EmulatorParts {
  /** Creates the tables of the state. @default tables in memory */
  readonly createTable?: CreateTable;
  /** Maximum number of requests to remember. @default the option `maxKept` */
  readonly maxRequests?: number;
  /** Decides which keys are valid, in place of the option `apiKey`. */
  readonly acceptsKey?: (key: string) => boolean;
  /** Posts the webhooks. @default a sender to the connected receiver */
  readonly createSender?: (context: EmulatorContext) => WebhookSender;
}

/** Amounts that are no message, in a table, so that a file can hold them. */
function createOtherCosts(createTable: CreateTable): OtherCosts {
  const table = createTable<string, number>('other costs');
  const total = () => table.get('micros') ?? 0;
  return { total, add: (micros) => void table.set('micros', total() + micros), clear: () => table.clear() };
}

function createContext(options: EmulatorOptions, createTable: CreateTable): EmulatorContext {
  const clock: Clock = options.clock ?? { now: () => Date.now() };
  const ids = createIds(options.seed);
  const prices = createPriceTable(options.prices);
  const { prepaid = false, maxKept = Number.POSITIVE_INFINITY } = options;
  return {
    clock,
    ids,
    prices,
    messages: createMessageStore({ clock, ids, prices, maxKept, createTable }),
    contacts: createContactStore(clock, createTable),
    verifications: createVerificationStore({ clock, ids, maxKept, createTable }),
    otherCosts: createOtherCosts(createTable),
    webhooks: createTable('webhooks'),
    exportJobs: createTable('export jobs'),
    exportFiles: createTable('export files'),
    exportOptions: options.exports ?? {},
    showPersonalData: options.showPersonalData ?? false,
    subAccountIds: options.subAccountIds,
    verificationTemplates: options.verificationTemplates,
    defaultSubAccountId: options.defaultSubAccountId ?? options.subAccountIds?.[0] ?? ANY_SUB_ACCOUNT,
    openingBalance: prepaid === true ? PREPAID_BALANCE : prepaid === false ? undefined : prepaid.balance,
  };
}

/** Whether a key is valid: without the option, every key. */
function createKeyCheck(apiKey: EmulatorOptions['apiKey']): (key: string) => boolean {
  if (apiKey === undefined) return () => true;
  return typeof apiKey === 'string' ? (key) => key === apiKey : (key) => apiKey.includes(key);
}

/**
 * Creates an emulated 8x8 for tests and demos: all 41 operations of its four APIs behind one function like `fetch`, with
 * state, 8x8's own errors, and faults on demand. It reads no clock, starts no timer and draws no random number before the
 * first request.
 *
 * @throws ConfigurationError an option is unknown or malformed
 * @example
 * ```ts
 * const emulator = createEmulator({ apiKey: 'demo-key' });
 * const sms = new SmsClient({ apiKey: 'demo-key', subAccountId: 'demo', fetch: emulator.fetch });
 * await sms.messages.send({ destination: '+6591234567', text: 'Hello' });
 * emulator.messages[0]?.text; // 'Hello'
 * ```
 */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  return buildEmulator(options).emulator;
}

/**
 * Creates an emulator with parts of its own, and shows its state.
 *
 * @throws ConfigurationError an option is unknown or malformed
 */
export function buildEmulator(
  options: EmulatorOptions,
  parts: EmulatorParts = {},
): { readonly emulator: Emulator; readonly context: EmulatorContext } {
  assertEmulatorOptions(options);
  const context = createContext(options, parts.createTable ?? createMemoryTable);
  const accessControl = createAccessControl(
    {
      acceptsKey: parts.acceptsKey ?? createKeyCheck(options.apiKey),
      accountId: options.accountId,
      requestsPerSecond: options.requestsPerSecond ?? REQUESTS_PER_SECOND,
    },
    context,
  );
  const faults = createFaultQueue();
  const log = createRequestLog(parts.maxRequests ?? options.maxKept ?? Number.POSITIVE_INFINITY);
  const sender = (parts.createSender ?? createWebhookSender)(context);
  const { clear: clearWebhooks, ...webhookSimulator } = createWebhookSimulator(context, sender);

  async function emulatedFetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    // Not `request.signal`: some runtimes create a request without a signal.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const received = await receiveBody(request);
    signal?.throwIfAborted();
    const url = new URL(request.url);
    const match = matchRoute(request.method, url.pathname);
    const entry = log.add(request, url, match, received, context.clock.now());
    const handle = (rejection?: string) =>
      handleRequest({ request, url, received, match, rejection }, accessControl, context);
    const planned = faults.next(entry.request());
    const response = await (planned === undefined
      ? handle()
      : playFault(planned, { signal, url, handle: handle, context, record: entry.record }));
    entry.record({ status: response.status });
    return response;
  }

  const emulator: Emulator = {
    ...webhookSimulator,
    fetch: emulatedFetch,
    get messages() {
      return context.messages.all();
    },
    get requests() {
      return log.all();
    },
    get webhooks() {
      return [...context.webhooks.values()];
    },
    get verifications() {
      return context.verifications.all();
    },
    cost: () => (context.messages.spentMicros() + context.otherCosts.total()) / MICROS,
    failNext(fault, faultOptions = {}) {
      assertFault(fault, faultOptions);
      faults.plan(fault, faultOptions);
    },
    clear() {
      context.messages.clear();
      context.contacts.clear();
      context.verifications.clear();
      context.otherCosts.clear();
      context.webhooks.clear();
      context.exportJobs.clear();
      context.exportFiles.clear();
      accessControl.clear();
      faults.clear();
      log.clear();
      clearWebhooks();
    },
  };
  return { emulator, context };
}

interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly received: ReceivedBody;
  readonly match: RouteMatch;
  readonly rejection: string | undefined;
}

function handleRequest(exchange: Exchange, accessControl: AccessControl, context: EmulatorContext): Response {
  const { request, url, received, match, rejection } = exchange;
  try {
    if ('problem' in match) return toErrorResponse(match.problem, context);
    const { route, segments } = match;
    accessControl.check(route, segments, request.headers.get('authorization'));
    const body = readJsonBody(received, route.body);
    const { form } = received;
    const call = { segments, query: url.searchParams, body, form, origin: url.origin, rejection };
    return toResponse(route.handler(call, context));
  } catch (error) {
    if (error instanceof ProblemError) return toErrorResponse(error.problem, context);
    throw error;
  }
}

import { SANDBOX_KEY_PREFIX } from '../config/credentials.ts';
import type { EmulatorContext } from '../emulator/context.ts';
import { buildEmulator, type Emulator } from '../emulator/emulator.ts';
import type { EmulatedMessage } from '../emulator/message.ts';
import type { WebhookBody } from '../emulator/webhooks/webhook-bodies.ts';
import { createMobileNetwork } from './network/mobile-network.ts';
import { planReservedFaults } from './network/reserved-numbers.ts';
import type { ResolvedSandboxOptions } from './options.ts';
import { createScheduler } from './scheduler.ts';
import type { StateFile } from './state/state-file.ts';
import { createTables, type Tables } from './state/tables.ts';
import { createDeliveryLog, type DeliveryLog } from './webhooks/delivery-log.ts';
import { createHttpSender, type HttpSender } from './webhooks/http-sender.ts';

/** The emulated 8x8 with a network that carries messages, and webhooks that are posted. */
export interface Engine {
  readonly emulator: Emulator;
  readonly context: EmulatorContext;
  readonly tables: Tables;
  readonly deliveries: DeliveryLog;
  /** Calls back with every webhook, also when nobody receives it. */
  onWebhook(listener: (event: WebhookBody) => void): void;
  /** Takes up what an earlier process left, and plans the faults. */
  begin(): void;
  /** Forgets everything, and begins again. */
  clear(): void;
  end(): Promise<void>;
}

/** Bodies of batches are large. */
const MAX_REQUESTS = 1_000;

export function createEngine(options: ResolvedSandboxOptions, file: StateFile | undefined): Engine {
  const { speed, allowHosts, webhook, faults, log } = options;
  const tables = createTables(file?.record, file?.stored);
  const scheduler = createScheduler(speed);
  const deliveries = createDeliveryLog(tables.createTable);
  const webhookListeners: ((event: WebhookBody) => void)[] = [];
  let sender: HttpSender | undefined;
  const { emulator, context } = buildEmulator(
    {
      showPersonalData: true,
      defaultSubAccountId: 'sandbox',
      ...options.emulator,
      maxKept: options.maxMessages,
    },
    {
      createTable: tables.createTable,
      acceptsKey: (key) => key.startsWith(SANDBOX_KEY_PREFIX),
      maxRequests: MAX_REQUESTS,
      createSender: (itsContext) => {
        sender = createHttpSender({
          context: itsContext,
          log: deliveries,
          scheduler,
          allowHosts,
          speed,
          onSend(event) {
            for (const listener of webhookListeners) listener(event);
          },
        });
        return sender;
      },
    },
  );
  const tell = (error: Error) => log(error.message);
  const network = createMobileNetwork({
    context,
    scheduler,
    report: (umid, report) => emulator.report(umid, report).catch(tell),
    reply: (from, text) => emulator.reply(from, text).catch(tell),
  });
  tables.onSet<EmulatedMessage>('messages', (_umid, message, previous) => {
    if (previous === undefined) network.carry(message);
  });

  function prepare(): void {
    if (webhook !== undefined) context.webhooks.set(webhook.subAccountId, webhook);
    planReservedFaults(emulator.failNext);
  }

  return {
    emulator,
    context,
    tables,
    deliveries,
    onWebhook: (listener) => void webhookListeners.push(listener),
    begin() {
      for (const { fault, ...details } of faults) emulator.failNext(fault, details);
      prepare();
      sender?.resume();
      for (const message of context.messages.all()) network.carry(message);
    },
    clear() {
      scheduler.clear();
      emulator.clear();
      prepare();
    },
    async end() {
      scheduler.clear();
      await sender?.close();
    },
  };
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { EmulatedMessage } from '../../emulator/message.ts';
import type { Tables } from '../state/tables.ts';

/** A request that carried messages, and its response. */
export interface ExchangeRecord {
  readonly method: string;
  readonly path: string;
  readonly requestBody: string;
  /** Absent when the connection broke. */
  readonly status?: number;
  readonly responseBody: string;
}

/** The requests that carried the latest messages. */
export interface Exchanges {
  /** Runs a request, and remembers it when a message was accepted meanwhile. */
  watch(
    request: Pick<ExchangeRecord, 'method' | 'path' | 'requestBody'>,
    run: () => Promise<Response | 'broken'>,
  ): Promise<Response | 'broken'>;
  find(message: EmulatedMessage): ExchangeRecord | undefined;
  clear(): void;
}

const MAX_EXCHANGES = 5_000;
/** Longer bodies, those of batches, are cut. */
const MAX_BODY = 20_000;

const cut = (text: string) => (text.length > MAX_BODY ? `${text.slice(0, MAX_BODY)}…` : text);

export function createExchanges(tables: Tables): Exchanges {
  const table = tables.createTable<string, ExchangeRecord>('exchanges');
  const running = new AsyncLocalStorage<{ accepted?: EmulatedMessage }>();
  tables.onSet<EmulatedMessage>('messages', (_umid, message, previous) => {
    const exchange = running.getStore();
    if (exchange !== undefined && previous === undefined) exchange.accepted ??= message;
  });
  /** All messages of a batch share a request. */
  const keyOf = ({ batchId, umid }: EmulatedMessage) => batchId ?? umid;

  return {
    async watch({ method, path, requestBody }, run) {
      const exchange: { accepted?: EmulatedMessage } = {};
      const response = await running.run(exchange, run);
      if (exchange.accepted === undefined) return response;
      const isBroken = response === 'broken';
      table.set(keyOf(exchange.accepted), {
        method,
        path,
        requestBody: cut(requestBody),
        ...(!isBroken && { status: response.status }),
        responseBody: isBroken ? '' : cut(await response.clone().text()),
      });
      for (const oldest of table.keys()) {
        if (table.size <= MAX_EXCHANGES) break;
        table.delete(oldest);
      }
      return response;
    },
    find: (message) => table.get(keyOf(message)),
    clear: () => table.clear(),
  };
}

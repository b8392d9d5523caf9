import type { EmulatedRequest, FaultName, FaultOptions } from '../../emulator/faults.ts';
import { DELIVERY_ERROR_CODES } from '../../webhooks/delivery-error-codes.ts';

/** The behaviour of each reserved number, beside the ones for delivery errors. */
export interface ReservedNumber {
  readonly number: string;
  /** One line for the page and the documents. */
  readonly effect: string;
  /** A fault of every request that sends one message to it. */
  readonly fault?: FaultName;
  readonly options?: FaultOptions;
  /** Its receipts: none at all, or none after `sent`. */
  readonly receipts?: 'none' | 'sent';
  /** Its answer to every message. */
  readonly answer?: string;
}

/** Valid numbers of Singapore, so that they pass the checks of clients. */
export const RESERVED_NUMBERS: readonly ReservedNumber[] = [
  { number: '+6590000200', effect: 'is accepted, and no receipt comes', receipts: 'none' },
  { number: '+6590000202', effect: 'is sent, and no final receipt comes', receipts: 'sent' },
  { number: '+6590000301', effect: 'answers every message with STOP', answer: 'STOP' },
  { number: '+6590000302', effect: 'answers every message with YES', answer: 'YES' },
  {
    number: '+6590000408',
    effect: 'is accepted, but the response is lost: the connection breaks',
    fault: 'lost-response',
  },
  {
    number: '+6590000426',
    effect: 'gets 426, code 1014: TLS 1.3 is required',
    fault: 'tls',
  },
  {
    number: '+6590000429',
    effect: 'gets 429 with Retry-After: 2',
    fault: '429',
    options: { retryAfterSeconds: 2 },
  },
  { number: '+6590000461', effect: 'is REJECTED inside HTTP 200', fault: 'reject' },
  { number: '+6590000500', effect: 'gets 500', fault: '500' },
  { number: '+6590000502', effect: 'gets the HTML page of a proxy with 502', fault: 'html' },
  { number: '+6590000503', effect: 'gets 503', fault: '503' },
  {
    number: '+6590000504',
    effect: 'is accepted, and the response comes after 30 s',
    fault: 'slow',
    options: { delayMs: 30_000 },
  },
];

const byNumber = new Map(RESERVED_NUMBERS.map((reserved) => [reserved.number, reserved]));

/** `+6590000001` to `+6590000099`: the last two digits are a delivery error code of 8x8. */
const DELIVERY_ERROR = /^\+65900000(\d\d)$/;

export function reservedNumber(number: string): ReservedNumber | undefined {
  return byNumber.get(number);
}

/** The delivery error that a number stands for. */
export function deliveryErrorOf(number: string): { code: number; meaning: string } | undefined {
  const code = Number(DELIVERY_ERROR.exec(number)?.[1] ?? 0);
  return code === 0 ? undefined : DELIVERY_ERROR_CODES.find((known) => known.code === code);
}

/** The number that a request sends one message or code to. */
function destinationOf({ body }: EmulatedRequest): string | undefined {
  const { destination } = (body ?? {}) as { destination?: unknown };
  return typeof destination === 'string' ? `+${destination.replace(/\D/g, '')}` : undefined;
}

/** Plans the faults of reserved numbers, for every request to come. */
export function planReservedFaults(plan: (fault: FaultName, options: FaultOptions) => void): void {
  for (const { number, fault, options } of RESERVED_NUMBERS) {
    if (fault === undefined) continue;
    plan(fault, {
      ...options,
      times: Number.POSITIVE_INFINITY,
      match: (request) => request.method === 'POST' && destinationOf(request) === number,
    });
  }
}

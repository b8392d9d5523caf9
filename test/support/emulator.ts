import { createEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { Fetch } from '../../src/types.ts';

/** 2026-07-01T00:00:00Z */
export const START = Date.UTC(2026, 6, 1);
export const ACCOUNT_ID = '2e4bd1f0-6f7c-4c6b-9d4e-0a4d5b1c9f10';
export const SUB_ACCOUNT = '/api/v1/subaccounts/team_otp';
export const ACCOUNT = `/api/v1/accounts/${ACCOUNT_ID}`;

/** The fields of responses that tests read one by one; whole responses are compared with `toEqual`. */
export interface ResponseBody {
  readonly code: number;
  readonly message: string;
  readonly umid: string;
  readonly batchId: string;
  readonly jobId: string;
  /** A state (exports) or an object (messages). */
  readonly status: unknown;
  readonly data: readonly string[];
  readonly messages: readonly { readonly umid: string; readonly status: unknown }[];
}

export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, undefined for an empty body, the text when it is not JSON. */
  readonly body: ResponseBody;
}

export interface TestEmulator {
  readonly emulator: Emulator;
  /** `call('POST', '/…', { … })`, with a valid key. */
  call(method: string, path: string, body?: unknown, init?: RequestInit): Promise<TestResponse>;
  /** Moves the emulator's clock. */
  advance(milliseconds: number): void;
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** An emulator with its own clock, the same ids in every run, and a short call function. */
export function startEmulator(
  options: EmulatorOptions = {},
  wrap: (fetch: Fetch) => Fetch = (fetch) => fetch,
): TestEmulator {
  let now = START;
  const emulator = createEmulator({ clock: { now: () => now }, seed: 1, ...options });
  const fetch = wrap(emulator.fetch);
  return {
    emulator,
    advance(milliseconds) {
      now += milliseconds;
    },
    async call(method, path, body, init = {}) {
      const response = await fetch(`https://sms.8x8.com${path}`, {
        method,
        headers: { authorization: 'Bearer good-key', 'content-type': 'application/json' },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        ...init,
      });
      return {
        status: response.status,
        headers: response.headers,
        body: parse(await response.text()) as ResponseBody,
      };
    },
  };
}

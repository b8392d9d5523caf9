import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SmsClient } from '../../src/client.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import { SmsError } from '../../src/errors.ts';
import type { SmsEvent } from '../../src/events.ts';
import type { Fetch } from '../../src/types.ts';
import { CANARY_KEY, CANARY_NUMBER, CANARY_TEXT, expectNoCanary, shown } from '../support/canary.ts';
import { testClient } from '../support/client.ts';
import { drive, useFakeTimeouts } from '../support/drive.ts';
import { CALLS, type Method, methodsOf } from '../support/public-methods.ts';

/** Each occurs nowhere else. */
const VALUES = {
  destination: CANARY_NUMBER,
  text: CANARY_TEXT,
  code: '840917',
  subject: 'device-canary-5e1f77',
  name: 'Canary Mei-Ling',
};
const METHODS = Object.keys(CALLS) as Method[];

/** A text that repeats all that a request holds. */
async function echoOf(url: unknown, init: RequestInit | undefined): Promise<string> {
  const body = await new Response(init?.body).text();
  const { authorization } = Object.fromEntries(new Headers(init?.headers));
  return [body, url, decodeURIComponent(String(url)), authorization].join(' ');
}

const json = (status: number) => async (echo: string) =>
  new Response(
    JSON.stringify({ code: 1002, message: echo, errorId: echo.slice(0, 90), umid: echo.slice(0, 90) }),
    {
      status,
      headers: { 'content-type': 'application/json', 'x-request-id': CANARY_NUMBER.slice(1) },
    },
  );

/** The responses of an 8x8, or of a proxy, that repeats everything. */
const RESPONSES: Readonly<Record<string, (echo: string) => Promise<Response>>> = {
  ...Object.fromEntries(
    [200, 201, 302, 400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503].map((status) => [
      `a ${status} that repeats it`,
      json(status),
    ]),
  ),
  'a page of a proxy': async (echo) => new Response(`<html>${echo}</html>`, { status: 502 }),
  'a 200 that is no JSON': async (echo) => new Response(echo),
  'a fetch that throws it': (echo) => Promise.reject(new TypeError(echo, { cause: new Error(echo) })),
};

function start(respond: (echo: string) => Promise<Response>) {
  let written = 0;
  const fetch: Fetch = async (url, init) => {
    written += 1;
    return respond(await echoOf(url, init));
  };
  const events: SmsEvent[] = [];
  const lines: unknown[] = [];
  const log = (...line: readonly unknown[]) => void lines.push(line);
  for (const level of ['debug', 'info', 'log', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(log);
  const { sms } = testClient({
    apiKey: CANARY_KEY,
    accountId: 'acme',
    fetch,
    logLevel: 'debug',
    onEvent: (event) => void events.push(event),
    oneTimePasswords: { secret: 's'.repeat(32) },
    guards: {
      consent: {
        ledger: memoryConsentLedger(),
        forgetSecret: 'f'.repeat(32),
        inbound: { optOutReply: 'No more messages.' },
      },
    },
  });
  return { sms, events, lines, written: () => written };
}

/** Every error of an outcome: thrown, or in a result. A result itself shows the number to its caller. */
function errorsOf(outcome: unknown): unknown[] {
  if (outcome instanceof Error) return [outcome];
  if (typeof outcome !== 'object' || outcome === null) return [];
  return Object.values(outcome).flatMap(errorsOf);
}

function expectNone(value: unknown): void {
  expectNoCanary(value);
  const text = shown(value);
  for (const canary of [VALUES.code, VALUES.subject, VALUES.name]) expect(text).not.toContain(canary);
}

async function outcomeOf(sms: SmsClient, method: Method): Promise<unknown> {
  return drive(CALLS[method](sms, VALUES).catch((error: unknown) => error));
}

beforeEach(() => {
  useFakeTimeouts();
  // Elsewhere the console shows exceptions of the team's own `fetch` whole.
  vi.stubEnv('NODE_ENV', 'production');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the key, the number, the text, the code, the visitor and the name', () => {
  it.each(METHODS)('are in no error, event or log line of %s, whatever 8x8 repeats', async (method) => {
    for (const [title, respond] of Object.entries(RESPONSES)) {
      const { sms, events, lines } = start(respond);
      const outcome = await outcomeOf(sms, method);
      if (outcome instanceof Error) expect(outcome, title).toBeInstanceOf(SmsError);
      for (const error of errorsOf(outcome)) expectNone(error);
      expectNone(events);
      expectNone(lines);
    }
  });

  it('are looked for in every method of the client, and most of them ask 8x8', async () => {
    const silent: Method[] = [];
    for (const method of METHODS) {
      const { sms, written } = start(json(500));
      await outcomeOf(sms, method);
      if (written() === 0) silent.push(method);
    }
    expect(methodsOf(start(json(500)).sms)).toEqual([...METHODS].sort());
    expect(silent.sort()).toEqual([
      'consent.confirm',
      'consent.forget',
      'consent.grant',
      'consent.history',
      'consent.revoke',
      'consent.status',
      'guards.explain',
      'guards.inspect',
      'guards.lift',
      'guards.release',
      'guards.reportOutcome',
      'guards.suspensions',
      'guards.trust',
      'messages.estimate',
      'oneTimePasswords.check',
    ]);
  });
});

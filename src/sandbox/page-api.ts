import { assertFault } from '../emulator/fault-input.ts';
import type { FaultName } from '../emulator/faults.ts';
import type { EmulatedMessage } from '../emulator/message.ts';
import { ValidationError } from '../errors.ts';
import { VERSION } from '../internal/version.ts';
import { ATTACK_GUARDS, type Attack, type AttackGuards } from './attack.ts';
import type { Engine } from './engine.ts';
import type { HttpRequest } from './http/http-server.ts';
import { isReportedEvent } from './inbox/client-events.ts';
import type { Exchanges } from './inbox/exchanges.ts';
import type { Inbox } from './inbox/inbox.ts';
import type { DetailsView, SummaryView } from './inbox/views.ts';
import type { Live } from './live.ts';
import { RESERVED_NUMBERS } from './network/reserved-numbers.ts';

/** The parts that the page shows and moves. */
export interface PageApiOptions {
  readonly engine: Engine;
  readonly inbox: Inbox;
  readonly exchanges: Exchanges;
  readonly live: Live;
  readonly attack: Attack;
  readonly environment: () => Readonly<Record<string, string>>;
  readonly speed: number;
  /** Forgets everything. */
  readonly clear: () => Promise<void>;
}

/** Serves the paths under `/_sandbox/`; undefined for a path that it does not know. */
export type PageApi = (request: HttpRequest) => Promise<Response | undefined>;

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_PAGE = 200;
const MAX_EVENTS = 500;

type Body = Readonly<Record<string, unknown>>;

function refuse(message: string, status = 400): Response {
  return Response.json({ message }, { status });
}

function readText(body: Body, name: string, isOptional = false): string {
  const value = body[name];
  if (value === undefined && isOptional) return '';
  if (typeof value === 'string' && (isOptional || value !== '')) return value;
  throw new ValidationError(`${name} must be a text.`, name);
}

function readCount(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const value = Number(query.get(name) ?? fallback);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : fallback;
}

/** A shell command; a quote inside single quotes ends and begins them again. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function curlOf(url: string, method: string, path: string, body: string): string {
  return [
    `curl -X ${method} ${quoted(url + path)}`,
    "  -H 'Authorization: Bearer sandbox_any'",
    "  -H 'Content-Type: application/json'",
    `  -d ${quoted(body)}`,
  ].join(' \\\n');
}

export function createPageApi(options: PageApiOptions): PageApi {
  const { engine, inbox, exchanges, live, attack } = options;
  const { emulator, context } = engine;

  const urlOf = () => options.environment().EIGHTBYEIGHT_BASE_URL ?? '';

  function detailsOf(message: EmulatedMessage): DetailsView {
    const { umid, subAccountId, destination, text, source, encoding } = message;
    const exchange = exchanges.find(message);
    // The request of a batch is too long to paste, and its other messages would be sent again.
    const isWhole = exchange !== undefined && message.batchId === undefined;
    const path = isWhole ? exchange.path : `/api/v1/subaccounts/${subAccountId}/messages`;
    const body = isWhole ? exchange.requestBody : JSON.stringify({ destination, source, text, encoding });
    return {
      umid,
      message,
      ...(exchange && {
        request: { method: exchange.method, path: exchange.path, body: exchange.requestBody },
        ...(exchange.status !== undefined && {
          response: { status: exchange.status, body: exchange.responseBody },
        }),
      }),
      curl: curlOf(urlOf(), exchange?.method ?? 'POST', path, body),
      webhooks: inbox.webhooksOf(umid),
    };
  }

  function summary(): SummaryView {
    const guards = inbox.guards();
    const sum = (pick: (count: (typeof guards)[number]) => number) =>
      guards.reduce((total, count) => total + pick(count), 0);
    const view = attack.view();
    return {
      version: VERSION,
      environment: options.environment(),
      currency: context.prices.currency,
      phones: inbox.phoneCount(),
      messages: context.messages.all().length,
      spent: emulator.cost(),
      saved: sum(({ saved }) => saved),
      refused: sum(({ refused }) => refused),
      guards,
      webhooks: [...context.webhooks.values()].map(({ subAccountId, url, enabled }) => ({
        subAccountId,
        url,
        enabled,
      })),
      speed: options.speed,
      faults: FAULTS,
      reserved: RESERVED_NUMBERS.map(({ number, effect }) => ({ number, effect })),
      ...(view && { attack: view }),
    };
  }

  function messageOf(id: string): EmulatedMessage {
    const message = context.messages.get(id);
    if (message === undefined) throw new ValidationError('The message is not here any more.', 'umid');
    return message;
  }

  function read(path: readonly string[], query: URLSearchParams): Response | undefined {
    const [name = '', id = ''] = path;
    switch (name) {
      case 'summary':
        return Response.json(summary());
      case 'live':
        return new Response(live.open(), { headers: { 'content-type': 'text/event-stream' } });
      case 'phones': {
        if (id === '') {
          return Response.json(
            inbox.phones({
              search: (query.get('search') ?? '').slice(0, 200),
              refusedOnly: query.get('refused') === '1',
              offset: readCount(query, 'offset', 0, Number.MAX_SAFE_INTEGER),
              limit: readCount(query, 'limit', 50, MAX_PAGE),
            }),
          );
        }
        const before = query.has('before')
          ? readCount(query, 'before', 0, Number.MAX_SAFE_INTEGER)
          : undefined;
        const thread = inbox.thread(id, before, readCount(query, 'limit', 50, MAX_PAGE));
        return thread === undefined ? refuse('There is nothing of this phone.', 404) : Response.json(thread);
      }
      case 'messages':
        return Response.json(detailsOf(messageOf(id)));
      default:
        return undefined;
    }
  }

  /** An act of a person or of the network. */
  async function act(id: string, action: string, body: Body): Promise<object> {
    const message = messageOf(id);
    if (action === 'click') return emulator.click(message);
    if (action === 'answers') {
      const question = readText(body, 'question', true) || message.text.slice(0, 80);
      return emulator.answerSurvey(message, [{ question, answer: readText(body, 'answer') }]);
    }
    const errorCode = Number(body.errorCode ?? 0);
    return emulator.report(message, {
      state: readText(body, 'state'),
      ...(errorCode > 0 && { errorCode }),
    });
  }

  async function write(path: readonly string[], body: unknown): Promise<Response | undefined> {
    const [name = '', id = '', action = ''] = path;
    if (name === 'events') {
      if (!Array.isArray(body) || body.length > MAX_EVENTS) return refuse('events must be a list.');
      inbox.report(body.filter(isReportedEvent));
      return new Response(null, { status: 204 });
    }
    const fields = (typeof body === 'object' && body !== null ? body : {}) as Body;
    if (name === 'replies') {
      const to = readText(fields, 'to', true);
      const made = await emulator.reply(
        readText(fields, 'from'),
        readText(fields, 'text'),
        to === '' ? {} : { to },
      );
      return Response.json({ status: made.status ?? null });
    }
    if (name === 'messages' && ['click', 'answers', 'report'].includes(action)) {
      const made = (await act(id, action, fields)) as { status?: number };
      return Response.json({ status: made.status ?? null });
    }
    if (name === 'faults') {
      const fault = readText(fields, 'fault') as FaultName;
      const times = Number(fields.times ?? 1);
      assertFault(fault, { times });
      // Requests of the page's own attack too: that is what it is for.
      emulator.failNext(fault, { times });
      return new Response(null, { status: 204 });
    }
    if (name === 'attack') {
      const guards = readText(fields, 'guards');
      if (guards === 'stop') await attack.stop();
      else if (Object.hasOwn(ATTACK_GUARDS, guards)) attack.start(guards as AttackGuards);
      else return refuse('guards must be none, defaults, configured or stop.');
      return new Response(null, { status: 204 });
    }
    if (name === 'clear') {
      await options.clear();
      return new Response(null, { status: 204 });
    }
    return undefined;
  }

  return async ({ method, target, headers, body }) => {
    try {
      const { pathname, searchParams } = new URL(target, 'http://sandbox');
      const path = pathname.split('/').slice(2).map(decodeURIComponent);
      if (method === 'GET') return read(path, searchParams);
      if (method !== 'POST') return refuse('Only GET and POST are served here.', 405);
      // A form of a foreign page cannot send this type without asking first.
      if (headers.get('content-type')?.startsWith('application/json') !== true) {
        return refuse('The body must be application/json.', 415);
      }
      if (body === undefined || body.byteLength > MAX_BODY_BYTES)
        return refuse('The body is too large.', 413);
      return await write(path, body.byteLength === 0 ? {} : JSON.parse(new TextDecoder().decode(body)));
    } catch (error) {
      if (ValidationError.isInstance(error)) return refuse(error.message);
      if (error instanceof SyntaxError || error instanceof URIError) return refuse('This is not readable.');
      throw error;
    }
  };
}

/** The faults that can be played over HTTP. */
const FAULTS = [
  '429',
  '500',
  '503',
  'tls',
  'html',
  'reset',
  'lost-response',
  'slow',
  'truncated',
  'empty',
  'reject',
];

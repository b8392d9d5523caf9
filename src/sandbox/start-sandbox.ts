import type { Emulator } from '../emulator/emulator.ts';
import { PROBLEMS } from '../emulator/problems.ts';
import { toErrorResponse } from '../emulator/responses.ts';
import type { Fetch } from '../types.ts';
import { createAttack } from './attack.ts';
import { createEngine } from './engine.ts';
import { type HttpRequest, startHttpServer } from './http/http-server.ts';
import { refusalOf } from './http/trust.ts';
import { isReportedEvent } from './inbox/client-events.ts';
import { createExchanges } from './inbox/exchanges.ts';
import { createInbox } from './inbox/inbox.ts';
import { createLive } from './live.ts';
import { isLocalAddress, resolveSandboxOptions, type SandboxOptions } from './options.ts';
import { createPageApi } from './page-api.ts';
import { servePage, withPageHeaders } from './serve-page.ts';
import { openStateFile } from './state/state-file.ts';

/** A running sandbox. */
export interface Sandbox {
  /** Its address, for example `http://127.0.0.1:8808`: the page, and the `baseUrl` of a client. */
  readonly url: string;
  /** The key to paste; every key that begins with `sandbox_` is accepted. */
  readonly apiKey: string;
  /** The environment variables that lead a client here. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Warnings for a sandbox that others can reach: everybody on the network may read the messages. Empty when it
   * listens only on this machine.
   */
  readonly warnings: readonly string[];
  /** The emulated 8x8: messages, requests, faults. */
  readonly emulator: Emulator;
  /** Ends requests in progress, and stops listening. */
  close(): Promise<void>;
  /** Closes the sandbox at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A full batch of 10,000 ten-part messages stays below this. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const NETWORK_WARNING =
  'The sandbox listens beyond this machine: anyone who can reach it can read its messages and send others. It has no passwords.';

/** The paths of 8x8's four products, which they share. */
const API_PATH = /^\/(?:api|sma)\//;
/** The paths of the page's own API. */
const PAGE_API = '/_sandbox/';

/**
 * Starts an emulated 8x8 as a server on this machine, for any client in any language. Needs Node.
 *
 * @throws ConfigurationError an option is unknown or malformed, or the port is in use
 * @example
 * ```ts
 * const sandbox = await startSandbox({ port: 0 });
 * const sms = new SmsClient({ baseUrl: sandbox.url, apiKey: sandbox.apiKey, subAccountId: 'shop' });
 * await sms.messages.send({ destination: '+6591234567', text: 'Hello' });
 * await sandbox.close();
 * ```
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const resolved = resolveSandboxOptions(options);
  const { host, apiKey, allowHosts, log } = resolved;
  const file = resolved.data === undefined ? undefined : await openStateFile(resolved.data, log);
  const engine = createEngine(resolved, file);
  const { emulator, context } = engine;
  const exchanges = createExchanges(engine.tables);
  const inbox = createInbox(engine);
  const live = createLive();
  inbox.onChange(live.changed);
  let url = '';
  const environment = () => ({
    EIGHTBYEIGHT_BASE_URL: url,
    EIGHTBYEIGHT_API_KEY: apiKey,
    EIGHTBYEIGHT_SUB_ACCOUNT_ID: context.defaultSubAccountId,
    EIGHTBYEIGHT_ACCOUNT_ID: resolved.emulator.accountId ?? 'sandbox',
  });

  /** The client of the attack is in this process, and its requests need no socket. */
  const fetchInside: Fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname: path } = new URL(request.url);
    const requestBody = await request.clone().text();
    const exchange = { method: request.method, path, requestBody };
    return (await exchanges.watch(exchange, () => emulator.fetch(request))) as Response;
  };
  const attack = createAttack({
    fetch: fetchInside,
    apiKey,
    report: (event) => inbox.report([event].filter(isReportedEvent)),
    changed: live.changed,
    speed: resolved.speed,
  });
  const pageApi = createPageApi({
    engine,
    inbox,
    exchanges,
    live,
    attack,
    environment,
    speed: resolved.speed,
    async clear() {
      await attack.stop();
      engine.clear();
      exchanges.clear();
      inbox.clear();
      live.changed();
    },
  });

  async function callEmulator({ method, target, headers, body }: HttpRequest): Promise<Response | 'broken'> {
    const hasBody = body !== undefined && body.byteLength > 0 && method !== 'GET' && method !== 'HEAD';
    try {
      return await emulator.fetch(`http://${headers.get('host')}${target}`, {
        method,
        headers,
        ...(hasBody && { body }),
      });
    } catch (error) {
      // A fault that breaks the connection looks like one of `fetch`.
      if (error instanceof TypeError && error.message === 'fetch failed') return 'broken';
      throw error;
    }
  }

  async function handle(request: HttpRequest): Promise<Response | 'broken'> {
    const { headers, method, target, body } = request;
    const caller = { host: headers.get('host') ?? undefined, origin: headers.get('origin') ?? undefined };
    const refusal = refusalOf(caller, allowHosts);
    if (refusal !== undefined) return new Response(`${refusal}\n`, { status: 403 });
    if (API_PATH.test(target)) {
      if (body === undefined) return toErrorResponse(PROBLEMS.bodyTooLarge, context);
      const exchange = { method, path: target, requestBody: new TextDecoder().decode(body) };
      return exchanges.watch(exchange, () => callEmulator(request));
    }
    const response = target.startsWith(PAGE_API) ? await pageApi(request) : servePage(request);
    return withPageHeaders(response ?? toErrorResponse(PROBLEMS.notFound, context));
  }

  const server = await startHttpServer({
    host,
    port: resolved.port,
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request) {
      try {
        return await handle(request);
      } catch (error) {
        log(`a request failed: ${error instanceof Error ? error.stack : error}`);
        return toErrorResponse(PROBLEMS.internal, context);
      } finally {
        // An answer that a client got survives the end of this process.
        file?.flush();
      }
    },
  }).catch((error) => {
    file?.close();
    throw error;
  });
  const shownHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  url = `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${server.port}`;
  engine.begin();

  async function close(): Promise<void> {
    live.close();
    await attack.stop();
    await server.close();
    await engine.end();
    file?.close();
  }
  return {
    url,
    apiKey,
    environment: environment(),
    warnings: isLocalAddress(host) ? [] : [NETWORK_WARNING],
    emulator,
    close,
    [Symbol.asyncDispose]: close,
  };
}

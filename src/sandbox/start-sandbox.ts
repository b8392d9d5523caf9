import type { Emulator } from '../emulator/emulator.ts';
import { PROBLEMS } from '../emulator/problems.ts';
import { toErrorResponse } from '../emulator/responses.ts';
import { createEngine } from './engine.ts';
import { type HttpRequest, startHttpServer } from './http/http-server.ts';
import { refusalOf } from './http/trust.ts';
import { isLocalAddress, resolveSandboxOptions, type SandboxOptions } from './options.ts';
import { openStateFile } from './state/state-file.ts';

/** A running sandbox. */
export interface Sandbox {
  /** Its address, for example `http://127.0.0.1:8808`: the page, and the `baseUrl` of a client. */
  readonly url: string;
  /** The key to paste; every key that begins with `sandbox_` is accepted. */
  readonly apiKey: string;
  /** The environment variables that lead a client here. */
  readonly environment: Readonly<Record<string, string>>;
  /** What to know before others use it: everybody in the network may read the messages. Empty on this machine alone. */
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
  'The sandbox listens beyond this machine: everybody who reaches it can read its messages and send some. It has no passwords.';

/** The paths of 8x8's four products, which they share. */
const API_PATH = /^\/(?:api|sma)\//;

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
  const file = resolved.data === undefined ? undefined : await openStateFile(resolved.data);
  const { emulator, context, begin, end } = createEngine(resolved, file);

  async function serveApi(request: HttpRequest): Promise<Response | 'broken'> {
    const { method, target, headers, body } = request;
    if (body === undefined) return toErrorResponse(PROBLEMS.bodyTooLarge, context);
    try {
      return await emulator.fetch(`http://${headers.get('host')}${target}`, {
        method,
        headers,
        ...(body.byteLength > 0 && method !== 'GET' && method !== 'HEAD' && { body }),
      });
    } catch {
      // A fault that breaks the connection.
      return 'broken';
    }
  }

  async function handle(request: HttpRequest): Promise<Response | 'broken'> {
    const { headers, target } = request;
    const caller = {
      host: headers.get('host') ?? undefined,
      origin: headers.get('origin') ?? undefined,
    };
    const refusal = refusalOf(caller, resolved.allowHosts);
    if (refusal !== undefined) return new Response(`${refusal}\n`, { status: 403 });
    if (API_PATH.test(target)) return serveApi(request);
    return toErrorResponse(PROBLEMS.notFound, context);
  }

  const { host, apiKey } = resolved;
  const server = await startHttpServer({
    host,
    port: resolved.port,
    maxBodyBytes: MAX_BODY_BYTES,
    async handle(request) {
      const response = await handle(request);
      // What a client was told survives the end of this process.
      file?.flush();
      return response;
    },
  }).catch((error) => {
    file?.close();
    throw error;
  });
  begin();
  async function close(): Promise<void> {
    await server.close();
    await end();
    file?.close();
  }
  const shownHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const url = `http://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${server.port}`;
  return {
    url,
    apiKey,
    environment: {
      EIGHTBYEIGHT_BASE_URL: url,
      EIGHTBYEIGHT_API_KEY: apiKey,
      EIGHTBYEIGHT_SUB_ACCOUNT_ID: context.defaultSubAccountId,
      EIGHTBYEIGHT_ACCOUNT_ID: resolved.emulator.accountId ?? 'sandbox',
    },
    warnings: isLocalAddress(host) ? [] : [NETWORK_WARNING],
    emulator,
    close,
    [Symbol.asyncDispose]: close,
  };
}

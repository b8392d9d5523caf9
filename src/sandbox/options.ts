import { SANDBOX_KEY_PREFIX } from '../config/credentials.ts';
import { isLoopback } from '../config/resolve-options.ts';
import type { EmulatorOptions } from '../emulator/emulator-options.ts';
import { ConfigurationError } from '../errors.ts';
import { type Fields, integer, list, object, pattern, unknown, validate } from '../schema.ts';

/** Options of {@link startSandbox}. Every one has a default. */
export interface SandboxOptions {
  /** TCP port; 0 takes a free one. @default 8808 */
  readonly port?: number | undefined;
  /** Address to listen on. Any other than this machine lets everybody in the network read the messages. @default `127.0.0.1` */
  readonly host?: string | undefined;
  /**
   * Names by which the sandbox may be called, and to which it may post webhooks, besides this machine: `sandbox` and `app`
   * in docker compose. A request with another name in `Host` is refused, because a foreign web page could have sent it.
   * @default none
   */
  readonly allowHosts?: readonly string[] | undefined;
  /** The key that is shown; begins with `sandbox_`. Every key that begins so is accepted. @default a random one */
  readonly apiKey?: string | undefined;
  /**
   * Options of the emulated 8x8: sub-accounts, prices, balance, rate limit.
   * @default those of `createEmulator`, with whole numbers and texts in details and exports
   */
  readonly emulator?: Omit<EmulatorOptions, 'apiKey' | 'clock' | 'maxKept'> | undefined;
  /** Maximum number of messages to remember; the oldest are dropped. @default 100,000 */
  readonly maxMessages?: number | undefined;
}

/** The options with their defaults. */
export interface ResolvedSandboxOptions {
  readonly port: number;
  readonly host: string;
  readonly allowHosts: readonly string[];
  readonly apiKey: string;
  readonly emulator: NonNullable<SandboxOptions['emulator']>;
  readonly maxMessages: number;
}

/** Beside the ports of Mailpit (8025) and of common development servers; twice 8x8. */
const DEFAULT_PORT = 8808;
const DEFAULT_MAX_MESSAGES = 100_000;
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^[0-9A-Fa-f:]{2,45}$/;

const optionFields: Fields<SandboxOptions> = {
  port: integer({ min: 0, max: 65_535 }),
  host: pattern(HOST_NAME, 'an address or host name without a port'),
  allowHosts: list(pattern(HOST_NAME, 'a host name without a port'), { max: 100 }),
  apiKey: pattern(/^sandbox_[\x21-\x7e]{1,200}$/, `a text that begins with ${SANDBOX_KEY_PREFIX}`),
  emulator: unknown(),
  maxMessages: integer({ min: 1, max: 10_000_000 }),
};
const schema = object(optionFields, 'an object of options');

/** A key that only a sandbox accepts. */
function createKey(): string {
  return SANDBOX_KEY_PREFIX + crypto.randomUUID().replaceAll('-', '');
}

/**
 * Checks the options, and adds the defaults.
 *
 * @throws ConfigurationError an option is unknown or malformed
 */
export function resolveSandboxOptions(options: SandboxOptions): ResolvedSandboxOptions {
  const flaw = validate(schema, options, 'sandbox');
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  return {
    port: options.port ?? DEFAULT_PORT,
    host: options.host ?? '127.0.0.1',
    allowHosts: (options.allowHosts ?? []).map((name) => name.toLowerCase()),
    apiKey: options.apiKey ?? createKey(),
    emulator: options.emulator ?? {},
    maxMessages: options.maxMessages ?? DEFAULT_MAX_MESSAGES,
  };
}

/** Whether an address to listen on is of this machine alone. */
export function isLocalAddress(host: string): boolean {
  return host === '::1' || isLoopback(host.toLowerCase());
}

import { SANDBOX_KEY_PREFIX } from '../config/credentials.ts';
import type { EmulatedWebhook } from '../emulator/context.ts';
import type { EmulatorOptions } from '../emulator/emulator-options.ts';
import { assertFault } from '../emulator/fault-input.ts';
import type { FaultName, FaultOptions } from '../emulator/faults.ts';
import { ConfigurationError } from '../errors.ts';
import { isLoopback } from '../internal/loopback.ts';
import {
  anyFunction,
  decimal,
  type Fields,
  integer,
  list,
  object,
  objectWith,
  oneOf,
  pattern,
  text,
  unknown,
  validate,
  webUrl,
} from '../schema.ts';

/** Address to which a sandbox posts webhooks, unless one was set through the API. */
export interface SandboxWebhook {
  /** The address of your receiver, on this machine or on a host of `allowHosts`. */
  readonly url: string;
  /** The literal `Authorization` header of every webhook. @default none */
  readonly authorization?: string | undefined;
  /** The token that the sandbox fetches and sends (OAuth 2.0 client credentials). @default none */
  readonly oauth?:
    | {
        /** Your token endpoint; on this machine it may be `http:`. */
        readonly url: string;
        /** Client ID that is sent to the token endpoint. */
        readonly clientId: string;
        /** Secret that is sent to the token endpoint. */
        readonly clientSecret: string;
        /** Location of ID and secret in the token request. @default `header` */
        readonly credentialsLocation?: 'header' | 'body' | undefined;
        /** Scope that is requested. @default none */
        readonly scope?: string | undefined;
      }
    | undefined;
}

/** A fault that is planned at the start. */
export interface SandboxFault extends Pick<FaultOptions, 'times' | 'retryAfterSeconds' | 'delayMs'> {
  /** Its name, as in `emulator.failNext`; over HTTP `refused` and `dns` break the connection as `reset` does. */
  readonly fault: FaultName;
}

/** Options of {@link startSandbox}. Every one has a default. */
export interface SandboxOptions {
  /** TCP port; 0 takes a free one. @default 8808 */
  readonly port?: number | undefined;
  /** Address to listen on. With any other, everybody on the network can read the messages. @default `127.0.0.1`, this machine only */
  readonly host?: string | undefined;
  /**
   * Names by which the sandbox may be called, and to which it may post webhooks, besides this machine: `sandbox` and `app`
   * in docker compose. A request with another name in `Host` is refused, because a foreign web page could have sent it.
   * @default none
   */
  readonly allowHosts?: readonly string[] | undefined;
  /** The key that is shown; begins with `sandbox_`. Every such key is accepted. @default a random one */
  readonly apiKey?: string | undefined;
  /**
   * Options of the emulated 8x8: sub-accounts, prices, balance, rate limit.
   * @default those of `createEmulator`, with complete numbers and texts in details and exports
   */
  readonly emulator?: Omit<EmulatorOptions, 'apiKey' | 'clock' | 'maxKept'> | undefined;
  /** Maximum number of messages to remember; the oldest are dropped. @default 100,000 */
  readonly maxMessages?: number | undefined;
  /** Address to which receipts, replies and clicks are posted. @default only the webhooks that are set through the API */
  readonly webhook?: SandboxWebhook | undefined;
  /** Factor by which receipts and repeated webhooks come faster than from 8x8. @default 1 */
  readonly speed?: number | undefined;
  /**
   * Path of a file that keeps the state, one change per line, so that it survives a restart and `kill -9`. Only one sandbox at a
   * time may use it. It contains complete numbers and texts.
   * @default none: the state ends with the process
   */
  readonly data?: string | undefined;
  /** Faults of the first requests. @default none */
  readonly faults?: readonly SandboxFault[] | undefined;
  /** Called with one line about something that went wrong in the sandbox itself. @default `console.error` */
  readonly log?: ((line: string) => void) | undefined;
}

/** The options with their defaults. */
export interface ResolvedSandboxOptions {
  readonly port: number;
  readonly host: string;
  readonly allowHosts: readonly string[];
  readonly apiKey: string;
  readonly emulator: NonNullable<SandboxOptions['emulator']>;
  readonly maxMessages: number;
  readonly webhook: EmulatedWebhook | undefined;
  readonly speed: number;
  readonly data: string | undefined;
  readonly faults: readonly SandboxFault[];
  readonly log: (line: string) => void;
}

/** Beside the ports of Mailpit (8025) and of common development servers; twice 8x8. */
const DEFAULT_PORT = 8808;
const DEFAULT_MAX_MESSAGES = 100_000;
const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^[0-9A-Fa-f:]{2,45}$/;

const oauthFields: Fields<NonNullable<SandboxWebhook['oauth']>> = {
  url: webUrl(),
  clientId: text({ max: 1_000 }),
  clientSecret: text({ max: 1_000 }),
  credentialsLocation: oneOf(['header', 'body']),
  scope: text({ max: 1_000 }),
};
const webhookFields: Fields<SandboxWebhook> = {
  url: webUrl(),
  authorization: text({ max: 10_000 }),
  oauth: objectWith(['url', 'clientId', 'clientSecret'], oauthFields),
};
/** The emulator itself checks the values. */
const faultFields: Fields<SandboxFault> = {
  fault: unknown(),
  times: unknown(),
  retryAfterSeconds: unknown(),
  delayMs: unknown(),
};
const optionFields: Fields<SandboxOptions> = {
  port: integer({ min: 0, max: 65_535 }),
  host: pattern(HOST_NAME, 'an address or host name without a port'),
  allowHosts: list(pattern(HOST_NAME, 'a host name without a port'), { max: 100 }),
  apiKey: pattern(/^sandbox_[\x21-\x7e]{1,200}$/, `a string that begins with ${SANDBOX_KEY_PREFIX}`),
  emulator: unknown(),
  maxMessages: integer({ min: 1, max: 10_000_000 }),
  webhook: objectWith(['url'], webhookFields, 'an object { url, … }'),
  speed: decimal({ min: 0.01, max: 1_000_000 }),
  data: text({ max: 4_096 }),
  faults: list(objectWith(['fault'], faultFields, 'an object { fault, … }'), { max: 100 }),
  log: anyFunction(),
};
const schema = object(optionFields, 'an object of options');

/** A key that only a sandbox accepts. */
function createKey(): string {
  return SANDBOX_KEY_PREFIX + crypto.randomUUID().replaceAll('-', '');
}

/** The webhook of the whole account, as the API would have set it. */
function toAccountWebhook({ url, authorization, oauth }: SandboxWebhook): EmulatedWebhook {
  return {
    subAccountId: '*',
    url,
    enabled: true,
    ...(authorization !== undefined && { httpAuthorization: authorization }),
    ...(oauth !== undefined && {
      oauth: {
        url: oauth.url,
        clientId: oauth.clientId,
        clientSecret: oauth.clientSecret,
        credentialsLocation: oauth.credentialsLocation ?? 'header',
        ...(oauth.scope !== undefined && { scope: oauth.scope }),
      },
    }),
  };
}

/**
 * Checks the options, and adds the defaults.
 *
 * @throws ConfigurationError an option is unknown or malformed
 */
export function resolveSandboxOptions(options: SandboxOptions): ResolvedSandboxOptions {
  const flaw = validate(schema, options, 'sandbox');
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  const { webhook, faults = [] } = options;
  for (const { fault, ...details } of faults) assertFault(fault, details);
  return {
    port: options.port ?? DEFAULT_PORT,
    host: options.host ?? '127.0.0.1',
    allowHosts: (options.allowHosts ?? []).map((name) => name.toLowerCase()),
    apiKey: options.apiKey ?? createKey(),
    emulator: options.emulator ?? {},
    maxMessages: options.maxMessages ?? DEFAULT_MAX_MESSAGES,
    webhook: webhook && toAccountWebhook(webhook),
    speed: options.speed ?? 1,
    data: options.data,
    faults,
    log: options.log ?? ((line) => console.error(`8x8-sms-guard sandbox: ${line}`)),
  };
}

/** Whether an address to listen on is of this machine alone. */
export function isLocalAddress(host: string): boolean {
  return host === '::1' || isLoopback(host.toLowerCase());
}

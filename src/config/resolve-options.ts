import type { AuditSink } from '../audit/audit-sink.ts';
import { ConfigurationError } from '../errors.ts';
import type { EventListener } from '../events.ts';
import { type ResolvedGuards, resolveGuards } from '../guards/registry.ts';
import { cloneInput } from '../internal/clone-input.ts';
import { isDevelopment, readVariable } from '../internal/environment.ts';
import { isLoopback } from '../internal/loopback.ts';
import type { ErrorListener } from '../internal/user-code.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import type { OneTimePasswordsOptions } from '../one-time-passwords/options.ts';
import type { BareDigits } from '../phone/readings.ts';
import { validate } from '../schema.ts';
import type { Source } from '../sending/source.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Product } from '../transport/operation.ts';
import type { Clock, Fetch } from '../types.ts';
import type { CredentialsSource } from './credentials.ts';
import {
  LOG_LEVELS,
  type Logger,
  type LogLevel,
  MAX_ACCOUNT_ID_LENGTH,
  optionsSchema,
  REGIONS,
  type Region,
  type SmsClientOptions,
  SUB_ACCOUNT_ID,
} from './options.ts';

/** Options with all defaults; all other code reads only these. */
export interface ResolvedOptions {
  readonly apiKey: CredentialsSource;
  readonly subAccountId: string;
  readonly accountId: string | undefined;
  readonly hosts: Readonly<Record<Product, string>>;
  /** True when requests cross a network unencrypted, so that only keys of a sandbox may be sent. */
  readonly sandboxKeysOnly: boolean;
  readonly scope: string;
  readonly timeoutMs: number | undefined;
  readonly deadlineMs: number | undefined;
  readonly retry: false | { readonly maxAttempts: number; readonly baseMs: number; readonly maxMs: number };
  readonly pace: false | { readonly requestsPerSecond: number; readonly maxQueued: number };
  readonly fetch: Fetch | undefined;
  readonly transport: 'auto' | 'fetch';
  readonly userAgent: boolean;
  readonly allowedRecipients: readonly string[] | undefined;
  readonly testNumbers: SmsClientOptions['testNumbers'];
  readonly defaultCountry: string | undefined;
  readonly bareDigits: BareDigits | undefined;
  readonly source: Source | undefined;
  readonly guards: ResolvedGuards;
  readonly oneTimePasswords: OneTimePasswordsOptions | undefined;
  readonly limits: LimitStore | undefined;
  readonly audit: AuditSink | undefined;
  readonly onEvent: EventListener | undefined;
  readonly telemetry: Telemetry | undefined;
  readonly onError: ErrorListener | undefined;
  readonly logger: Logger | undefined;
  readonly logLevel: LogLevel;
  readonly clock: Clock | undefined;
  /** Set when the environment redirects all requests to another host, which logs one warning. */
  readonly redirectedTo: string | undefined;
}

/** Region → product hosts. Source: 8x8 API reference, "Regions". */
const DOMAINS: Readonly<Record<Region, string>> = {
  apac: '8x8.com',
  us: 'us.8x8.com',
  eu: '8x8.uk',
  id: '8x8.id',
};

/** Hosts of the products in a region. */
export function hostsOf(region: Region): Readonly<Record<Product, string>> {
  const domain = DOMAINS[region];
  return {
    sms: `https://sms.${domain}`,
    verification: `https://verify.${domain}`,
    lookup: `https://lookup.${domain}`,
    contacts: `https://contacts.${domain}`,
  };
}

function required(option: string, variable: string): never {
  throw new ConfigurationError(`${option} is missing: pass it as an option, or set ${variable}.`, option);
}

function readApiKey(given: SmsClientOptions['apiKey']): CredentialsSource {
  if (typeof given === 'function') return { kind: 'function', get: given };
  if (given !== undefined) return { kind: 'value', key: given, from: 'option' };
  const key = readVariable('EIGHTBYEIGHT_API_KEY');
  if (key !== undefined) return { kind: 'value', key, from: 'environment' };
  const path = readVariable('EIGHTBYEIGHT_API_KEY_FILE');
  if (path !== undefined) return { kind: 'file', path };
  return required('apiKey', 'EIGHTBYEIGHT_API_KEY or EIGHTBYEIGHT_API_KEY_FILE');
}

/** Returns a base URL. Its text is never echoed, because it may contain a password. */
function readBaseUrl(given: string, name: string, allowInsecure: boolean): URL {
  const refuse = (what: string) => new ConfigurationError(`${name} ${what}`, 'baseUrl');
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw refuse('must be a URL such as https://proxy.example.com.');
  }
  if (url.username !== '' || url.password !== '') throw refuse('must not hold a user name or password.');
  const mayBePlain = allowInsecure || isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) {
    throw refuse(
      'must be https (plain http is allowed on this machine only, or for a sandbox with allowInsecureBaseUrl: true): the API key travels with every call.',
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw refuse('must be an origin without path, query or fragment.');
  return url;
}

type Hosts = Pick<ResolvedOptions, 'hosts' | 'sandboxKeysOnly' | 'redirectedTo'>;

function readHosts({ region, baseUrl, allowInsecureBaseUrl = false }: SmsClientOptions): Hosts {
  const ofRegion = (name: Region): Hosts => ({
    hosts: hostsOf(name),
    sandboxKeysOnly: false,
    redirectedTo: undefined,
  });
  const everywhere = ({ origin, protocol, hostname }: URL, redirectedTo?: string): Hosts => ({
    hosts: { sms: origin, verification: origin, lookup: origin, contacts: origin },
    sandboxKeysOnly: protocol === 'http:' && !isLoopback(hostname),
    redirectedTo,
  });
  if (region !== undefined && baseUrl !== undefined) {
    throw new ConfigurationError('region and baseUrl contradict each other: give one of them.', 'baseUrl');
  }
  if (baseUrl !== undefined) return everywhere(readBaseUrl(baseUrl, 'baseUrl', allowInsecureBaseUrl));
  if (region !== undefined) return ofRegion(region);
  const regionVariable = readVariable('EIGHTBYEIGHT_REGION');
  const baseUrlVariable = readVariable('EIGHTBYEIGHT_BASE_URL');
  if (regionVariable !== undefined && baseUrlVariable !== undefined) {
    throw new ConfigurationError(
      'EIGHTBYEIGHT_REGION and EIGHTBYEIGHT_BASE_URL contradict each other: set one of them.',
      'baseUrl',
    );
  }
  if (baseUrlVariable !== undefined) {
    const url = readBaseUrl(baseUrlVariable, 'EIGHTBYEIGHT_BASE_URL', allowInsecureBaseUrl);
    return everywhere(url, url.host);
  }
  const known = REGIONS.find((name) => name === (regionVariable ?? 'apac'));
  if (known === undefined)
    throw new ConfigurationError(`EIGHTBYEIGHT_REGION must be one of ${REGIONS.join(', ')}.`, 'region');
  return ofRegion(known);
}

function readSubAccountId(given: string | undefined): string {
  const id =
    given ??
    readVariable('EIGHTBYEIGHT_SUB_ACCOUNT_ID') ??
    required('subAccountId', 'EIGHTBYEIGHT_SUB_ACCOUNT_ID');
  if (!SUB_ACCOUNT_ID.test(id)) {
    throw new ConfigurationError(
      'EIGHTBYEIGHT_SUB_ACCOUNT_ID must be 3 to 50 letters, digits and -._&.',
      'subAccountId',
    );
  }
  return id;
}

function readAccountId(given: string | undefined): string | undefined {
  const id = given ?? readVariable('EIGHTBYEIGHT_ACCOUNT_ID');
  if (id === undefined || id.length <= MAX_ACCOUNT_ID_LENGTH) return id;
  throw new ConfigurationError(
    `EIGHTBYEIGHT_ACCOUNT_ID must be a string of 1 to ${MAX_ACCOUNT_ID_LENGTH} characters.`,
    'accountId',
  );
}

/** A level that somebody asks for is written somewhere: to the console when there is no logger. */
export function readLog({
  logger,
  logLevel,
}: Pick<SmsClientOptions, 'logger' | 'logLevel'>): Pick<ResolvedOptions, 'logger' | 'logLevel'> {
  const variable = logLevel === undefined ? readVariable('EIGHTBYEIGHT_LOG') : undefined;
  const asked = logLevel ?? LOG_LEVELS.find((level) => level === variable);
  if (variable !== undefined && asked === undefined) {
    throw new ConfigurationError(`EIGHTBYEIGHT_LOG must be one of ${LOG_LEVELS.join(', ')}.`, 'logLevel');
  }
  return { logger: logger ?? (asked === undefined ? undefined : console), logLevel: asked ?? 'warn' };
}

/** The user agent of browsers begins with Mozilla; that of Node, Bun, Deno and Workers does not. */
function refuseBrowser(allowed: boolean): void {
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent;
  if (allowed || agent?.startsWith('Mozilla/') !== true) return;
  throw new ConfigurationError(
    'This is a browser: anyone who opens the page could read your 8x8 API key. Call your own server instead. (dangerouslyAllowBrowser: true turns this check off.)',
    'dangerouslyAllowBrowser',
  );
}

/** A copy. A fixed code that reached production by mistake would be a login for everybody who knows it. */
function readTestNumbers({
  testNumbers,
  dangerouslyAllowTestNumbers,
}: SmsClientOptions): ResolvedOptions['testNumbers'] {
  if (testNumbers === undefined) return undefined;
  if (dangerouslyAllowTestNumbers === true || isDevelopment()) return { ...testNumbers };
  throw new ConfigurationError(
    'testNumbers is for development: remove it in production, or set NODE_ENV to development or test. (dangerouslyAllowTestNumbers: true turns this check off.)',
    'testNumbers',
  );
}

/**
 * Validates the options, adds environment and defaults, and freezes the result.
 *
 * @throws ConfigurationError naming the option and what is allowed, never a value
 */
export function resolveOptions(options: SmsClientOptions): ResolvedOptions {
  if (typeof options === 'string') {
    throw new ConfigurationError(
      'Pass the key in an object, such as new SmsClient({ apiKey, subAccountId }), not as a string.',
      '',
    );
  }
  const flaw = validate(optionsSchema, options);
  if (flaw !== undefined) throw new ConfigurationError(flaw.message, flaw.path);
  refuseBrowser(options.dangerouslyAllowBrowser === true);
  const apiKey = readApiKey(options.apiKey);
  const subAccountId = readSubAccountId(options.subAccountId);
  const accountId = readAccountId(options.accountId);
  const { retry = {}, pace = {} } = options;
  return Object.freeze({
    apiKey,
    subAccountId,
    accountId,
    ...readHosts(options),
    scope: options.scope ?? accountId ?? subAccountId,
    timeoutMs: options.timeoutMs,
    deadlineMs: options.deadlineMs,
    retry: retry && {
      maxAttempts: retry.maxAttempts ?? 3,
      baseMs: retry.baseMs ?? 250,
      maxMs: retry.maxMs ?? 8_000,
    },
    pace: pace && { requestsPerSecond: pace.requestsPerSecond ?? 1_710, maxQueued: pace.maxQueued ?? 10_000 },
    fetch: options.fetch,
    transport: options.transport ?? 'auto',
    userAgent: options.userAgent ?? true,
    allowedRecipients: options.allowedRecipients && [...options.allowedRecipients],
    testNumbers: readTestNumbers(options),
    defaultCountry: options.defaultCountry,
    bareDigits: options.bareDigits,
    source: cloneInput({ source: options.source }).source,
    guards: resolveGuards(options.guards ?? {}),
    oneTimePasswords: options.oneTimePasswords,
    limits: options.limits,
    audit: options.audit,
    onEvent: options.onEvent,
    telemetry: options.telemetry,
    onError: options.onError,
    ...readLog(options),
    clock: options.clock,
  });
}

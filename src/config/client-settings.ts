import { sharedState } from '../internal/shared-state.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import { type Credentials, SANDBOX_KEY_PREFIX } from './credentials.ts';
import type { ResolvedOptions } from './resolve-options.ts';

/** The form of an API key, without the key. */
export interface KeyForm {
  /** `option apiKey`, `environment variable EIGHTBYEIGHT_API_KEY`, … */
  readonly source: string;
  readonly length: number;
  /** True for the key of a sandbox. */
  readonly isSandboxKey: boolean;
  /** The setting whose value was given as the key by mistake. */
  readonly sameAs: 'subAccountId' | 'accountId' | undefined;
}

/** The settings that a client works with, for the command `8x8-sms-guard`. Holds no key. */
export interface ClientSettings
  extends Pick<ResolvedOptions, 'hosts' | 'subAccountId' | 'accountId' | 'guards' | 'defaultCountry'> {
  /** The store in use, and whether the client's options named it. */
  readonly limits: LimitStore;
  readonly hasOwnLimits: boolean;
  readonly scope: string;
  /**
   * Reads the key, which asks a key function.
   *
   * @throws ConfigurationError, TimeoutError as the function
   */
  describeKey(signal: AbortSignal): Promise<KeyForm>;
}

/** Beside the client, where `inspect` finds no secret of a guard, and in one place for all copies of the package in a process. */
export function keepSettings(client: object, settings: ClientSettings): void {
  const shared = sharedState();
  shared.clientSettings ??= new WeakMap();
  shared.clientSettings.set(client, settings);
}

/** The settings of a client; undefined for any other object. */
export function settingsOf(client: object): ClientSettings | undefined {
  return sharedState().clientSettings?.get(client) as ClientSettings | undefined;
}

export function clientSettings(
  { hosts, subAccountId, accountId, guards, defaultCountry, limits: ownLimits }: ResolvedOptions,
  credentials: Credentials,
  counting: { readonly limits: LimitStore; readonly scope: string },
): ClientSettings {
  return {
    hosts,
    subAccountId,
    accountId,
    guards,
    defaultCountry,
    limits: counting.limits,
    hasOwnLimits: ownLimits !== undefined,
    scope: counting.scope,
    async describeKey(signal) {
      const key = await credentials.key(signal);
      return {
        source: credentials.describe(),
        length: key.length,
        isSandboxKey: key.startsWith(SANDBOX_KEY_PREFIX),
        sameAs: key === subAccountId ? 'subAccountId' : key === accountId ? 'accountId' : undefined,
      };
    },
  };
}

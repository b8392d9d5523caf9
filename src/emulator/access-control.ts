import type { EmulatorContext } from './context.ts';
import { fail, PROBLEMS, quotaExceeded } from './problems.ts';
import { createRequestRate } from './rate-limit.ts';
import type { Route } from './routes.ts';
import { readSubAccount } from './sub-account.ts';

export interface AccessControlOptions {
  /** Undefined: any key that is not empty. */
  readonly apiKeys: readonly string[] | undefined;
  /** Undefined: any account. */
  readonly accountId: string | undefined;
  /** False: no rate limit at all. */
  readonly requestsPerSecond: number | false;
}

/** What 8x8 looks at before it looks at the body. */
export interface AccessControl {
  /** Ends the call for a wrong key, a foreign account or sub-account, or too many requests. */
  check(route: Route, segments: Readonly<Record<string, string>>, authorization: string | null): void;
  clear(): void;
}

/** 8x8: one request a second and sub-account for message details. */
const DETAILS_PER_SECOND = 1;

export function createAccessControl(options: AccessControlOptions, context: EmulatorContext): AccessControl {
  const { apiKeys, accountId, requestsPerSecond } = options;
  const newRates = () =>
    requestsPerSecond === false
      ? undefined
      : { all: createRequestRate(requestsPerSecond), details: createRequestRate(DETAILS_PER_SECOND) };
  let rates = newRates();

  function checkKey(authorization: string | null): void {
    const key = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (key === undefined || apiKeys?.includes(key) === false) fail(PROBLEMS.unauthorized);
  }

  function checkRate(route: Route, subAccountId: string): void {
    if (rates === undefined) return;
    const now = context.clock.monotonic?.() ?? context.clock.now();
    const waitSeconds =
      rates.all.take(subAccountId, now) || (route.slow ? rates.details.take(subAccountId, now) : 0);
    if (waitSeconds > 0) fail(quotaExceeded(waitSeconds));
  }

  return {
    check(route, segments, authorization) {
      // A download address carries its own secret.
      if (route.operationId === undefined) return;
      checkKey(authorization);
      if (segments.subAccountId !== undefined) {
        checkRate(route, readSubAccount(segments.subAccountId, context.subAccountIds));
      }
      if (accountId !== undefined && segments.accountId !== undefined && segments.accountId !== accountId) {
        fail(PROBLEMS.forbidden);
      }
    },
    clear() {
      rates = newRates();
    },
  };
}

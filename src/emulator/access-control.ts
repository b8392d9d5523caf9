import type { EmulatorContext } from './context.ts';
import { fail, PROBLEMS, quotaExceeded } from './problems.ts';
import { createRequestRate } from './rate-limit.ts';
import type { Route } from './routes.ts';
import { readSubAccount } from './sub-account.ts';

export interface AccessControlOptions {
  /** Whether a key, which is never empty, is valid. */
  readonly acceptsKey: (key: string) => boolean;
  /** The account; undefined accepts any. */
  readonly accountId: string | undefined;
  /** Requests per second and sub-account; false disables every rate limit. */
  readonly requestsPerSecond: number | false;
}

/** The checks that 8x8 runs before it reads the body. */
export interface AccessControl {
  /** Fails for a wrong key, a foreign account or sub-account, or too many requests. */
  check(route: Route, segments: Readonly<Record<string, string>>, authorization: string | null): void;
  clear(): void;
}

/** 8x8's limit on message details: one request per second and sub-account. */
const DETAILS_PER_SECOND = 1;

export function createAccessControl(options: AccessControlOptions, context: EmulatorContext): AccessControl {
  const { acceptsKey, accountId, requestsPerSecond } = options;
  const newRates = () =>
    requestsPerSecond === false
      ? undefined
      : { all: createRequestRate(requestsPerSecond), details: createRequestRate(DETAILS_PER_SECOND) };
  let rates = newRates();

  function checkKey(authorization: string | null): void {
    const key = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (key === undefined || !acceptsKey(key)) fail(PROBLEMS.unauthorized);
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
      // The address of a download is itself the secret.
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

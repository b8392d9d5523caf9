import type { ConnectionFailure, Submission } from '../errors.ts';
import { ILLEGAL_SUB_ACCOUNT, NO_PRICING_PLAN, NOT_ENOUGH_BALANCE } from './account-refusal.ts';

/** The values of a failed request that its error message may contain. */
export interface FailureContext {
  /** `messages.send` */
  readonly operation: string;
  readonly repeat: 'safe' | 'never';
  readonly submission: Submission;
  /** `ifLost` of the operation. */
  readonly ifLost?: string | undefined;
}

/** Advice after a send whose outcome is unknown. */
export const FIND_OUT =
  'Do not send it again: call messages.reconcile with its clientMessageId to find out whether it was sent.';

/** The end of every message: whether anything was sent, and what to do now. */
export function advice({ repeat, submission, ifLost }: FailureContext): string {
  if (submission === 'unknown') {
    if (ifLost !== undefined) return ifLost;
    return `8x8 may have accepted it. ${FIND_OUT}`;
  }
  if (submission === 'rejected') return 'Nothing was sent.';
  return repeat === 'safe' ? 'Calling it again is safe.' : 'Nothing was sent; it can be sent again.';
}

const FAILURES: Readonly<Record<ConnectionFailure, string>> = {
  dns: "the name of 8x8's host could not be resolved",
  refused: 'the connection was refused',
  proxy:
    "the proxy refused the connection to 8x8: check HTTPS_PROXY, its password and the proxy's list of hosts",
  tls: 'the TLS certificate of the host was not accepted',
  reset: 'the connection was lost before the whole response arrived',
  timeout: 'the connection timed out',
  other: 'the connection failed',
};

export function connectionText(context: FailureContext, reason: ConnectionFailure): string {
  return `${context.operation}: ${FAILURES[reason]}. ${advice(context)}`;
}

/** @param ms the limit; undefined for the deadline of a method that makes several calls */
export function timeoutText(
  context: FailureContext,
  limit: 'timeoutMs' | 'deadlineMs',
  ms: number | undefined,
): string {
  const named = ms === undefined ? limit : `${limit} = ${ms} ms`;
  return `${context.operation}: no complete response within ${named}. ${advice(context)}`;
}

/** The remedy for each code of 8x8 that speaks of the account, whatever the status. Source: 8x8's list of API error codes. */
const ACCOUNT_HINTS: ReadonlyMap<number, string> = new Map([
  [
    ILLEGAL_SUB_ACCOUNT,
    'Check subAccountId and the key: the sub-account is misspelt, or belongs to another account than the key, or to another region.',
  ],
  [NO_PRICING_PLAN, 'The account has no price for this: ask 8x8 for a pricing plan.'],
  [NOT_ENOUGH_BALANCE, 'The balance of the account is used up: top it up in 8x8 Connect.'],
]);

/** The usual meaning of each status and code at 8x8, and the remedy. */
export function statusHint(
  status: number,
  apiCode: number | undefined,
  keySource: string,
): string | undefined {
  const ofAccount = status < 500 && apiCode !== undefined ? ACCOUNT_HINTS.get(apiCode) : undefined;
  if (ofAccount !== undefined) return ofAccount;
  if (status >= 300 && status < 400) return 'Redirects are not followed: check region and baseUrl.';
  switch (status) {
    case 401:
      return `The key came from: ${keySource}. Usual mix-ups: the account ID or the sub-account ID given as the key, a key of another account or region, a key disabled in 8x8 Connect.`;
    case 403:
      return 'The key is valid but not permitted to do this: check the IP allow-list in 8x8 Connect, and whether the sub-account and the product belong to the account.';
    case 404:
      return 'Check the sub-account, the region and the IDs in the call.';
    case 408:
    case 409:
      return 'It is unknown whether the request was carried out.';
    case 426:
      return 'Messages to Singapore need TLS 1.3: pass a fetch that supports it, or allow it in the proxy.';
    default:
      return undefined;
  }
}

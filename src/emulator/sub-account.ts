import { fail, PROBLEMS } from './problems.ts';

/**
 * Fails unless the sub-account is well formed and belongs to the account: 400, 1001 in both cases, as in the examples of
 * 8x8's Verification API.
 */
export function readSubAccount(subAccountId: string, known: readonly string[] | undefined): string {
  if (!/^[A-Za-z0-9\-._&]{3,50}$/.test(subAccountId)) fail(PROBLEMS.illegalSubAccount);
  if (known !== undefined && !known.includes(subAccountId)) fail(PROBLEMS.unknownSubAccount);
  return subAccountId;
}

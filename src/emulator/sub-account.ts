import { fail, PROBLEMS } from './problems.ts';

/**
 * Fails unless the sub-account is well formed (400, 1001) and belongs to the account (403, 1001: the key is valid, but not
 * for this sub-account).
 */
export function readSubAccount(subAccountId: string, known: readonly string[] | undefined): string {
  if (!/^[A-Za-z0-9\-._&]{3,50}$/.test(subAccountId)) fail(PROBLEMS.illegalSubAccount);
  if (known !== undefined && !known.includes(subAccountId)) fail(PROBLEMS.unknownSubAccount);
  return subAccountId;
}

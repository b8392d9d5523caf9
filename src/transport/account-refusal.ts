/** Statuses with which 8x8 refuses what a request says. Every other 4xx speaks of the key, the account or the route. */
const ABOUT_THE_REQUEST: ReadonlySet<number> = new Set([400, 408, 409, 422]);

/** 8x8's code for a sub-account that is malformed, unknown or another account's. It comes with HTTP 400. */
export const ILLEGAL_SUB_ACCOUNT = 1001;

/** 8x8's codes of an account without a price for the message, and of a prepaid account without money. */
export const NO_PRICING_PLAN = 2006;
export const NOT_ENOUGH_BALANCE = 2007;

/** API codes that hold for every request of the account, whatever the status. Source: 8x8's list of API error codes. */
const ACCOUNT_CODES: ReadonlySet<number> = new Set([
  ILLEGAL_SUB_ACCOUNT,
  1007, // invalid SMS template: a batch has one for all its messages
  1014, // insecure protocol
  1100, // bulk limit reached
  1200, // unauthorized
  1201, // access forbidden
  2001, // function not implemented
  2002, // unsupported API version
  2003, // unsupported product
  NO_PRICING_PLAN,
  NOT_ENOUGH_BALANCE,
  3001, // missing user
  3013, // too many messages
]);

/** Whether the next request, with other messages, would be refused for the same reason. */
export function isAccountRefusal({
  status,
  apiCode,
}: {
  readonly status: number;
  readonly apiCode?: number | undefined;
}): boolean {
  if (status < 400 || status >= 500) return false;
  return !ABOUT_THE_REQUEST.has(status) || (apiCode !== undefined && ACCOUNT_CODES.has(apiCode));
}

import type { ClientContext } from '../client-context.ts';
import { ValidationError } from '../errors.ts';
import { countryCode, type Fields, integer, object, oneOf, pattern, switchOn, text } from '../schema.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { assertValid } from './input.ts';
import { numberIn, parseResponse, textIn, toFields } from './parse-response.ts';
import { type PriceList, type PriceQuery, readPriceList } from './prices.ts';

const PRICES: Operation = {
  name: 'account.prices',
  operationId: 'get-price-list',
  product: 'sms',
  method: 'GET',
  path: '/api/v1/accounts/{accountId}/prices',
  repeat: 'safe',
  responseBody: 'json',
};

const BALANCE: Operation = {
  name: 'account.balance',
  operationId: 'get-account-balance',
  product: 'sms',
  method: 'GET',
  path: '/api/v1/accounts/{accountId}/balance',
  repeat: 'safe',
  responseBody: 'json',
};

/** Remaining prepaid balance. */
export interface Balance {
  readonly balance: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** Prices and balance of the account. Needs `accountId`. */
export interface Account {
  /**
   * Fetches the price list, and keeps the prices of the client's own sub-account for `messages.estimate`. 8x8's
   * schema and examples disagree about its shape; both are supported, and the result always has the type of this
   * method. Needs `accountId`.
   *
   * @throws ConfigurationError `accountId` is missing
   * @throws ValidationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-price-list
   * @example (await sms.account.prices({ country: 'SG' })).subAccounts[0]?.outbound[0]?.operators
   */
  prices(query?: PriceQuery, options?: CallOptions): Promise<PriceList>;
  /**
   * Reads the balance of a prepaid account.
   *
   * @throws ConfigurationError `accountId` is missing
   * @throws PermissionDeniedError the account is not prepaid (`apiCode` 1201)
   * @throws ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-account-balance
   * @example (await sms.account.balance()).balance
   */
  balance(options?: CallOptions): Promise<Balance>;
}

const networkCode = switchOn(
  (input) => typeof input === 'number',
  integer({ min: 0, max: 999 }),
  pattern(/^\d{1,3}$/, 'a number or a string of 1 to 3 digits'),
);
const queryFields: Fields<PriceQuery> = {
  country: countryCode(),
  mcc: networkCode,
  mnc: networkCode,
  direction: oneOf(['outbound', 'inbound']),
  subAccountId: text({ max: 50 }),
};
const querySchema = object(queryFields, 'a query { country, mcc, mnc, direction, subAccountId }');

export function createAccount({ calls, transport, accountId, priceCache }: ClientContext): Account {
  return {
    prices: (query = {}, options = undefined) =>
      calls.run(options, async (call) => {
        assertValid(querySchema, query, 'query');
        const { country, mcc, mnc, direction, subAccountId } = query;
        const isOneNetwork = mcc !== undefined && mnc !== undefined;
        if (!isOneNetwork && (mcc !== undefined || mnc !== undefined)) {
          const missing = mcc === undefined ? 'mcc' : 'mnc';
          throw new ValidationError(
            `query.${missing} is missing: 8x8 accepts mcc and mnc only as a pair.`,
            `query.${missing}`,
          );
        }
        const response = await transport.request(
          {
            operation: PRICES,
            segments: { accountId: accountId() },
            query: {
              country,
              ...(isOneNetwork && { mcc: Number(mcc), mnc: Number(mnc) }),
              direction,
              subAccountId,
            },
          },
          call,
        );
        const list = parseResponse(PRICES, response, readPriceList);
        // The price of one network is not that of the country.
        if (!isOneNetwork) priceCache.record(list.subAccounts);
        return list;
      }),

    balance: (options) =>
      calls.run(options, async (call) => {
        const response = await transport.request(
          {
            operation: BALANCE,
            segments: { accountId: accountId() },
          },
          call,
        );
        return parseResponse(BALANCE, response, (body) => {
          const fields = toFields(body);
          return { balance: numberIn(fields, 'balance'), currency: textIn(fields, 'currency') };
        });
      }),
  };
}

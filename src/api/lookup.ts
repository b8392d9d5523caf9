import type { ClientContext } from '../client-context.ts';
import { readPhone } from '../phone/read-phone.ts';
import { type Fields, object, oneOf } from '../schema.ts';
import { addressingFields } from '../sending/sms-message.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { readInput } from './input.ts';
import { type NumberLookup, readLookup } from './number-lookup.ts';
import { parseResponse } from './parse-response.ts';

const FREE: Operation = {
  name: 'lookup.get',
  operationId: 'phone-number-lookup',
  product: 'lookup',
  method: 'GET',
  path: '/api/v1/subaccounts/{subAccountId}/phones/{phoneNumber}',
  repeat: 'safe',
  responseBody: 'json',
};

/** A GET that costs money on each call. */
const PAID: Operation = {
  ...FREE,
  repeat: 'never',
  ifLost: 'It may have been billed, and another call may be billed again.',
};

/**
 * `format`: analyses the number only, free. `operator`: finds its network. `live`: asks that network. The last two
 * cost money.
 */
export type LookupType = 'format' | 'operator' | 'live';

/** Reading of the number, and depth of the lookup. */
export interface LookupQuery {
  /** ISO 3166-1 alpha-2 code of a national number. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /** Depth of the lookup; `operator` and `live` cost money. @default 'format', which is free */
  readonly type?: LookupType | undefined;
}

/** Facts about phone numbers, from 8x8. */
export interface Lookup {
  /**
   * Looks a number up. A failed lookup is not an error: see `status`. A paid lookup is never repeated when its
   * response is lost.
   *
   * @see https://developer.8x8.com/connect/reference/phone-number-lookup
   * @throws InvalidPhoneNumberError the number cannot be read
   * @throws ValidationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @example (await sms.lookup.get('9123 4567', { country: 'SG', type: 'operator' })).currentOperator?.operatorName
   */
  get(phoneNumber: string, query?: LookupQuery, options?: CallOptions): Promise<NumberLookup>;
}

const queryFields: Fields<LookupQuery> = {
  country: addressingFields.country,
  type: oneOf(['format', 'operator', 'live']),
};
const querySchema = object(queryFields, 'an object { country, type }');

export function createLookup({ calls, transport, subAccountId, phoneDefaults }: ClientContext): Lookup {
  return {
    get: (phoneNumber, query = {}, options = undefined) =>
      calls.run(options, async (call) => {
        // Always sent, because 8x8's default might cost money.
        const { type = 'format', country = phoneDefaults.defaultCountry } = readInput(
          querySchema,
          query,
          'query',
        );
        const operation = type === 'format' ? FREE : PAID;
        const response = await transport.request(
          {
            operation,
            segments: { subAccountId, phoneNumber: readPhone(phoneNumber, country, phoneDefaults).e164 },
            query: { type },
          },
          call,
        );
        return parseResponse(operation, response, readLookup);
      }),
  };
}

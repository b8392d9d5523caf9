import type { ClientContext } from '../../client-context.ts';
import { extraField } from '../../internal/extra-fields.ts';
import { readPhone } from '../../phone/read-phone.ts';
import { type Fields, objectWith, unknown } from '../../schema.ts';
import { wireFields } from '../../sending/prepare.ts';
import { addressingFields, clientIpField } from '../../sending/sms-message.ts';
import type { Operation } from '../../transport/operation.ts';
import type { CallOptions } from '../../types.ts';
import { readInput } from '../input.ts';
import { flagIn, parseResponse, toFields } from '../parse-response.ts';

const SMA_COVERAGE: Operation = {
  name: 'verifications.smaCoverage',
  operationId: 'sma-coverage-check',
  product: 'verification',
  method: 'POST',
  path: '/api/v2/subaccounts/{subAccountId}/sma/coverage',
  // 8x8 does not say whether it is billed.
  repeat: 'never',
  ifLost: 'It sends nothing: call it again.',
  responseBody: 'json',
};

/** The telephone to check. */
export interface SmaCoverageQuery {
  /** IP address of the telephone in its mobile network. */
  readonly clientIp: string;
  /** Number of the telephone: E.164, or a national number together with `country`. */
  readonly destination?: string | undefined;
  /** ISO 3166-1 alpha-2 code of a national `destination`. @default `defaultCountry` of the client */
  readonly country?: string | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Whether a telephone can be verified without a code. */
export interface SmaCoverage {
  /** True when channel `sma` works for this telephone. */
  readonly isAvailable: boolean;
}

const queryFields: Fields<SmaCoverageQuery> = {
  clientIp: clientIpField,
  destination: unknown(),
  country: addressingFields.country,
  extra: extraField,
};
const querySchema = objectWith(['clientIp'], queryFields, 'an object { clientIp, destination, country }');

export function createGetSmaCoverage({
  calls,
  transport,
  subAccountId,
  phoneDefaults,
}: ClientContext): (query: SmaCoverageQuery, options?: CallOptions) => Promise<SmaCoverage> {
  return (query, options) =>
    calls.run(options, async (call) => {
      const given = readInput(querySchema, query, 'query');
      const { clientIp, country = phoneDefaults.defaultCountry, extra } = given;
      const destination =
        given.destination === undefined
          ? undefined
          : readPhone(given.destination, country, phoneDefaults).e164;
      const response = await transport.request(
        {
          operation: SMA_COVERAGE,
          segments: { subAccountId },
          body: wireFields({ clientIp, destination, extra }),
        },
        call,
      );
      return parseResponse(SMA_COVERAGE, response, (body) => ({
        isAvailable: flagIn(toFields(body), 'isAvailable'),
      }));
    });
}

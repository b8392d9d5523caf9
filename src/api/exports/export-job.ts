import type { Call } from '../../call.ts';
import type { ClientContext } from '../../client-context.ts';
import { ValidationError } from '../../errors.ts';
import { extraField } from '../../internal/extra-fields.ts';
import { dateTime, type Fields, integer, list, object, pattern, unknown } from '../../schema.ts';
import { wireFields } from '../../sending/prepare.ts';
import type { Operation } from '../../transport/operation.ts';
import { assertValid, readId, readInput } from '../input.ts';
import { optionalText, parseResponse, present, textIn, toFields, toList } from '../parse-response.ts';

const EXPORTS = '/api/v1/subaccounts/{subAccountId}/messages/exports';

const START: Operation = {
  name: 'exports.start',
  operationId: 'start-log-export-job',
  product: 'sms',
  method: 'POST',
  path: EXPORTS,
  repeat: 'never',
  ifLost: 'The export may have been started. It sends nothing and expires on its own: start another one.',
  responseBody: 'json',
};

const GET: Operation = {
  name: 'exports.get',
  operationId: 'get-log-export-job-result',
  product: 'sms',
  method: 'GET',
  path: `${EXPORTS}/{jobId}`,
  repeat: 'safe',
  responseBody: 'json',
};

const CANCEL: Operation = {
  name: 'exports.cancel',
  operationId: 'cancel-log-export-job',
  product: 'sms',
  method: 'DELETE',
  path: `${EXPORTS}/{jobId}`,
  repeat: 'safe',
  responseBody: 'empty',
};

/** Filter of an export. */
export interface ExportQuery {
  /**
   * First instant: a `Date`, ISO 8601 (UTC when it has no offset), or a day such as `2026-07-01`, which begins at midnight
   * UTC. @default 7 days ago
   */
  readonly from?: string | Date | undefined;
  /** Last instant, in the same forms as `from`; a day includes its last millisecond in UTC. @default now */
  readonly to?: string | Date | undefined;
  /** Only messages to or from this number, in international form. */
  readonly phoneNumber?: string | undefined;
  /** Only these countries, ISO 3166-1 alpha-2. */
  readonly countries?: readonly string[] | undefined;
  /** Maximum number of rows; 0 means no limit. @default 0 */
  readonly limit?: number | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** States that 8x8 documents; a new one is passed on unchanged. */
export type ExportState =
  | 'queued'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'empty'
  | 'error'
  | (string & {});

/** State of an export. */
export interface ExportJob {
  readonly status: ExportState;
  /** URLs of the CSV files after the export has succeeded. Anyone with a URL can read the file: do not log it. */
  readonly data?: readonly string[];
  /** Time until which the files can be downloaded, ISO 8601. */
  readonly expires?: string;
}

const queryFields: Fields<ExportQuery> = {
  // `toInstant` reads it, because it supports the forms without an offset.
  from: unknown(),
  to: unknown(),
  phoneNumber: pattern(/^\+?\d{3,15}$/, 'a number in international form, for example +6591234567'),
  countries: list(pattern(/^[A-Za-z]{2}$/, 'an ISO 3166-1 alpha-2 code'), { min: 1, max: 250 }),
  limit: integer({ min: 0, max: 2_147_483_647 }),
  extra: extraField,
};
const querySchema = object(queryFields, 'a query { from, to, phoneNumber, countries, limit }');
const instant = dateTime();

/** An instant in the format of 8x8's contract. */
function toInstant(value: ExportQuery['from'], name: 'from' | 'to'): string | undefined {
  if (value === undefined) return undefined;
  let complete = value;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) {
    complete = `${value}T${name === 'from' ? '00:00:00' : '23:59:59.999'}Z`;
  } else if (typeof value === 'string' && !/(?:Z|[+-]\d\d:?\d\d)$/.test(value)) {
    complete = `${value}Z`;
  }
  assertValid(instant, complete, `query.${name}`);
  return new Date(complete).toISOString();
}

function toBody(given: ExportQuery): Record<string, unknown> {
  const query = readInput(querySchema, given, 'query');
  const { phoneNumber, countries, limit, extra } = query;
  const from = toInstant(query.from, 'from');
  const to = toInstant(query.to, 'to');
  if (from !== undefined && to !== undefined && from >= to) {
    throw new ValidationError('query.from is not before query.to. Nothing was sent.', 'query.from');
  }
  return wireFields({ from, to, phoneNumber, countries, limit, extra });
}

function readJob(body: unknown): ExportJob {
  const fields = toFields(body);
  const { data } = fields;
  return {
    status: textIn(fields, 'status'),
    ...present({
      data:
        data === undefined || data === null
          ? undefined
          : toList(data, 'data').filter((address) => typeof address === 'string'),
      expires: optionalText(fields, 'expires'),
    }),
  };
}

/** The three requests, within a call that has begun. */
export interface ExportSteps {
  start(query: ExportQuery, call: Call): Promise<{ readonly jobId: string }>;
  get(jobId: string, call: Call): Promise<ExportJob>;
  cancel(jobId: string, call: Call): Promise<void>;
}

export function createExportSteps({ transport, subAccountId }: ClientContext): ExportSteps {
  return {
    async start(query, call) {
      const body = toBody(query);
      const response = await transport.request({ operation: START, segments: { subAccountId }, body }, call);
      return parseResponse(START, response, (given) => ({ jobId: textIn(toFields(given), 'jobId') }));
    },
    async get(jobId, call) {
      const segments = { subAccountId, jobId: readId(jobId, 'jobId') };
      return parseResponse(GET, await transport.request({ operation: GET, segments }, call), readJob);
    },
    async cancel(jobId, call) {
      const segments = { subAccountId, jobId: readId(jobId, 'jobId') };
      await transport.request({ operation: CANCEL, segments }, call);
    },
  };
}

import { csvLine } from '../internal/csv-line.ts';
import type { EmulatorContext, ExportJobRecord, ExportRequest, Handler } from './context.ts';
import { type JsonObject, readObject, readString } from './fields.ts';
import type { EmulatedMessage } from './message.ts';
import { segment, shownPersonalData, statusOf } from './messages.ts';
import { fail, PROBLEMS } from './problems.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** 8x8's default period: the last 7 days. */
const DEFAULT_SPAN_MS = 7 * DAY_MS;
/** 8x8 keeps the files for one month. */
const FILES_KEPT_MS = 30 * DAY_MS;
const DEFAULT_READY_AFTER_POLLS = 3;
const DEFAULT_ROWS_PER_FILE = 100_000;
const JOB_ID_LENGTH = 64;

/** Columns in 8x8's order. */
const COLUMNS = [
  ...['umid', 'subaccountid', 'direction', 'country', 'operator', 'mcc', 'mnc', 'status_value'],
  ...['status_details', 'status_errorcode', 'status_errormessage', 'status_timestamp', 'msisdn', 'source'],
  ...['encoding', 'createdat', 'smscount', 'price_currency', 'price_persms', 'price_total'],
  ...['clientmessageid', 'clientbatchid', 'batchid', 'body'],
];

/** Reads `yyyy-MM-dd` (the whole day, so `to` includes it), or ISO 8601, which is UTC without an offset. */
function readDate(fields: JsonObject, name: 'from' | 'to'): number | undefined {
  const value = readString(fields, name, PROBLEMS.invalidParameter);
  if (value === undefined) return undefined;
  const bareDate = /^\d{4}-\d\d-\d\d$/.test(value);
  const hasOffset = bareDate || /(Z|[+-]\d\d:\d\d)$/.test(value);
  const time = Date.parse(hasOffset ? value : `${value}Z`);
  if (Number.isNaN(time)) fail(PROBLEMS.invalidParameter);
  return bareDate && name === 'to' ? time + DAY_MS : time;
}

function readCountries(fields: JsonObject): readonly string[] | undefined {
  const { countries } = fields;
  if (countries === undefined || countries === null) return undefined;
  if (!Array.isArray(countries)) return fail(PROBLEMS.invalidParameter);
  if (!countries.every((country) => typeof country === 'string' && country.length === 2)) {
    fail(PROBLEMS.invalidCountry);
  }
  return countries.map((country: string) => country.toUpperCase());
}

function readExportRequest(body: unknown, now: number): ExportRequest {
  const fields = readObject(body ?? {});
  const to = readDate(fields, 'to') ?? now + 1;
  const from = readDate(fields, 'from') ?? to - DEFAULT_SPAN_MS;
  const limit = fields.limit ?? 0;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0)
    return fail(PROBLEMS.invalidParameter);
  return {
    from,
    to,
    limit,
    phoneNumber: readString(fields, 'phoneNumber', PROBLEMS.invalidParameter)?.replace(/^\+/, ''),
    countries: readCountries(fields),
  };
}

function selectMessages(job: ExportJobRecord, context: EmulatorContext): readonly EmulatedMessage[] {
  const { from, to, phoneNumber, countries, limit } = job.request;
  const selected = context.messages
    .all()
    .filter(
      (message) =>
        message.subAccountId === job.subAccountId &&
        message.createdAt >= from &&
        message.createdAt < to &&
        (phoneNumber === undefined || message.destination === `+${phoneNumber}`) &&
        (countries === undefined || countries.includes(message.country ?? '')),
    );
  return limit === 0 ? selected : selected.slice(0, limit);
}

function rowOf(message: EmulatedMessage, context: EmulatorContext): string {
  const network = context.prices.countries.find(({ country }) => country === message.country);
  const status = statusOf(message);
  const personal = shownPersonalData(message, context);
  return csvLine([
    ...[message.umid, message.subAccountId, 1, message.country],
    ...[network?.operator, network?.mcc, network?.mnc],
    ...[status.state, status.detail, status.errorCode, status.errorMessage, status.timestamp],
    ...[personal.msisdn, message.source, message.encoding, new Date(message.createdAt).toISOString()],
    ...[message.parts, message.price.currency, message.price.perSms, message.price.total],
    ...[message.clientMessageId, message.clientBatchId, message.batchId, personal.body],
  ]);
}

function writeFiles(job: ExportJobRecord, expiresAt: number, context: EmulatorContext): readonly string[] {
  const selected = selectMessages(job, context);
  const { byteOrderMark = false, rowsPerFile = DEFAULT_ROWS_PER_FILE } = context.exportOptions;
  const heading = (byteOrderMark ? '\ufeff' : '') + csvLine(COLUMNS);
  const names: string[] = [];
  for (let start = 0; start < selected.length; start += rowsPerFile) {
    const rows = selected.slice(start, start + rowsPerFile).map((message) => rowOf(message, context));
    const name = context.ids.token(JOB_ID_LENGTH);
    context.exportFiles.set(name, {
      subAccountId: job.subAccountId,
      expiresAt,
      lines: [heading, ...rows],
    });
    names.push(name);
  }
  return names;
}

function isReady(job: ExportJobRecord, context: EmulatorContext): boolean {
  const { readyAfterMs, readyAfterPolls = DEFAULT_READY_AFTER_POLLS } = context.exportOptions;
  if (readyAfterMs !== undefined) return context.clock.now() - job.startedAt >= readyAfterMs;
  return job.polls >= readyAfterPolls;
}

export const startExport: Handler = (call, context) => {
  const startedAt = context.clock.now();
  const request = readExportRequest(call.body, startedAt);
  const jobId = context.ids.token(JOB_ID_LENGTH);
  const subAccountId = segment(call, 'subAccountId');
  context.exportJobs.set(jobId, { subAccountId, startedAt, request, polls: 0, cancelled: false });
  return { status: 202, json: { jobId } };
};

function findJob(subAccountId: string, jobId: string, context: EmulatorContext): ExportJobRecord {
  const job = context.exportJobs.get(jobId);
  return job?.subAccountId === subAccountId ? job : fail(PROBLEMS.invalidJob);
}

function finish(job: ExportJobRecord, context: EmulatorContext) {
  const expiresAt = context.clock.now() + FILES_KEPT_MS;
  return { expiresAt, files: writeFiles(job, expiresAt, context) };
}

export const getExport: Handler = (call, context) => {
  const subAccountId = segment(call, 'subAccountId');
  const jobId = segment(call, 'jobId');
  const known = findJob(subAccountId, jobId, context);
  if (known.cancelled) return { status: 200, json: { status: 'cancelled' } };
  const job = { ...known, polls: known.polls + 1 };
  const finished = job.finished ?? (isReady(job, context) ? finish(job, context) : undefined);
  context.exportJobs.set(jobId, { ...job, ...(finished !== undefined && { finished }) });
  if (finished === undefined) {
    return { status: 200, json: { status: job.polls === 1 ? 'queued' : 'running' } };
  }
  const { expiresAt, files } = finished;
  if (files.length === 0) return { status: 200, json: { status: 'empty' } };
  const folder = `${call.origin}/api/v1/subaccounts/${encodeURIComponent(subAccountId)}/messages/download`;
  const data = files.map((name) => `${folder}/${name}`);
  return { status: 200, json: { status: 'succeeded', data, expires: new Date(expiresAt).toISOString() } };
};

export const cancelExport: Handler = (call, context) => {
  const jobId = segment(call, 'jobId');
  const job = findJob(segment(call, 'subAccountId'), jobId, context);
  context.exportJobs.set(jobId, { ...job, cancelled: true });
  return { status: 204 };
};

/** Needs no key: the address itself is the secret. */
export const downloadExport: Handler = (call, context) => {
  const file = context.exportFiles.get(segment(call, 'file'));
  if (file === undefined || file.subAccountId !== segment(call, 'subAccountId'))
    return fail(PROBLEMS.notFound);
  if (context.clock.now() >= file.expiresAt) fail(PROBLEMS.notFound);
  return { status: 200, lines: file.lines };
};

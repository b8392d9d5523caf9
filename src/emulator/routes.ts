import { getBalance, getPrices } from './account.ts';
import type { Handler } from './context.ts';
import { cancelExport, downloadExport, getExport, startExport } from './exports.ts';
import {
  cancelBatch,
  cancelOne,
  deletePersonalData,
  getDetails,
  giveFeedback,
  sendBatch,
  sendOne,
} from './messages.ts';
import { sendSurvey, sendSurveyBatch } from './surveys.ts';
import { deleteWebhooks, listWebhooks, setWebhooks } from './webhook-settings.ts';

/** One endpoint. */
export interface Route {
  readonly method: string;
  /** Path with `{name}` segments. */
  readonly path: string;
  /** Absent for the download, which is no operation of 8x8's API. */
  readonly operationId?: string;
  readonly handler: Handler;
  /** Whether a JSON body must come with it. Default: none is read. */
  readonly body?: 'required' | 'optional';
  /** True for message details: one request a second. */
  readonly slow?: boolean;
}

const messages = '/api/v1/subaccounts/{subAccountId}/messages';
const surveys = '/api/v1/subaccounts/{subAccountId}/surveys/{surveyId}/messages';
const account = '/api/v1/accounts/{accountId}';

function route(
  request: string,
  operationId: string | undefined,
  handler: Handler,
  options: Pick<Route, 'body' | 'slow'> = {},
): Route {
  const [method = '', path = ''] = request.split(' ');
  return { method, path, handler, ...(operationId !== undefined && { operationId }), ...options };
}

const required = { body: 'required' } as const;

/** All of 8x8's SMS API. Where two paths fit, the earlier one wins: literal segments stand before `{umid}`. */
export const ROUTES: readonly Route[] = [
  route(`POST ${messages}`, 'Send-Sms-Single', sendOne, required),
  route(`POST ${messages}/batch`, 'Send-Many-Sms', sendBatch, required),
  route(`DELETE ${messages}/batch/{batchId}`, 'cancel-many-sms-messages', cancelBatch),
  route(`POST ${messages}/exports`, 'start-log-export-job', startExport, { body: 'optional' }),
  route(`GET ${messages}/exports/{jobId}`, 'get-log-export-job-result', getExport),
  route(`DELETE ${messages}/exports/{jobId}`, 'cancel-log-export-job', cancelExport),
  route(`GET ${messages}/download/{file}`, undefined, downloadExport),
  route(`GET ${messages}/{umid}`, 'get-sms-message-details', getDetails, { slow: true }),
  route(`DELETE ${messages}/{umid}`, 'cancel-scheduled-message', cancelOne),
  route(`POST ${messages}/{umid}/feedback`, 'api-Sms-Feedback', giveFeedback, required),
  route(`DELETE ${messages}/{umid}/pii`, 'delete-pii', deletePersonalData),
  route(`POST ${surveys}`, 'Survey-Send', sendSurvey, required),
  route(`POST ${surveys}/batch`, 'Survey-Send-Many', sendSurveyBatch, required),
  route(`GET ${account}/prices`, 'get-price-list', getPrices),
  route(`GET ${account}/balance`, 'get-account-balance', getBalance),
  route(`GET ${account}/webhooks`, 'Get-Webhooks-2', listWebhooks),
  route(`POST ${account}/webhooks`, 'Add-Webhooks-2', setWebhooks, required),
  route(`DELETE ${account}/webhooks`, 'Delete-Webhooks-2', deleteWebhooks, required),
];

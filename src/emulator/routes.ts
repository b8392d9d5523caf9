import { getBalance, getPrices } from './account.ts';
import {
  blockNumber,
  createContact,
  deleteContact,
  getContact,
  listContacts,
  updateContact,
} from './contacts/contacts.ts';
import {
  addMembers,
  createGroup,
  deleteGroup,
  getGroup,
  listGroups,
  removeMembers,
  updateGroup,
} from './contacts/groups.ts';
import {
  getJob,
  listJobs,
  startCopyContacts,
  startCreateContacts,
  startDeleteContacts,
  startDeleteGroups,
  startMoveContacts,
} from './contacts/jobs.ts';
import type { Handler } from './context.ts';
import { cancelExport, downloadExport, getExport, startExport } from './exports.ts';
import { lookUpNumber } from './lookup.ts';
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
import { getSmaCoverage, getVerification, openSmaLink, startVerification } from './verifications.ts';
import { deleteWebhooks, listWebhooks, setWebhooks } from './webhook-settings.ts';

/** One endpoint. */
export interface Route {
  readonly method: string;
  /** Path with `{name}` segments. */
  readonly path: string;
  /** Absent for downloads and links, which are not operations of 8x8's API. */
  readonly operationId?: string;
  readonly handler: Handler;
  /** Whether the endpoint reads a JSON body or a form; absent when it reads none. */
  readonly body?: 'required' | 'optional' | 'form';
  /** True for message details, which allow one request per second. */
  readonly slow?: boolean;
}

const messages = '/api/v1/subaccounts/{subAccountId}/messages';
const surveys = '/api/v1/subaccounts/{subAccountId}/surveys/{surveyId}/messages';
const account = '/api/v1/accounts/{accountId}';
const sessions = '/api/v2/subaccounts/{subAccountId}/sessions';
const contacts = `${account}/contacts`;
const groups = `${account}/groups`;

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

/** All operations of 8x8's APIs. When two paths match, the earlier one wins: literal segments precede `{umid}`. */
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
  route(`POST ${sessions}`, 'verify-request-v2', startVerification, required),
  route(`GET ${sessions}/{sessionId}`, 'code-validation-v2', getVerification),
  route(
    `POST /api/v2/subaccounts/{subAccountId}/sma/coverage`,
    'sma-coverage-check',
    getSmaCoverage,
    required,
  ),
  route(`GET /sma/{sessionId}`, undefined, openSmaLink),
  route(`GET /api/v1/subaccounts/{subAccountId}/phones/{phoneNumber}`, 'phone-number-lookup', lookUpNumber),
  route(`GET ${account}/prices`, 'get-price-list', getPrices),
  route(`GET ${account}/balance`, 'get-account-balance', getBalance),
  route(`GET ${account}/webhooks`, 'Get-Webhooks-2', listWebhooks),
  route(`POST ${account}/webhooks`, 'Add-Webhooks-2', setWebhooks, required),
  route(`DELETE ${account}/webhooks`, 'Delete-Webhooks-2', deleteWebhooks, required),
  route(`GET ${contacts}`, 'contact-search', listContacts),
  route(`POST ${contacts}`, 'create-contact', createContact, required),
  route(`POST ${contacts}/blacklist/{msisdn}`, 'blacklist-msisdn', blockNumber, { body: 'optional' }),
  route(`POST ${contacts}/batches/createContacts`, 'batch-upload-contacts', startCreateContacts, {
    body: 'form',
  }),
  route(`POST ${contacts}/batches/deleteContacts`, 'batch-delete-contacts', startDeleteContacts, required),
  route(`GET ${contacts}/{contactId}`, 'get-contact-by-id', getContact),
  route(`PATCH ${contacts}/{contactId}`, 'update-contact', updateContact, required),
  route(`DELETE ${contacts}/{contactId}`, 'delete-single-contact', deleteContact),
  route(`GET ${groups}`, 'search-groups', listGroups),
  route(`POST ${groups}`, 'create-group', createGroup, required),
  route(`POST ${groups}/batches/copyContacts`, 'batch-copy-contacts', startCopyContacts),
  route(`POST ${groups}/batches/moveContacts`, 'batch-move-contacts', startMoveContacts),
  route(`POST ${groups}/batches/deleteGroups`, 'batch-delete-groups', startDeleteGroups, required),
  route(`GET ${groups}/{groupId}`, 'get-group-by-id', getGroup),
  route(`PATCH ${groups}/{groupId}`, 'update-group', updateGroup, required),
  route(`DELETE ${groups}/{groupId}`, 'delete-group', deleteGroup),
  route(`POST ${groups}/{groupId}/contacts`, 'add-contacts-to-group', addMembers, required),
  route(`DELETE ${groups}/{groupId}/contacts`, 'delete-contacts-from-group', removeMembers, required),
  route(`GET ${account}/batches`, 'get-batch-job-list', listJobs),
  route(`GET ${account}/batches/{batchId}`, 'get-batch-by-id', getJob),
];

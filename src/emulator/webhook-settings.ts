import type { EmulatedWebhook, EmulatorContext, Handler } from './context.ts';
import { isRecord, type JsonObject, readChoice, readObject, readString, readUrl } from './fields.ts';
import { fail, PROBLEMS } from './problems.ts';
import { readSubAccount } from './sub-account.ts';

/** 8x8's placeholder for a secret. Written back, it becomes the secret: 8x8 cannot tell it from a real one. */
const SECRET = '***';
/** The account-wide webhook; not a wildcard when deleting. */
const ACCOUNT_WIDE = '*';

const invalidParameter = PROBLEMS.invalidParameter;

function readEntries(body: unknown): readonly JsonObject[] {
  return Array.isArray(body) && body.every(isRecord) ? body : fail(invalidParameter);
}

function readOwner(fields: JsonObject, context: EmulatorContext): string {
  const subAccountId = readString(fields, 'subAccountId', invalidParameter) ?? fail(invalidParameter);
  return subAccountId === ACCOUNT_WIDE ? subAccountId : readSubAccount(subAccountId, context.subAccountIds);
}

/** 8x8 refuses http since 2 September 2026. */
function readTokenUrl(fields: JsonObject): string {
  const url = readUrl(fields, 'url', invalidParameter) ?? fail(invalidParameter);
  return /^https:/i.test(url) ? url : fail(invalidParameter);
}

function readOAuth(fields: JsonObject): NonNullable<EmulatedWebhook['oauth']> {
  const scope = readString(fields, 'scope', invalidParameter);
  return {
    url: readTokenUrl(fields),
    clientId: readString(fields, 'clientId', invalidParameter) ?? fail(invalidParameter),
    clientSecret: readString(fields, 'clientSecret', invalidParameter) ?? fail(invalidParameter),
    credentialsLocation:
      readChoice(fields, 'credentialsLocation', ['header', 'body'], invalidParameter) ??
      fail(invalidParameter),
    ...(scope !== undefined && { scope }),
  };
}

function readWebhook(fields: JsonObject, context: EmulatorContext): EmulatedWebhook {
  const { enabled = true, oauth } = fields;
  if (typeof enabled !== 'boolean') return fail(invalidParameter);
  const httpAuthorization = readString(fields, 'httpAuthorization', invalidParameter);
  return {
    subAccountId: readOwner(fields, context),
    url: readUrl(fields, 'url', invalidParameter) ?? fail(invalidParameter),
    enabled,
    ...(httpAuthorization !== undefined && { httpAuthorization }),
    ...(oauth !== undefined && oauth !== null && { oauth: readOAuth(readObject(oauth)) }),
  };
}

function masked(webhook: EmulatedWebhook): EmulatedWebhook {
  return {
    ...webhook,
    ...(webhook.httpAuthorization !== undefined && { httpAuthorization: SECRET }),
    ...(webhook.oauth !== undefined && { oauth: { ...webhook.oauth, clientSecret: SECRET } }),
  };
}

export const listWebhooks: Handler = (_call, context) => ({
  status: 200,
  json: [...context.webhooks.values()].map(masked),
});

export const setWebhooks: Handler = (call, context) => {
  const webhooks = readEntries(call.body).map((entry) => readWebhook(entry, context));
  for (const webhook of webhooks) context.webhooks.set(webhook.subAccountId, webhook);
  return { status: 200 };
};

export const deleteWebhooks: Handler = (call, context) => {
  const owners = readEntries(call.body).map((entry) => readOwner(entry, context));
  for (const owner of owners) context.webhooks.delete(owner);
  return { status: 200 };
};

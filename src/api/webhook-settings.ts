import type { ClientContext } from '../client-context.ts';
import { extraField } from '../internal/extra-fields.ts';
import { boolean, type Fields, list, objectWith, oneOf, pattern, refine, text, webUrl } from '../schema.ts';
import { wireFields } from '../sending/prepare.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { assertValid } from './input.ts';
import { optionalText, parseResponse, present, textIn, toFields, toList } from './parse-response.ts';

const WEBHOOKS = {
  product: 'sms',
  path: '/api/v1/accounts/{accountId}/webhooks',
  repeat: 'safe',
} as const;

const LIST: Operation = {
  ...WEBHOOKS,
  name: 'webhookSettings.list',
  operationId: 'Get-Webhooks-2',
  method: 'GET',
  responseBody: 'json',
};

const SET: Operation = {
  ...WEBHOOKS,
  name: 'webhookSettings.set',
  operationId: 'Add-Webhooks-2',
  method: 'POST',
  responseBody: 'empty',
};

const DELETE: Operation = {
  ...WEBHOOKS,
  name: 'webhookSettings.delete',
  operationId: 'Delete-Webhooks-2',
  method: 'DELETE',
  responseBody: 'empty',
};

/** Token that 8x8 sends with a webhook (OAuth 2.0 client credentials). */
export interface WebhookOAuth {
  /** Your token endpoint. */
  readonly url: string;
  readonly clientId: string;
  /** `***` when it was read: 8x8 never shows a secret again. */
  readonly clientSecret: string;
  /** Location of ID and secret in the token request. */
  readonly credentialsLocation: 'header' | 'body' | (string & {});
  readonly scope?: string;
}

/** A webhook in the format of 8x8. */
export interface WebhookSetting {
  /** `*` is the account-wide webhook: it receives the events of sub-accounts without their own webhook. */
  readonly subAccountId: string;
  readonly url: string;
  readonly enabled: boolean;
  /** The `Authorization` header 8x8 sends; `***` when it was read. */
  readonly httpAuthorization?: string;
  readonly oauth?: WebhookOAuth;
}

/** A webhook to create, or to replace the current one of the sub-account. */
export interface WebhookInput {
  /** A sub-account, or `*` for the whole account. */
  readonly subAccountId: string;
  /** Address to which 8x8 posts receipts and incoming messages. */
  readonly url: string;
  /** False keeps the webhook and posts nothing to it. @default true */
  readonly enabled?: boolean | undefined;
  /**
   * The literal `Authorization` header that 8x8 sends, which proves that the request comes from 8x8. Excluded by
   * `oauth`.
   */
  readonly httpAuthorization?: string | undefined;
  /** Token that 8x8 fetches and sends (OAuth 2.0 client credentials). Excludes `httpAuthorization`. @default none */
  readonly oauth?:
    | {
        /** Your token endpoint, https: 8x8 refuses http since 2 September 2026. */
        readonly url: string;
        /** Client ID that 8x8 sends to your token endpoint. */
        readonly clientId: string;
        /** Secret that 8x8 sends to your token endpoint. `***` is refused. */
        readonly clientSecret: string;
        /** Location of ID and secret in the token request. */
        readonly credentialsLocation: 'header' | 'body';
        /** Scope that 8x8 requests. @default none */
        readonly scope?: string | undefined;
      }
    | undefined;
  /**
   * Fields that 8x8 added after this version, sent as they are. They may name no field that 8x8 knows today, in any spelling
   * or depth. At most 10,000 characters as JSON.
   *
   * @example extra: { newField: true }
   */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** Addresses to which 8x8 posts delivery receipts and incoming messages. Needs `accountId`. */
export interface WebhookSettings {
  /**
   * Lists all webhooks of the account. Secrets are returned as `***`.
   *
   * @throws ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/get-webhooks-2
   * @example (await sms.webhookSettings.list()).filter((webhook) => webhook.enabled)
   */
  list(options?: CallOptions): Promise<readonly WebhookSetting[]>;
  /**
   * Creates webhooks, or replaces those of the same sub-accounts; the others stay. A secret of `***` is refused,
   * because it would become the secret when a list is written back.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/add-webhooks-2
   * @example
   * ```ts
   * await sms.webhookSettings.set([
   *   { subAccountId: '*', url: 'https://team.example/8x8', httpAuthorization: `Bearer ${secret}` },
   * ]);
   * ```
   */
  set(webhooks: readonly WebhookInput[], options?: CallOptions): Promise<void>;
  /**
   * Deletes the webhooks of these sub-accounts. `*` means the account-wide webhook; it is not a wildcard.
   *
   * @throws ValidationError, ConfigurationError, ApiError, ConnectionError, AbortedError, QueueFullError
   * @see https://developer.8x8.com/connect/reference/delete-webhooks-2
   * @example await sms.webhookSettings.delete([{ subAccountId: 'amazing_hq' }])
   */
  delete(
    webhooks: readonly {
      /** A sub-account, or `*` for the account-wide webhook. */
      readonly subAccountId: string;
    }[],
    options?: CallOptions,
  ): Promise<void>;
}

const MAX_WEBHOOKS = 1_000;
const url = webUrl();
const httpsUrl = refine<string>(
  url,
  (value) => /^https:/i.test(value),
  'must be an https URL: 8x8 refuses http.',
);
const secret = pattern(
  /^(?![\s\S]*\*{3})[^\p{Cc}]+$/u,
  'a secret without control characters, and not the *** that 8x8 shows instead of one: written back, that would become the secret',
);
const owner = pattern(
  /^(?:\*|[A-Za-z0-9\-._&]{3,50})$/,
  'a sub-account (3 to 50 letters, digits, - . _ &), or * for the account-wide webhook',
);

const oauthFields: Fields<NonNullable<WebhookInput['oauth']>> = {
  url: httpsUrl,
  clientId: text({ max: 500 }),
  clientSecret: secret,
  credentialsLocation: oneOf(['header', 'body']),
  scope: text({ max: 1_000 }),
};
const webhookFields: Fields<WebhookInput> = {
  subAccountId: owner,
  url,
  enabled: boolean(),
  httpAuthorization: secret,
  extra: extraField,
  oauth: objectWith(['url', 'clientId', 'clientSecret', 'credentialsLocation'], oauthFields),
};
const setSchema = list(
  refine<WebhookInput>(
    objectWith(['subAccountId', 'url'], webhookFields, 'a webhook { subAccountId, url, … }'),
    ({ httpAuthorization, oauth }) => httpAuthorization === undefined || oauth === undefined,
    'must have either httpAuthorization or oauth, not both: 8x8 sends one Authorization header.',
  ),
  {
    min: 1,
    max: MAX_WEBHOOKS,
  },
);
const deleteSchema = list(
  objectWith(['subAccountId'], { subAccountId: owner }, 'an object { subAccountId }'),
  { min: 1, max: MAX_WEBHOOKS },
);

function readOAuth(value: unknown): WebhookOAuth | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = toFields(value, 'oauth');
  return {
    url: textIn(fields, 'url'),
    clientId: textIn(fields, 'clientId'),
    clientSecret: textIn(fields, 'clientSecret'),
    credentialsLocation: textIn(fields, 'credentialsLocation'),
    ...present({ scope: optionalText(fields, 'scope') }),
  };
}

function readWebhook(value: unknown): WebhookSetting {
  const fields = toFields(value, 'a webhook');
  return {
    subAccountId: textIn(fields, 'subAccountId'),
    url: textIn(fields, 'url'),
    enabled: fields.enabled !== false,
    ...present({
      httpAuthorization: optionalText(fields, 'httpAuthorization'),
      oauth: readOAuth(fields.oauth),
    }),
  };
}

export function createWebhookSettings({ calls, transport, accountId }: ClientContext): WebhookSettings {
  return {
    list: (options) =>
      calls.run(options, async (call) => {
        const segments = { accountId: accountId() };
        const response = await transport.request(
          {
            operation: LIST,
            segments,
          },
          call,
        );
        return parseResponse(LIST, response, (body) => toList(body).map(readWebhook));
      }),
    set: (webhooks, options) =>
      calls.run(options, async (call) => {
        assertValid(setSchema, webhooks, 'webhooks');
        const segments = { accountId: accountId() };
        const body = webhooks.map((webhook) =>
          wireFields({ ...webhook, oauth: webhook.oauth && wireFields(webhook.oauth) }),
        );
        await transport.request({ operation: SET, segments, body }, call);
      }),
    delete: (webhooks, options) =>
      calls.run(options, async (call) => {
        assertValid(deleteSchema, webhooks, 'webhooks');
        const segments = { accountId: accountId() };
        const body = webhooks.map(({ subAccountId }) => ({ subAccountId }));
        await transport.request({ operation: DELETE, segments, body }, call);
      }),
  };
}

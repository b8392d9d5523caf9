import type { Call } from '../call.ts';
import type { ClientContext } from '../client-context.ts';
import type { Content } from '../guards/guard.ts';
import { type Fields, list, messageText, object, objectWith, shortValues, text, unknown } from '../schema.ts';
import {
  type BatchOutcome,
  type BatchSettings,
  batchSettingFields,
  sendBatchRequest,
} from '../sending/batch-request.ts';
import { sendOne } from '../sending/pipeline.ts';
import { contentOf, type MessageInput, type MessageReader, wireFields } from '../sending/prepare.ts';
import { type AcceptedResult, countResults } from '../sending/results.ts';
import { all, type BatchResult, inputOf, MAX_BATCH, wireTemplate } from '../sending/send-batch.ts';
import { type ManyKind, runFields, type SendManyOptions, startRun } from '../sending/send-many/send-many.ts';
import type { SendManyRun } from '../sending/send-many/send-many-run.ts';
import {
  type Addressing,
  addressingFields,
  contentFields,
  MAX_TEXT_CHARACTERS,
  type SmsContent,
} from '../sending/sms-message.ts';
import type { Rewrite } from '../text/rewrite.ts';
import type { Operation } from '../transport/operation.ts';
import type { CallOptions } from '../types.ts';
import { assertValid, readId } from './input.ts';

const SEND: Operation = {
  name: 'surveys.send',
  operationId: 'Survey-Send',
  product: 'sms',
  method: 'POST',
  path: '/api/v1/subaccounts/{subAccountId}/surveys/{surveyId}/messages',
  repeat: 'never',
  responseBody: 'json',
};

const SEND_BATCH: Operation = {
  ...SEND,
  name: 'surveys.sendBatch',
  operationId: 'Survey-Send-Many',
  path: `${SEND.path}/batch`,
};

/** Fields that survey messages and their template have in common. Source: 8x8 SMS Engage API, "Send survey". */
export interface SurveyContent extends Omit<SmsContent, 'text'> {
  /**
   * The text. `{{url}}` or `{{url:var1:var2}}` becomes the short link to the survey, 21 characters; `{{name}}` a variable
   * of the message.
   */
  readonly templateBody?: string | undefined;
}

/** Fields that every message of a survey batch shares; a message's own field wins. */
export interface SurveyTemplate extends SurveyContent {
  /** The text, with `{{url}}` or `{{url:var1:var2}}` for the short link to the survey. */
  readonly templateBody: string;
}

/** One invitation to a survey. */
export interface SurveyMessage extends SurveyContent, Addressing {
  /** The text, with `{{url}}` or `{{url:var1:var2}}` for the short link to the survey. */
  readonly templateBody: string;
  /** Values for the survey and for `{{name}}` in the text: at most 100, of up to 1,000 characters. */
  readonly templateVariables?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** An invitation of a batch whose template may hold the text. */
export type SurveyBatchMessage = Omit<SurveyMessage, 'templateBody'> & SurveyContent;

/** One invitation and its survey. */
export interface SurveyInput extends SurveyMessage {
  /** 8x8's ID of the survey. */
  readonly surveyId: string;
}

/** Up to 10,000 invitations to one survey. */
export interface SurveyBatchInput extends BatchSettings {
  /** 8x8's ID of the survey. */
  readonly surveyId: string;
  /** Invitations, 1 to 10,000. An invitation that a guard refuses is left out. */
  readonly messages: readonly SurveyBatchMessage[];
  /** Fields of every invitation that lacks them. */
  readonly template?: SurveyTemplate | undefined;
}

/**
 * Options of a run of invitations over a long input. `timeoutMs`, `deadlineMs` and `maxAttempts` apply to each chunk, as in
 * `messages.sendMany`.
 */
export interface SurveySendManyOptions extends Omit<SendManyOptions, 'template' | 'clientIp'> {
  /** 8x8's ID of the survey to which the run invites. */
  readonly surveyId: string;
  /** Fields of every invitation that lacks them. */
  readonly template?: SurveyTemplate | undefined;
}

/** SMS Engage surveys. Every invitation passes the same guards as an SMS. */
export interface Surveys {
  /**
   * Sends one invitation to a survey after all guards have admitted it. Throws unless 8x8 accepted it.
   *
   * @throws ValidationError, GuardError, MessageRejectedError, ApiError, ConnectionError, AbortedError, QueueFullError,
   * StoreError: as `messages.send`
   * @see https://developer.8x8.com/connect/reference/survey-send
   * @example
   * ```ts
   * await sms.surveys.send({
   *   surveyId: 'nps',
   *   destination: '+6591234567',
   *   templateBody: 'Hi {{name}}, how was it? {{url:name}}',
   *   templateVariables: { name: 'Mei' },
   * });
   * ```
   */
  send(survey: SurveyInput, options?: CallOptions): Promise<AcceptedResult>;
  /**
   * Sends up to 10,000 invitations in one request; every one passes all guards. The results are those of
   * `messages.sendBatch`. Throws only for a malformed call, before anything is counted or sent.
   *
   * @throws ValidationError
   * @see https://developer.8x8.com/connect/reference/survey-send-many
   * @example
   * ```ts
   * const { counts } = await sms.surveys.sendBatch({
   *   surveyId: 'nps',
   *   messages: [{ destination: '+6591234567' }, { destination: '+6598765432' }],
   *   template: { templateBody: 'How was it? {{url}}' },
   * });
   * ```
   */
  sendBatch(batch: SurveyBatchInput, options?: CallOptions): Promise<BatchResult>;
  /**
   * Sends any number of invitations to one survey from an array, a generator or a stream of rows; every one passes all guards.
   * Results, checkpoints, what ends a run, and `run()` are those of `messages.sendMany`. Nothing is sent before the first
   * result is requested. A token of `messages.sendMany` is refused.
   *
   * @throws ValidationError an option, the token or the input is malformed, or the input throws: `path` is `input[1234]`
   * @throws AbortedError your signal fired
   * @throws StoreError the checkpoint or the limit store failed
   * @throws ApiError, ConnectionError, QueueFullError, ConfigurationError the failure that ended the run
   * @see https://developer.8x8.com/connect/reference/survey-send-many
   * @example
   * ```ts
   * const { accepted, blocked } = await sms.surveys
   *   .sendMany(rows, { surveyId: 'nps', template: { templateBody: 'Hi {{name}}, how was it? {{url}}' } })
   *   .run();
   * ```
   */
  sendMany(
    input: Iterable<SurveyBatchMessage> | AsyncIterable<SurveyBatchMessage>,
    options: SurveySendManyOptions,
  ): SendManyRun;
}

const { text: _, ...sharedFields } = contentFields;
const surveyContentFields: Fields<SurveyContent> = {
  ...sharedFields,
  templateBody: messageText({ max: MAX_TEXT_CHARACTERS }),
};
const messageFields: Fields<SurveyMessage> = {
  ...surveyContentFields,
  ...addressingFields,
  templateVariables: shortValues({ maxEntries: 100, maxLength: 1_000 }),
};
const messageSchema = objectWith(['destination', 'templateBody'], messageFields, 'a survey message');
const batchMessageSchema = objectWith(['destination'], messageFields, 'a survey message');
const surveyId = text({ max: 200 });
const template = objectWith(['templateBody'], surveyContentFields, 'a template');
const batchFields: Fields<SurveyBatchInput> = {
  ...batchSettingFields,
  surveyId,
  messages: list(unknown(), { min: 1, max: MAX_BATCH }),
  template,
};
const manyFields: Fields<SurveySendManyOptions> = { ...runFields, surveyId, template };
const batchSchema = objectWith(
  ['surveyId', 'messages'],
  batchFields,
  'a batch { surveyId, messages, template }',
);
const inputSchema = object({ ...messageFields, surveyId }, 'a survey message { surveyId, destination, … }');

const LINK = /\{\{\s*url(?:\s*|:[^{}]*)\}\}/g;
/** 21 characters that every encoding can carry: a short link is billed with this length. */
const BILLED_LINK = 'x'.repeat(21);

/** Replaces variables as 8x8 does. Links and undeclared variables stay, so that the guard sees them. */
function fill(template: string, variables: SurveyMessage['templateVariables'] = {}): string {
  return template.replace(/\{\{([^{}]+)\}\}/g, (placeholder, inside: string) => {
    const name = inside.trim();
    return Object.hasOwn(variables, name) ? String(variables[name]) : placeholder;
  });
}

function surveyContent(
  message: Omit<SurveyBatchMessage, 'extra'> & { readonly extra?: unknown },
  source: string | undefined,
  template: string,
): Content {
  const filled = fill(template, message.templateVariables);
  // Only links of the template are billed as short links; the value of a variable may be any text.
  const billed = fill(template.replace(LINK, BILLED_LINK), message.templateVariables);
  const content = contentOf({ ...message, source, text: filled }, billed);
  return { ...content, placeholders: [], values: Object.values(message.templateVariables ?? {}).map(String) };
}

/** The text of a survey as it is sent: changed as the content guard is told to, with links at their billed length. */
function rewriteBody(rewrite: Rewrite, text: string, encoding: SurveyContent['encoding']): string {
  return rewrite(text, encoding, (changed) => changed.replace(LINK, BILLED_LINK));
}

function surveyReader(
  rewrite: Rewrite,
  template: Partial<SurveyTemplate> = {},
  batchExtra?: SurveyBatchInput['extra'],
): MessageReader<SurveyBatchMessage> {
  const { templateBody: given, encoding: sharedEncoding } = template;
  const sharedBody = given === undefined ? undefined : rewriteBody(rewrite, given, sharedEncoding);
  const rewriteOwn = ({ templateBody, encoding = sharedEncoding }: SurveyBatchMessage) =>
    templateBody === undefined ? undefined : rewriteBody(rewrite, templateBody, encoding);
  return {
    schema: template.templateBody === undefined ? messageSchema : batchMessageSchema,
    sources: ({ source }, clientSource) => [source, template.source, clientSource],
    content: (message, source) =>
      surveyContent(
        { ...template, ...message, extra: all([batchExtra, template.extra, message.extra]) },
        source,
        rewriteOwn(message) ?? sharedBody ?? '',
      ),
    wire: (message, source) => {
      const { templateVariables, encoding, scheduled, expiry, dlrCallbackUrl, extra } = message;
      return wireFields({
        templateBody: rewriteOwn(message),
        templateVariables,
        source: source === template.source ? undefined : source,
        encoding,
        scheduled,
        expiry,
        dlrCallbackUrl,
        extra,
      });
    },
  };
}

function readInputs({ messages, purpose, country }: SurveyBatchInput): readonly MessageInput[] {
  const defaults = wireFields({ purpose, country });
  return messages.map((message, index) => inputOf(message, index, 'messages', defaults));
}

/** One request with up to 10,000 invitations. */
function sendSurveyChunk(
  client: ClientContext,
  inputs: readonly MessageInput[],
  batch: Omit<SurveyBatchInput, 'messages'>,
  call: Call,
  onRequest?: () => void,
): Promise<BatchOutcome> {
  const { surveyId, template, extra } = batch;
  const { rewrite, subAccountId } = client;
  return sendBatchRequest(
    client,
    inputs,
    {
      operation: SEND_BATCH,
      segments: { subAccountId, surveyId },
      reader: surveyReader(rewrite, template, extra),
      settings: batch,
      shared: {
        template:
          template &&
          wireFields({
            ...wireTemplate(template),
            templateBody: rewriteBody(rewrite, template.templateBody, template.encoding),
          }),
      },
      onRequest,
    },
    call,
  );
}

export function createSurveys(client: ClientContext): Surveys {
  const { calls, subAccountId, rewrite } = client;
  const many: ManyKind<SurveySendManyOptions> = {
    operation: 'surveys.sendMany',
    schema: objectWith(['surveyId'], manyFields, 'options { surveyId, template, … }'),
    sender: (options) => (inputs, call, onRequest) =>
      sendSurveyChunk(client, inputs, options, call, onRequest),
  };
  return {
    send: (survey, options) =>
      calls.run(options, (call) => {
        assertValid(inputSchema, survey, '');
        const { surveyId, ...message } = survey;
        const segments = { subAccountId, surveyId: readId(surveyId, 'surveyId') };
        return sendOne(client, message, { operation: SEND, segments, reader: surveyReader(rewrite) }, call);
      }),
    sendBatch: (batch, options) =>
      calls.run(options, async (call) => {
        assertValid(batchSchema, batch, '');
        const { results, batchId } = await sendSurveyChunk(client, readInputs(batch), batch, call);
        return { results, counts: countResults(results), ...(batchId !== undefined && { batchId }) };
      }),
    sendMany: (input, options) => startRun(client, many, input, options),
  };
}

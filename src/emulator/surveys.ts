import type { ApiCall, EmulatorContext, Handler } from './context.ts';
import { type JsonObject, readObject, readString } from './fields.ts';
import { segment } from './messages.ts';
import { fail, PROBLEMS } from './problems.ts';
import { readEntries, type SubmittedMessage, submitBatch, submitOne } from './submit.ts';

/** 14 characters, plus 7 of an id: 8x8 promises short links of 21. */
const SHORT_LINK = 'http://s.test/';
const SHORT_LINK_LENGTH = 21;

/** Replaces `{{url}}` and `{{url:a:b}}` with a short link, and declared variables with their values. */
function fillTemplate(body: string, variables: JsonObject, context: EmulatorContext): string {
  return body.replace(/\{\{(url(?::[^{}]*)?|[^{}]+)\}\}/g, (placeholder: string, name: string) => {
    if (name === 'url' || name.startsWith('url:')) {
      return SHORT_LINK + context.ids.token(SHORT_LINK_LENGTH - SHORT_LINK.length);
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return value === undefined ? placeholder : String(value);
  });
}

function toSubmittedMessage(fields: JsonObject, context: EmulatorContext): SubmittedMessage {
  const templateVariables = readObject(fields.templateVariables ?? {}, PROBLEMS.invalidTemplate);
  return {
    fields,
    templateVariables,
    text: () => {
      const body = readString(fields, 'templateBody', PROBLEMS.invalidTemplate);
      return body === undefined ? undefined : fillTemplate(body, templateVariables, context);
    },
  };
}

function originOf(call: ApiCall) {
  return { subAccountId: segment(call, 'subAccountId'), surveyId: segment(call, 'surveyId') };
}

export const sendSurvey: Handler = (call, context) =>
  submitOne(toSubmittedMessage(readObject(call.body), context), call, originOf(call), context);

export const sendSurveyBatch: Handler = (call, context) => {
  const body = readObject(call.body);
  const template = readObject(body.template ?? {}, PROBLEMS.invalidTemplate);
  if (body.template !== undefined && template.templateBody === undefined) fail(PROBLEMS.invalidTemplate);
  const submitted = readEntries(body).map((entry) => toSubmittedMessage({ ...template, ...entry }, context));
  return submitBatch(submitted, body, call, originOf(call), context);
};

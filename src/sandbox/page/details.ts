import type { DetailsView, MessageView, WebhookView } from '../inbox/views.ts';
import { getDetails, post } from './api.ts';
import { copyButton, h } from './dom.ts';
import { formatDateTime, formatJson, formatTime } from './format.ts';

/** The request that carried a message, the response, and its webhooks. */

function block(title: string, text: string, extra?: HTMLElement): HTMLElement {
  return h(
    'section',
    { class: 'block' },
    h(
      'div',
      { class: 'block-head' },
      h('h3', {}, title),
      extra ?? copyButton('Copy', () => text, `Copy: ${title}`),
    ),
    h('pre', { tabindex: '0', 'aria-label': title }, text),
  );
}

function webhookItem(webhook: WebhookView): HTMLElement {
  const { event, url, state, attempts, nextAt, response } = webhook;
  const { eventType = 'survey answer', payload } = event as {
    eventType?: string;
    payload?: { status?: { state?: string } };
  };
  const name = payload?.status?.state ?? eventType.replaceAll('_', ' ');
  const last = attempts.at(-1);
  const outcome = last === undefined ? state : `${last.status ?? last.error}`;
  return h(
    'li',
    {},
    h(
      'details',
      {},
      h('summary', {}, h('span', {}, name), h('span', { class: `outcome ${state}` }, outcome)),
      h('p', { class: 'small' }, url),
      h(
        'ol',
        { class: 'attempts' },
        ...attempts.map(({ at, status, error, durationMs }) =>
          h('li', {}, `${formatTime(at)} — ${status ?? error}, ${durationMs} ms`),
        ),
        nextAt !== undefined && h('li', {}, `again at ${formatTime(nextAt)}`),
      ),
      response !== undefined &&
        response !== '' &&
        h('pre', { tabindex: '0', 'aria-label': 'Response' }, response),
      h('pre', { tabindex: '0', 'aria-label': 'Body' }, JSON.stringify(event, null, 2)),
    ),
  );
}

function facts(message: MessageView & Readonly<Record<string, unknown>>): HTMLElement {
  const { umid, subAccountId, state, encoding, parts, clientMessageId, batchId, createdAt, clientIp } =
    message;
  const rows = { umid, subAccountId, state, encoding, parts, clientMessageId, batchId, clientIp };
  return h(
    'dl',
    { class: 'facts' },
    h('div', {}, h('dt', {}, 'accepted'), h('dd', {}, formatDateTime(createdAt as number))),
    ...Object.entries(rows)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, String(value)))),
  );
}

/** Buttons for what the network and the person can do with a message. */
function actions({ umid, message }: DetailsView): HTMLElement {
  const { text, surveyId } = message as { text: string; surveyId?: string };
  const error = h('p', { class: 'error', role: 'alert' });
  const act = (label: string, path: string, body: object) =>
    h(
      'button',
      {
        type: 'button',
        class: 'button small',
        onclick: () => {
          error.textContent = '';
          post(`messages/${umid}/${path}`, body).catch((thrown: Error) => {
            error.textContent = thrown.message;
          });
        },
      },
      label,
    );
  return h(
    'div',
    { class: 'actions', role: 'group', 'aria-label': 'What happens to the message' },
    act('Delivered', 'report', { state: 'delivered' }),
    act('Undelivered, code 46', 'report', { state: 'undelivered', errorCode: 46 }),
    act('No such number, code 59', 'report', { state: 'undelivered', errorCode: 59 }),
    /https?:\/\//.test(text) && act('Open the link', 'click', {}),
    surveyId !== undefined && act('Answer “Good”', 'answers', { answer: 'Good' }),
    error,
  );
}

/** Builds the panel of a message; undefined when it is gone. */
export async function detailsPanel(umid: string, close: () => void): Promise<HTMLElement | undefined> {
  const view = await getDetails(umid).catch(() => undefined);
  if (view === undefined) return undefined;
  const { message, request, response, curl, webhooks } = view;
  return h(
    'div',
    { class: 'panel-body' },
    h(
      'div',
      { class: 'panel-head' },
      h('h2', {}, 'Message'),
      h('button', { type: 'button', class: 'button small', onclick: close }, 'Close'),
    ),
    facts(message as MessageView & Readonly<Record<string, unknown>>),
    actions(view),
    h(
      'section',
      { class: 'block' },
      h('h3', {}, 'Webhooks'),
      webhooks.length === 0
        ? h(
            'p',
            { class: 'small' },
            'None was posted. Set a receiver with --webhook-url or webhookSettings.set.',
          )
        : h('ol', { class: 'webhooks' }, ...webhooks.map(webhookItem)),
    ),
    block('As curl', curl),
    request && block(`Request: ${request.method} ${request.path}`, formatJson(request.body)),
    response && block(`Response: ${response.status}`, formatJson(response.body)),
  );
}

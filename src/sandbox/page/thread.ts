import type { EntryView, MessageView, NoteView, RefusalView, ReplyView, ThreadView } from '../inbox/views.ts';
import { getThread, post, sendTestMessage } from './api.ts';
import { announce, byId, copyButton, h, icon } from './dom.ts';
import { formatCount, formatDateTime, formatMoney, formatNumber, formatTime, formatWait } from './format.ts';

/** The phone that is open, with its messages as bubbles. */
export interface Thread {
  open(key: string | undefined): void;
  readonly key: () => string | undefined;
  refresh(): void;
  /** Marks the message whose details are shown. */
  mark(id: string | undefined): void;
}

export interface ThreadOptions {
  readonly currency: () => string;
  readonly environment: () => Readonly<Record<string, string>>;
  readonly showDetails: (umid: string) => void;
  readonly close: () => void;
}

const PAGE_ENTRIES = 40;

const STATES: Readonly<Record<string, readonly [icon: Parameters<typeof icon>[0], text: string]>> = {
  scheduled: ['clock', 'Scheduled'],
  queued: ['dots', 'Queued'],
  sent: ['tick', 'Sent'],
  delivered: ['ticks', 'Delivered'],
  read: ['ticks', 'Read'],
  undelivered: ['cross', 'Undelivered'],
  failed: ['cross', 'Failed'],
  rejected: ['cross', 'Rejected'],
  cancelled: ['cross', 'Cancelled'],
};

function stateView({ state, errorCode, errorMessage }: MessageView): HTMLElement {
  const [symbol, text] = STATES[state] ?? (['dots', state] as const);
  const error = errorCode === undefined ? '' : `: ${errorMessage ?? 'error'} (code ${errorCode})`;
  return h('span', { class: `state ${state}` }, icon(symbol), text + error);
}

/** Texts of clients are shown as written; links in them are not live. */
function messageView(message: MessageView, options: ThreadOptions): HTMLElement {
  const { id, at, text, source, encoding, parts, price, purpose, code, observed = [], scheduledAt } = message;
  const cost = formatMoney(price, options.currency());
  return h(
    'div',
    { class: 'bubble in' },
    h(
      'div',
      { class: 'bubble-head' },
      h('span', { class: 'sender' }, source),
      purpose !== undefined && h('span', { class: 'tag' }, purpose),
      message.isSurvey && h('span', { class: 'tag' }, 'survey'),
      message.isCut && h('span', { class: 'tag bad' }, 'cut at 10 parts'),
    ),
    h('p', { class: 'text' }, text),
    code !== undefined &&
      h(
        'div',
        { class: 'code' },
        h('span', { class: 'code-label' }, 'Code'),
        h('code', {}, code),
        copyButton('Copy', () => code, `Copy the code ${code}`),
      ),
    ...observed.map(({ guard, reason }) =>
      h('p', { class: 'observed' }, `${guard} would have refused this: ${reason} (monitor mode)`),
    ),
    scheduledAt !== undefined &&
      h('p', { class: 'observed' }, `Scheduled for ${formatDateTime(scheduledAt)}`),
    h(
      'div',
      { class: 'bubble-foot' },
      h('time', { title: formatDateTime(at) }, formatTime(at)),
      h(
        'span',
        {},
        `${encoding === 'GSM7' ? 'GSM-7' : 'UCS-2'} · ${parts} ${parts === 1 ? 'part' : 'parts'} · ${cost}`,
      ),
      stateView(message),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'inspect',
        'aria-label': `Details of the message of ${formatTime(at)}`,
        onclick: () => options.showDetails(id),
      },
      'Details',
    ),
  );
}

function webhookLine({ webhook }: ReplyView): HTMLElement {
  if (webhook === undefined) return h('span', { class: 'state' }, 'no receiver is configured');
  const { status, error } = webhook.attempts.at(-1) ?? {};
  const outcome = status ?? error ?? 'in progress';
  const texts = {
    waiting: `webhook: ${outcome}${webhook.attempts.length > 0 ? ', will be repeated' : ''}`,
    delivered: `webhook: ${outcome}`,
    failed: `webhook given up: ${outcome}`,
    refused: 'webhook not posted: the host is not allowed (--allow-host)',
  };
  return h('span', { class: `state ${webhook.state}` }, texts[webhook.state]);
}

function replyView(reply: ReplyView): HTMLElement {
  const { at, text, to, webhook } = reply;
  return h(
    'div',
    { class: 'bubble out' },
    h('p', { class: 'text' }, text),
    h(
      'div',
      { class: 'bubble-foot' },
      h('time', { title: formatDateTime(at) }, formatTime(at)),
      h('span', {}, `to ${to}`),
      webhookLine(reply),
    ),
    webhook !== undefined &&
      h(
        'details',
        { class: 'hook' },
        h('summary', {}, 'Webhook'),
        h(
          'pre',
          { tabindex: '0', 'aria-label': 'Body of the webhook' },
          JSON.stringify(webhook.event, null, 2),
        ),
        h(
          'p',
          {},
          webhook.attempts
            .map(({ status, error, durationMs }, turn) => `${turn + 1}: ${status ?? error}, ${durationMs} ms`)
            .join(' · ') || 'No attempt yet',
        ),
      ),
  );
}

function refusalView(refusal: RefusalView, currency: string): HTMLElement {
  const { at, destination, purpose, guard, reason, saved, retryAfterMs } = refusal;
  const wait = retryAfterMs === undefined ? '' : `, allowed again in ${formatWait(retryAfterMs)}`;
  return h(
    'div',
    { class: 'bubble refused' },
    h(
      'div',
      { class: 'bubble-head' },
      h('span', { class: 'sender' }, 'Not sent'),
      h('span', { class: 'tag' }, purpose),
    ),
    h('p', { class: 'text' }, h('s', {}, `Message to ${destination}`)),
    h('p', { class: 'reason' }, h('strong', {}, guard), ` refused it: ${reason}${wait}`),
    h(
      'div',
      { class: 'bubble-foot' },
      h('time', { title: formatDateTime(at) }, formatTime(at)),
      h('span', {}, `saved ${formatMoney(saved, currency)}`),
    ),
  );
}

function noteView({ at, text }: NoteView): HTMLElement {
  return h('p', { class: 'event', title: formatDateTime(at) }, text);
}

function entryView(entry: EntryView, options: ThreadOptions): HTMLElement {
  switch (entry.kind) {
    case 'message':
      return messageView(entry, options);
    case 'reply':
      return replyView(entry);
    case 'refusal':
      return refusalView(entry, options.currency());
    case 'note':
      return noteView(entry);
  }
}

export function createThread(options: ThreadOptions): Thread {
  const main = byId('phone');
  let key: string | undefined;
  let marked: string | undefined;
  let next: number | undefined;
  let shown: EntryView[] = [];
  const items = new Map<string, { readonly json: string; readonly item: HTMLLIElement }>();
  const title = h('h2', { class: 'phone-number', tabindex: '-1' });
  const facts = h('p', { class: 'phone-facts' });
  const list = h('ol', { class: 'bubbles', 'aria-label': 'Messages, newest first', tabindex: '0' });
  const older = h(
    'button',
    { type: 'button', class: 'button small older', onclick: () => void loadOlder() },
    'Show older',
  );
  const field = h('input', {
    id: 'reply',
    type: 'text',
    placeholder: 'Answer as this person',
    autocomplete: 'off',
    maxlength: '1600',
  });
  const error = h('p', { class: 'error', role: 'alert' });

  async function reply(text: string): Promise<void> {
    if (text.trim() === '' || key === undefined) return;
    error.textContent = '';
    try {
      await post('replies', { from: key, text });
      field.value = '';
    } catch (thrown) {
      error.textContent = (thrown as Error).message;
    }
  }

  const quick = (text: string) =>
    h('button', { type: 'button', class: 'button small', onclick: () => void reply(text) }, text);
  const composer = h(
    'form',
    {
      class: 'composer',
      'aria-label': 'Answer',
      onsubmit: (event) => {
        event.preventDefault();
        void reply(field.value);
      },
    },
    h('div', { class: 'quick' }, quick('STOP'), quick('YES'), quick('HELP')),
    h(
      'div',
      { class: 'write' },
      h('label', { class: 'hidden', for: 'reply' }, 'Answer as this person'),
      field,
      h('button', { type: 'submit', class: 'button primary' }, 'Send'),
    ),
    error,
  );
  const back = h(
    'button',
    {
      type: 'button',
      class: 'button quiet back',
      'aria-label': 'Back to the phones',
      onclick: options.close,
    },
    icon('back'),
  );
  const frame = h(
    'section',
    { class: 'device', 'aria-label': 'Phone' },
    h('header', { class: 'device-head' }, back, h('div', {}, title, facts)),
    list,
    composer,
  );

  function empty(): HTMLElement {
    const url = options.environment().EIGHTBYEIGHT_BASE_URL ?? location.origin;
    const curl = `curl -X POST ${url}/api/v1/subaccounts/shop/messages \\\n  -H 'Authorization: Bearer sandbox_any' \\\n  -H 'Content-Type: application/json' \\\n  -d '{"destination": "+6591234567", "text": "Hello"}'`;
    return h(
      'div',
      { class: 'empty' },
      h('h2', {}, 'Messages arrive here, on phones'),
      h('p', {}, 'Point any 8x8 client at this sandbox. Nothing reaches 8x8, and nothing costs money.'),
      h('pre', { tabindex: '0', 'aria-label': 'Example request' }, curl),
      h(
        'div',
        { class: 'empty-actions' },
        copyButton('Copy as curl', () => curl),
        h(
          'button',
          { type: 'button', class: 'button primary', onclick: () => void sendTestMessage() },
          'Send a test message',
        ),
      ),
    );
  }

  function itemOf(entry: EntryView): HTMLLIElement {
    const json = JSON.stringify(entry);
    const known = items.get(entry.id);
    if (known?.json === json) return known.item;
    const isOpen = known?.item.querySelector('details')?.open === true;
    const item = h('li', { class: `entry ${entry.kind}`, 'data-id': entry.id }, entryView(entry, options));
    const details = item.querySelector('details');
    if (details !== null && isOpen) details.open = true;
    items.set(entry.id, { json, item });
    return item;
  }

  function draw({ phone }: Pick<ThreadView, 'phone'>): void {
    if (!frame.isConnected) main.replaceChildren(frame);
    title.textContent = formatNumber(phone.key, phone.callingCode);
    const refused = phone.refused > 0 ? `, ${formatCount(phone.refused)} refused` : '';
    facts.textContent = `${phone.country ?? 'no country'} · ${formatCount(phone.entries)} ${phone.entries === 1 ? 'entry' : 'entries'}${refused}`;
    composer.hidden = phone.key.includes('*');
    const wanted = shown.map(itemOf);
    const known = new Set(shown.map(({ id }) => id));
    for (const id of items.keys()) if (!known.has(id)) items.delete(id);
    for (const [position, item] of wanted.entries()) {
      item.classList.toggle('marked', item.dataset.id === marked);
      const present = list.children[position];
      if (present !== item) list.insertBefore(item, present ?? null);
    }
    while (list.children.length > wanted.length) list.lastElementChild?.remove();
    if (next !== undefined) list.append(h('li', { class: 'entry more' }, older));
  }

  async function refresh(): Promise<void> {
    const asked = key;
    if (asked === undefined) {
      if (main.querySelector('.empty') === null) main.replaceChildren(empty());
      return;
    }
    const count = Math.min(200, Math.max(PAGE_ENTRIES, shown.length));
    const view = await getThread(asked, count).catch(() => undefined);
    if (asked !== key) return;
    if (view === undefined) return options.close();
    const newest = view.entries[0];
    if (newest !== undefined && shown.length > 0 && newest.id !== shown[0]?.id && newest.kind === 'message') {
      announce(`New message of ${newest.source}: ${newest.text}`);
    }
    if (view.entries.length >= shown.length) {
      shown = [...view.entries];
      next = view.next;
    } else {
      const fresh = new Map(view.entries.map((entry) => [entry.id, entry]));
      shown = [
        ...view.entries.filter(({ id }) => !shown.some((old) => old.id === id)),
        ...shown.map((old) => fresh.get(old.id) ?? old),
      ];
    }
    draw(view);
  }

  async function loadOlder(): Promise<void> {
    if (key === undefined || next === undefined) return;
    const asked = key;
    const view = await getThread(asked, PAGE_ENTRIES, next);
    if (view === undefined || asked !== key) return;
    shown = [...shown, ...view.entries];
    next = view.next;
    draw(view);
  }

  return {
    open(wanted) {
      if (wanted !== key) {
        shown = [];
        items.clear();
        list.replaceChildren();
        error.textContent = '';
        field.value = '';
      }
      key = wanted;
      void refresh().then(() => {
        if (key !== undefined) title.focus({ preventScroll: true });
      });
    },
    key: () => key,
    refresh: () => void refresh(),
    mark(id) {
      marked = id;
      for (const item of list.children) {
        item.classList.toggle('marked', (item as HTMLElement).dataset.id === id);
      }
    },
  };
}

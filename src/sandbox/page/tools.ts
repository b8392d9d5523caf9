import type { AttackView, SummaryView } from '../inbox/views.ts';
import { post } from './api.ts';
import { byId, copyButton, h } from './dom.ts';
import { formatCount, formatMoney } from './format.ts';

/** The panel beside the phone: what the guards did, the attack, faults, and how to connect a client. */
export interface Tools {
  readonly element: HTMLElement;
  update(summary: SummaryView): void;
}

const NAMES = {
  none: 'no guards',
  defaults: 'the defaults',
  configured: 'countries and prefix on',
} as const;

function guardTable({ guards, currency }: SummaryView): HTMLElement {
  if (guards.length === 0) {
    return h(
      'p',
      { class: 'small' },
      'No guard refused anything yet. Refused messages of your client appear here with ',
      h('code', {}, 'onEvent: sandboxReporter(url)'),
      '.',
    );
  }
  const most = Math.max(...guards.map(({ refused, observed }) => refused + observed));
  return h(
    'table',
    { class: 'guards' },
    h(
      'thead',
      {},
      h('tr', {}, ...['Guard', 'Refused', 'Watched', 'Saved'].map((name) => h('th', { scope: 'col' }, name))),
    ),
    h(
      'tbody',
      {},
      ...guards.map(({ guard, refused, observed, saved }) => {
        const meter = h('meter', {
          min: '0',
          max: `${most}`,
          value: `${refused}`,
          'aria-label': `${guard}: ${refused} refused`,
        });
        return h(
          'tr',
          {},
          h('th', { scope: 'row' }, guard, meter),
          h('td', {}, formatCount(refused)),
          h('td', {}, observed === 0 ? '–' : formatCount(observed)),
          h('td', {}, formatMoney(saved, currency)),
        );
      }),
    ),
  );
}

function attackProgress({ guards, isRunning, done, total, sent, refused }: AttackView): HTMLElement {
  const progress = h('progress', { max: `${total}`, value: `${done}`, 'aria-label': 'Attack' });
  const state = isRunning ? 'running' : 'over';
  return h(
    'div',
    { class: 'attack-progress' },
    progress,
    h(
      'p',
      { class: 'small' },
      `${NAMES[guards]}, ${state}: ${formatCount(sent)} sent, ${formatCount(refused)} refused`,
    ),
  );
}

function figure(name: string, value: string, tone = ''): HTMLElement {
  return h('div', { class: `figure ${tone}` }, h('dt', {}, name), h('dd', {}, value));
}

export function createTools(): Tools {
  const saved = h('p', { class: 'saved' });
  const guards = h('div');
  const progress = h('div', { 'aria-live': 'off' });
  const choice = h(
    'select',
    { id: 'attack-guards' },
    ...Object.entries(NAMES).map(([value, name]) => h('option', { value }, name)),
  );
  choice.value = 'configured';
  const attackButton = h(
    'button',
    { type: 'button', class: 'button danger', id: 'attack' },
    'Replay the attack',
  );
  let isRunning = false;
  const error = h('p', { class: 'error', role: 'alert' });
  const run = (path: string, body: object) => {
    error.textContent = '';
    post(path, body).catch((thrown: Error) => {
      error.textContent = thrown.message;
    });
  };
  attackButton.addEventListener('click', () => run('attack', { guards: isRunning ? 'stop' : choice.value }));
  const fault = h('select', { id: 'fault' });
  const times = h('input', { id: 'times', type: 'number', min: '1', max: '1000', value: '1' });
  const planned = h('p', { class: 'small', role: 'status' });
  const reserved = h('ul', { class: 'reserved' });
  const variables = h('pre', { class: 'lines', tabindex: '0', 'aria-label': 'Variables to paste' });
  const receivers = h('ul', { class: 'receivers' });
  const element = h(
    'div',
    { class: 'panel-body' },
    h('section', { class: 'block' }, h('h2', {}, 'What the guards did'), saved, guards),
    h(
      'section',
      { class: 'block' },
      h('h2', {}, 'Under attack'),
      h(
        'p',
        { class: 'small' },
        'An hour at a sign-up form in half a minute: 300 honest people, and robots that ask 1,000 times.',
      ),
      h('div', { class: 'line' }, h('label', { for: 'attack-guards' }, 'Guards'), choice),
      attackButton,
      progress,
    ),
    h(
      'section',
      { class: 'block' },
      h('h2', {}, 'Faults'),
      h(
        'form',
        {
          class: 'line',
          onsubmit: (event) => {
            event.preventDefault();
            const count = Number(times.value);
            run('faults', { fault: fault.value, times: count });
            planned.textContent = `The next ${count === 1 ? 'request' : `${count} requests`} will meet ${fault.value}.`;
          },
        },
        h('label', { for: 'fault' }, 'Fault'),
        fault,
        h('label', { for: 'times' }, 'times'),
        times,
        h('button', { type: 'submit', class: 'button' }, 'Plan'),
      ),
      planned,
      h(
        'details',
        {},
        h('summary', {}, 'Numbers that always do the same'),
        h('p', { class: 'small' }, '+65900000NN is undelivered with delivery error code NN.'),
        reserved,
      ),
    ),
    h(
      'section',
      { class: 'block' },
      h(
        'div',
        { class: 'block-head' },
        h('h2', {}, 'Connect a client'),
        copyButton('Copy', () => variables.textContent ?? '', 'Copy the variables'),
      ),
      variables,
      h('h3', {}, 'Receivers of webhooks'),
      receivers,
    ),
    error,
  );

  function updateFigures({ currency, messages, spent, refused, saved: amount }: SummaryView): void {
    byId('figures').replaceChildren(
      figure('messages', formatCount(messages)),
      figure('spent', formatMoney(spent, currency)),
      figure('refused', formatCount(refused), refused > 0 ? 'bad' : ''),
      figure('saved', formatMoney(amount, currency), amount > 0 ? 'good' : ''),
    );
  }

  return {
    element,
    update(summary) {
      updateFigures(summary);
      saved.replaceChildren(
        h('strong', {}, formatMoney(summary.saved, summary.currency)),
        ` saved by refusing ${formatCount(summary.refused)} ${summary.refused === 1 ? 'message' : 'messages'}`,
      );
      guards.replaceChildren(guardTable(summary));
      isRunning = summary.attack?.isRunning === true;
      attackButton.textContent = isRunning ? 'Stop' : 'Replay the attack';
      progress.replaceChildren(...(summary.attack ? [attackProgress(summary.attack)] : []));
      if (fault.children.length === 0) {
        fault.append(...summary.faults.map((name) => h('option', { value: name }, name)));
        reserved.append(
          ...summary.reserved.map(({ number, effect }) => h('li', {}, h('code', {}, number), ` ${effect}`)),
        );
      }
      const lines = Object.entries(summary.environment).map(([name, value]) => `export ${name}=${value}`);
      variables.textContent = lines.join('\n');
      receivers.replaceChildren(
        ...(summary.webhooks.length === 0
          ? [h('li', { class: 'small' }, 'None. Set one with --webhook-url or webhookSettings.set.')]
          : summary.webhooks.map(({ subAccountId, url, enabled }) =>
              h('li', {}, h('code', {}, subAccountId), ` ${url}${enabled ? '' : ' (disabled)'}`),
            )),
      );
    },
  };
}

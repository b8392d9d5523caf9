import type { NoticeView, SummaryView } from '../inbox/views.ts';
import { getSummary, post } from './api.ts';
import { detailsPanel } from './details.ts';
import { byId } from './dom.ts';
import { createPhoneList } from './phone-list.ts';
import { createThread } from './thread.ts';
import { createTools } from './tools.ts';

/** The page: a list of phones, the one that is open, and a panel with details or tools. */

const panel = byId('panel');
const tools = createTools();
let summary: SummaryView | undefined;
let detailsOf: string | undefined;

const thread = createThread({
  currency: () => summary?.currency ?? 'USD',
  environment: () => summary?.environment ?? {},
  showDetails: (umid) => void showDetails(umid),
  close: () => go(undefined),
});
const list = createPhoneList((key) => go(key));

/** On a narrow screen one of the three parts is shown. */
function show(view: 'list' | 'phone' | 'panel'): void {
  document.body.dataset.view = view;
}

function go(key: string | undefined): void {
  const hash = key === undefined ? '' : `#${encodeURIComponent(key)}`;
  if (location.hash !== hash) history.pushState(null, '', hash === '' ? location.pathname : hash);
  route();
}

function route(): void {
  const key = decodeURIComponent(location.hash.slice(1)) || undefined;
  if (key !== thread.key()) closeDetails();
  show(key === undefined ? 'list' : 'phone');
  list.select(key);
  thread.open(key);
}

function closeDetails(): void {
  detailsOf = undefined;
  thread.mark(undefined);
  panel.replaceChildren(tools.element);
  if (document.body.dataset.view === 'panel') show(thread.key() === undefined ? 'list' : 'phone');
}

async function showDetails(umid: string, isAgain = false): Promise<void> {
  detailsOf = umid;
  const element = await detailsPanel(umid, closeDetails);
  if (detailsOf !== umid) return;
  if (element === undefined) return closeDetails();
  const open = [...panel.querySelectorAll('details')].map((each) => each.open);
  const { scrollTop } = panel;
  panel.replaceChildren(element);
  thread.mark(umid);
  if (!isAgain) {
    show('panel');
    return;
  }
  for (const [position, each] of [...panel.querySelectorAll('details')].entries())
    each.open = open[position] === true;
  panel.scrollTop = scrollTop;
}

async function refreshSummary(): Promise<void> {
  const found = await getSummary().catch(() => undefined);
  if (found === undefined) return;
  const isFirst = summary === undefined;
  summary = found;
  tools.update(found);
  if (isFirst) thread.refresh();
}

/** At most one refresh of a part runs at a time; a change meanwhile makes one more. */
function coalesced(run: () => Promise<void>): () => void {
  let isRunning = false;
  let isWanted = false;
  async function repeat(): Promise<void> {
    isRunning = true;
    do {
      isWanted = false;
      await run();
    } while (isWanted);
    isRunning = false;
  }
  return () => {
    isWanted = true;
    if (!isRunning) void repeat();
  };
}

const summarise = coalesced(refreshSummary);

function refreshAll(): void {
  summarise();
  list.refresh();
  thread.refresh();
  if (detailsOf !== undefined) void showDetails(detailsOf, true);
}

function take({ phones }: NoticeView): void {
  summarise();
  list.refresh();
  const key = thread.key();
  const isOpenPhone = key !== undefined && (phones === undefined || phones.includes(key));
  if (!isOpenPhone) return;
  thread.refresh();
  if (detailsOf !== undefined) void showDetails(detailsOf, true);
}

function listen(): void {
  const live = byId('live');
  const source = new EventSource('/_sandbox/live');
  const say = (state: 'live' | 'offline') => {
    live.textContent = state;
    live.dataset.state = state;
  };
  source.addEventListener('open', () => {
    say('live');
    refreshAll();
  });
  source.addEventListener('error', () => say('offline'));
  source.addEventListener('message', (event) => take(JSON.parse(event.data)));
}

byId('show-panel').addEventListener('click', () => {
  if (detailsOf !== undefined) closeDetails();
  const isShown = document.body.dataset.view === 'panel';
  show(isShown ? (thread.key() === undefined ? 'list' : 'phone') : 'panel');
});
byId('clear').addEventListener('click', () => {
  if (!confirm('Forget all messages, sessions, contacts and webhooks?')) return;
  void post('clear').then(() => go(undefined));
});
addEventListener('popstate', route);
addEventListener('hashchange', route);
panel.replaceChildren(tools.element);
route();
listen();

import type { PhoneView } from '../inbox/views.ts';
import { getPhones } from './api.ts';
import { byId, h } from './dom.ts';
import { formatCount, formatDateTime, formatNumber, formatShort } from './format.ts';

/** The list of phones, of which only the rows in sight exist: there may be 100,000. */
export interface PhoneList {
  /** Reads the rows in sight again. */
  refresh(): void;
  select(key: string | undefined): void;
}

const ROW_HEIGHT = 68;
const PAGE_ROWS = 50;
const EXTRA_ROWS = 6;
const MAX_PAGES = 20;

function avatar({ key, country }: PhoneView): HTMLElement {
  const hue = [...key].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 12, 7);
  return h('span', { class: `avatar hue-${hue}`, 'aria-hidden': 'true' }, country ?? key.slice(-2));
}

function row(phone: PhoneView): HTMLElement {
  const { key, callingCode, lastAt, preview, lastKind, refused } = phone;
  return h(
    'div',
    {
      class: `row ${lastKind}`,
      role: 'option',
      id: `phone-${key}`,
      'data-key': key,
      'aria-selected': 'false',
    },
    avatar(phone),
    h(
      'span',
      { class: 'row-text' },
      h(
        'span',
        { class: 'row-head' },
        h('span', { class: 'number' }, formatNumber(key, callingCode)),
        h('time', { title: formatDateTime(lastAt) }, formatShort(lastAt)),
      ),
      h(
        'span',
        { class: 'row-foot' },
        h('span', { class: 'preview' }, lastKind === 'reply' && h('span', { class: 'you' }, '↩ '), preview),
        refused > 0 && h('span', { class: 'badge' }, `${formatCount(refused)} refused`),
      ),
    ),
  );
}

export function createPhoneList(open: (key: string) => void): PhoneList {
  const list = byId('phones');
  const note = byId('list-note');
  const search = byId<HTMLInputElement>('search');
  const space = h('div', { class: 'space', role: 'presentation' });
  list.append(space);
  let refusedOnly = false;
  let matching = 0;
  let selected: string | undefined;
  let active = -1;
  let activeKey: string | undefined;
  let version = 0;
  /** Rows by the number of their page. */
  let pages = new Map<number, readonly PhoneView[]>();
  const loading = new Set<number>();

  const phoneAt = (index: number): PhoneView | undefined =>
    pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];

  async function load(page: number): Promise<void> {
    if (loading.has(page)) return;
    loading.add(page);
    const asked = version;
    const found = await getPhones(search.value, refusedOnly, page * PAGE_ROWS, PAGE_ROWS).catch(
      () => undefined,
    );
    loading.delete(page);
    if (found === undefined) return;
    if (asked !== version) return load(page);
    if (pages.size > MAX_PAGES) pages.clear();
    pages.set(page, found.phones);
    matching = found.matching;
    draw();
  }

  function draw(): void {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW_HEIGHT) - EXTRA_ROWS);
    const last = Math.min(
      matching,
      Math.ceil((list.scrollTop + list.clientHeight) / ROW_HEIGHT) + EXTRA_ROWS,
    );
    space.style.height = `${matching * ROW_HEIGHT}px`;
    const rows: HTMLElement[] = [];
    for (let index = first; index < Math.max(last, 1); index += 1) {
      const phone = phoneAt(index);
      const page = Math.floor(index / PAGE_ROWS);
      if (phone === undefined) {
        if (!pages.has(page)) void load(page);
        continue;
      }
      if (phone.key === activeKey) active = index;
      const element = row(phone);
      element.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
      element.setAttribute('aria-setsize', `${matching}`);
      element.setAttribute('aria-posinset', `${index + 1}`);
      element.classList.toggle('active', index === active);
      if (phone.key === selected) element.setAttribute('aria-selected', 'true');
      element.addEventListener('click', () => choose(index));
      rows.push(element);
    }
    space.replaceChildren(...rows);
    // A row out of sight does not exist.
    const current = active >= first && active < last ? phoneAt(active) : undefined;
    if (current === undefined) list.removeAttribute('aria-activedescendant');
    else list.setAttribute('aria-activedescendant', `phone-${current.key}`);
    const isFiltered = search.value !== '' || refusedOnly;
    if (matching > 0) note.textContent = `${formatCount(matching)} ${matching === 1 ? 'phone' : 'phones'}`;
    else note.textContent = isFiltered ? 'No phone matches.' : 'Phones appear here when messages arrive.';
  }

  function choose(index: number): void {
    const phone = phoneAt(index);
    if (phone === undefined) return;
    active = index;
    activeKey = phone.key;
    open(phone.key);
    draw();
  }

  function move(index: number): void {
    active = Math.max(0, Math.min(matching - 1, index));
    activeKey = phoneAt(active)?.key;
    const top = active * ROW_HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW_HEIGHT > list.scrollTop + list.clientHeight)
      list.scrollTop = top + ROW_HEIGHT - list.clientHeight;
    draw();
  }

  function refresh(): void {
    version += 1;
    const first = Math.floor(list.scrollTop / ROW_HEIGHT / PAGE_ROWS);
    const last = Math.floor((list.scrollTop + list.clientHeight) / ROW_HEIGHT / PAGE_ROWS);
    // The rows in sight stay until their successors are here.
    const kept = new Map<number, readonly PhoneView[]>();
    for (let page = first; page <= last; page += 1) {
      const rows = pages.get(page);
      if (rows !== undefined) kept.set(page, rows);
    }
    pages = kept;
    for (let page = first; page <= last; page += 1) void load(page);
  }

  function restart(): void {
    active = -1;
    activeKey = undefined;
    list.scrollTop = 0;
    refresh();
  }

  function filter(refused: boolean): void {
    refusedOnly = refused;
    byId('filter-all').setAttribute('aria-pressed', `${!refused}`);
    byId('filter-refused').setAttribute('aria-pressed', `${refused}`);
    restart();
  }

  const KEYS: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(active + 1),
    ArrowUp: () => move(active - 1),
    PageDown: () => move(active + 8),
    PageUp: () => move(active - 8),
    Home: () => move(0),
    End: () => move(matching - 1),
    Enter: () => choose(active),
    ' ': () => choose(active),
  };
  list.addEventListener('keydown', (event) => {
    const run = KEYS[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  });
  list.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(draw).observe(list);
  let typing: ReturnType<typeof setTimeout> | undefined;
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(restart, 150);
  });
  byId('search-form').addEventListener('submit', (event) => event.preventDefault());
  byId('filter-all').addEventListener('click', () => filter(false));
  byId('filter-refused').addEventListener('click', () => filter(true));

  return {
    refresh,
    select(key) {
      selected = key;
      draw();
    },
  };
}

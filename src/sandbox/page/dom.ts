/** Small helpers to build elements. Texts become text nodes, never HTML. */

type Child = Node | string | number | false | undefined;

type Properties<Tag extends keyof HTMLElementTagNameMap> = {
  readonly [Name in 'class' | 'role' | 'title' | 'id' | 'for']?: string | undefined;
} & { readonly [Name in `aria-${string}` | `data-${string}`]?: string | undefined } & {
  readonly [Name in
    | 'type'
    | 'value'
    | 'name'
    | 'placeholder'
    | 'href'
    | 'min'
    | 'max'
    | 'rel'
    | 'target'
    | 'maxlength'
    | 'inputmode'
    | 'autocomplete'
    | 'datetime'
    | 'tabindex'
    | 'scope']?: string | undefined;
} & { readonly onclick?: (event: MouseEvent) => void } & (Tag extends 'form'
    ? { readonly onsubmit?: (event: SubmitEvent) => void }
    : object) & { readonly disabled?: boolean };

/** Creates an element. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties<Tag> = {} as Properties<Tag>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child !== false && child !== undefined) element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Finds an element of the page by its id. */
export function byId<Type extends HTMLElement = HTMLElement>(id: string): Type {
  return document.getElementById(id) as Type;
}

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = {
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  dots: 'M6 12h.01M12 12h.01M18 12h.01',
  tick: 'm6 12.5 4 4 8-9',
  ticks: 'm2.5 12.5 4 4 8-9m-3 7 2 2 8-9',
  cross: 'm7 7 10 10M17 7 7 17',
  back: 'm14 6-6 6 6 6',
} as const;

/** Draws an icon, which says nothing to a screen reader. */
export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  // Outside of this machine the page is no secure context.
  const area = h('textarea', { class: 'hidden', 'aria-hidden': 'true' });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** A button that copies a text and says so. */
export function copyButton(label: string, text: () => string, name = label): HTMLButtonElement {
  const button = h('button', {
    type: 'button',
    class: 'button small',
    'aria-label': name,
    onclick: () => {
      void copyText(text()).then(
        () => flash('Copied'),
        () => flash('Not allowed'),
      );
    },
  });
  button.textContent = label;
  function flash(word: string): void {
    button.textContent = word;
    announce(word);
    setTimeout(() => {
      button.textContent = label;
    }, 1_200);
  }
  return button;
}

/** Tells a screen reader. */
export function announce(text: string): void {
  byId('announcer').textContent = text;
}

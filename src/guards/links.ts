import { boolean, FALSE_OR_OPTIONS, type Fields, falseOr, list, object, oneOf, word } from '../schema.ts';
import { holdsHiddenCharacter, holdsLookAlike } from '../text/disguise.ts';
import { findLinks, type Link } from '../text/links.ts';
import type { Content, Guard, GuardMode, Refusal } from './guard.ts';
import { SHORTENERS } from './shorteners.ts';

/**
 * Refuses links that are not yours, and texts that disguise something.
 *
 * @example links: { allow: ['example.com', '*.example.com'] }
 */
export interface LinksGuardOptions {
  /** `enforce` refuses; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * Hosts that a text may link to, up to 1,000: `example.com` is this host alone, `*.example.com` every subdomain of it, `myapp://`
   * every link to an app. The list may contain shorteners, addresses and hosts outside ASCII. `[]` allows no link.
   * @default every host that is not refused for another reason
   */
  readonly allow?: readonly string[] | undefined;
  /** Whether links of public shorteners such as `bit.ly` are refused. @default true */
  readonly refuseShorteners?: boolean | undefined;
  /**
   * Whether a word is refused that mixes Latin letters with Cyrillic, Greek or Armenian ones that look like them. Hosts of links are
   * checked in any case. @default true
   */
  readonly refuseLookAlikes?: boolean | undefined;
}

const MAX_HOST = 253;
/** The scheme of an app. */
const APP = /^[a-z][a-z0-9+.-]{0,30}:\/\/$/;
/** Schemes that lead to a host of the web. */
const WEB: ReadonlySet<string> = new Set(['http', 'https']);

/** The host as links hold it; undefined when it is none. */
function readAllowed(entry: string): string | undefined {
  const host = entry.replace(/^\*\./, '');
  if (host.length === 0 || host.length > MAX_HOST || /[\s/?#@*\\]/.test(host)) return undefined;
  const url = `http://${host}`;
  const [link] = findLinks(url);
  // A comma would end it; a port is none of a host.
  if (link?.end !== url.length || (/:/.test(host) && !host.endsWith(']'))) return undefined;
  return link.host;
}

const hostField = word(
  (entry) => APP.test(entry) || readAllowed(entry) !== undefined,
  'a host such as "example.com", or "*.example.com" for its subdomains, without scheme, port and path; or "myapp://"',
);
const fields: Fields<LinksGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  allow: list(hostField, { max: 1_000 }),
  refuseShorteners: boolean(),
  refuseLookAlikes: boolean(),
};
export const linksField = falseOr(object(fields, FALSE_OR_OPTIONS));

const PLACEHOLDER = /\{\{[^{}]*\}\}/g;

/** The text without the short links and variables that 8x8 fills in: they have no host yet. */
function readable({ text, placeholders }: Content): string {
  return placeholders === undefined ? text : text.replace(PLACEHOLDER, (whole) => ' '.repeat(whole.length));
}

/** Hosts by name: `exact` alone, `above` with every subdomain. */
function hostsOf(allow: readonly string[]): (host: string) => boolean {
  const exact = new Set<string>();
  const above = new Set<string>();
  for (const entry of allow) (entry.startsWith('*.') ? above : exact).add(readAllowed(entry) as string);
  return (host) => {
    if (exact.has(host)) return true;
    for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      if (above.has(host.slice(dot + 1))) return true;
    }
    return false;
  };
}

/** Whether a host, or one above it, is a public shortener: `www.bit.ly` leads where `bit.ly` does. */
function isShortener(host: string): boolean {
  const labels = host.split('.');
  return labels.some((_, index) => SHORTENERS.has(labels.slice(index).join('.')));
}

/** Refuses links to other hosts, and what hides where a link leads. */
export function createLinksGuard(options: LinksGuardOptions): Guard<'links'> {
  const { mode = 'enforce', allow, refuseShorteners = true, refuseLookAlikes = true } = options;
  const isAllowed = hostsOf((allow ?? []).filter((entry) => !APP.test(entry)));
  const apps: ReadonlySet<string> = new Set(allow?.filter((entry) => APP.test(entry)));

  function checkLink(link: Link): Refusal<'links'> | undefined {
    const where = `The link at character ${link.start + 1}`;
    const { host, scheme } = link;
    if (link.isHidden) {
      return { reason: 'hidden-character', message: `${where} holds an invisible character. Remove it.` };
    }
    if (link.hasUser) {
      return {
        reason: 'user-in-link',
        message: `${where} has something before an @, which people mistake for its host. Remove it.`,
      };
    }
    if (scheme !== undefined && !WEB.has(scheme)) {
      if (allow === undefined || apps.has(`${scheme}://`)) return undefined;
      return {
        reason: 'link-not-allowed',
        message: `${where} leads to an app. Add its scheme to guards.links.allow if it is yours, such as "myapp://".`,
      };
    }
    if (host === undefined || (!link.isIpAddress && !host.includes('.') && !isAllowed(host))) {
      return { reason: 'malformed-link', message: `${where} has no host that a browser can read.` };
    }
    if (isAllowed(host)) return undefined;
    if (link.isIpAddress) {
      return { reason: 'address-link', message: `${where} leads to an IP address. Use a name.` };
    }
    if (!link.isPlain) {
      return {
        reason: 'look-alike-host',
        message: `${where} has a host outside ASCII, which may look like another one. Add it to guards.links.allow if it is yours.`,
      };
    }
    if (refuseShorteners && isShortener(host)) {
      return {
        reason: 'link-shortener',
        message: `${where} is a public short link, which networks filter. Use your own host, or add the shortener to guards.links.allow.`,
      };
    }
    if (allow === undefined) return undefined;
    return {
      reason: 'link-not-allowed',
      message: `${where} leads to a host that is not in guards.links.allow. Add it there if it is yours.`,
    };
  }

  return {
    name: 'links',
    mode,
    check({ content }) {
      if (content === undefined) return undefined;
      const text = readable(content);
      if (holdsHiddenCharacter(text)) {
        return {
          reason: 'hidden-character',
          message:
            'The text holds an invisible character, such as a direction override or a zero-width space. Remove it.',
        };
      }
      for (const link of findLinks(text)) {
        const refusal = checkLink(link);
        if (refusal !== undefined) return refusal;
      }
      if (!refuseLookAlikes || !holdsLookAlike(text)) return undefined;
      return {
        reason: 'look-alike-character',
        message:
          'A word of the text mixes Latin letters with letters of another alphabet that look like them. Write it in one alphabet, or set guards.links.refuseLookAlikes to false.',
      };
    },
  };
}

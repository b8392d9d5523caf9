import { lazily } from '../internal/lazily.ts';

/** A link that a handset makes of a text, or that a person would follow. */
export interface Link {
  /** Index of its first character. */
  readonly start: number;
  /** Index after its last character. */
  readonly end: number;
  /** The host as a browser reads it: lower case, punycode, IPv4 in four decimal numbers. Undefined: no browser can read it. */
  readonly host: string | undefined;
  /** Lower case; undefined for a link without one, such as `example.com/a`. */
  readonly scheme: string | undefined;
  /** Whether the host is written in plain ASCII, without punycode. */
  readonly isPlain: boolean;
  readonly isIpAddress: boolean;
  /** Something before an `@`, which looks like the host and is not. */
  readonly hasUser: boolean;
  /** An invisible character inside. */
  readonly isHidden: boolean;
}

/** Characters that end a link in every messaging app; a piece of text between two of them is at most one link. */
const PIECE =
  /[^\s"'`<>|^{}(),;!*\u3001\u3002\uff01\uff08\uff09\uff0c\uff1b\uff1f\u300a-\u300f\u3010\u3011\u2018-\u201d]+/gu;
/** Characters of hosts, and those that nobody sees. */
const hostRunPattern = lazily(() => /[\p{L}\p{N}\p{M}\p{Cf}._-]+/gu);
/** Dots of other widths, which browsers read as dots. The ideographic full stop ends sentences, and no app links across it. */
const WIDE_DOTS = /[\uff0e\uff61]/g;
/** No text without one of these holds a link. */
const DOT_OR_COLON = /[.:\uff0e\uff61]/;
/** Invisible characters: format characters such as direction marks, zero-width spaces and soft hyphens. */
const formatCharactersPattern = lazily(() => /\p{Cf}/gu);
const SCHEME = /[a-z][a-z0-9+-]{0,30}$/i;

/**
 * Top-level domains that messaging apps turn into links: those of countries (IANA root zone), and the common others (chosen by
 * this package). With a slash behind the host every ending counts.
 */
const endings = lazily(
  (): ReadonlySet<string> =>
    new Set(
      (
        'ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw ' +
        'by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et ' +
        'eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ' +
        'ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu ' +
        'lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np ' +
        'nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj ' +
        'sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us ' +
        'uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw ' +
        'com net org info biz name pro mobi asia cat jobs tel travel edu gov mil int xyz top online site shop store app dev ' +
        'page web icu vip club live life world today email link click space website tech cloud digital agency group team ' +
        'company work works bid loan win men date download review stream trade party racing science cam buzz fun monster ' +
        'sbs cfd bond cyou rest quest autos boats homes lol mom wang ren art blog news media bank finance money cash credit ' +
        'zone help support services solutions sale deals promo discount gift gifts global network systems software health ' +
        'care express delivery bet casino poker games game chat social photos ' +
        'рф укр бел срб мкд қаз мон 中国 中國 公司 网络 香港 台湾 한국 भारत ไทย مصر السعودية امارات ایران'
      ).split(' '),
    ),
);
/** An ending is letters, and marks that belong to them. */
const endingPattern = lazily(() => /^\p{L}[\p{L}\p{M}]+$/u);

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** The host as a browser reads it. */
function readHost(authority: string): string | undefined {
  const url = `http://${authority}/`;
  // An exception for every pair of slashes would take most of the time.
  if (authority === '' || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/\.$/, '');
}

function isPlainHost(written: string, host: string | undefined): boolean {
  return !/[^\x20-\x7e]/.test(written) && !/(?:^|\.)xn--/.test(host ?? '');
}

function linkOf(
  written: string,
  { start, end, scheme }: Pick<Link, 'start' | 'end' | 'scheme'>,
  hasUser: boolean,
): Link {
  const visible = written.replace(formatCharactersPattern(), '');
  const host = readHost(visible);
  const isIpAddress = host !== undefined && (host.startsWith('[') || IPV4.test(host));
  const isHidden = visible !== written;
  return { start, end, scheme, host, isPlain: isPlainHost(visible, host), isIpAddress, hasUser, isHidden };
}

/** Whether an app makes a link of a name without a scheme. `next` is what follows it. */
function isLinked(name: string, next: string): boolean {
  const labels = name.split('.');
  if (labels.length < 2 || labels.some((label) => label === '')) return false;
  if (IPV4.test(name)) return labels.every((label) => Number(label) <= 255);
  const ending = (labels.at(-1) as string).toLowerCase();
  if (/^www$/i.test(labels[0] as string) || ending.startsWith('xn--')) return true;
  if (!endingPattern().test(ending)) return false;
  return endings().has(ending) || /^(?:\/|:\d)/.test(next);
}

/**
 * A name in a text that is written without spaces, as in `点击example.com查看`: some apps make a link of the Latin letters between
 * the others. A host with other letters in it is read as a whole before.
 */
const LATIN_NAME = /(?<![\w.-])[A-Za-z\d][\w.-]*\.[A-Za-z]{2,}(?![\w-])/g;
const unspacedPattern = lazily(
  () =>
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u,
);

function addEnclosed(links: Link[], name: string, offset: number): void {
  if (!unspacedPattern().test(name)) return;
  for (const { 0: latin, index } of name.matchAll(LATIN_NAME)) {
    const place = { start: offset + index, end: offset + index + latin.length, scheme: undefined };
    if (isLinked(latin, '')) links.push(linkOf(latin, place, false));
  }
}

/** Links without a scheme in a piece. */
function addBareLinks(links: Link[], piece: string, offset: number): void {
  for (const { 0: run, index } of piece.matchAll(hostRunPattern())) {
    const next = piece.slice(index + run.length, index + run.length + 2);
    // The part of an address before its @.
    if (next.startsWith('@')) continue;
    const isAddress = piece[index - 1] === '@';
    if (isAddress && !/^(?:\/|:\d)/.test(next)) continue;
    // "Hello...example.com" holds one name.
    let at = index;
    for (const name of run.split('..')) {
      const trimmed = name
        .replace(formatCharactersPattern(), '')
        .replace(/^[._-]/, '')
        .replace(/[._-]$/, '');
      const isLast = at + name.length === index + run.length;
      if (isLinked(trimmed, isLast ? next : '')) {
        const place = { start: offset + at, end: offset + piece.length, scheme: undefined };
        links.push(linkOf(name.replace(/^[._-]/, '').replace(/[._-]$/, ''), place, isAddress));
        // Everything behind the slash is its path.
        if (isLast && next.startsWith('/')) return;
      } else addEnclosed(links, name, offset + at);
      at += name.length + 2;
    }
  }
}

/**
 * Finds every link of a text: with a scheme, with `www.`, and names such as `example.com` that messaging apps turn into links. Email
 * addresses are none. Takes linear time.
 *
 * @example findLinks('See example.com/a')[0]?.host // 'example.com'
 */
export function findLinks(text: string): readonly Link[] {
  const links: Link[] = [];
  if (!DOT_OR_COLON.test(text)) return links;
  for (const { 0: piece, index: offset } of text.replace(WIDE_DOTS, '.').matchAll(PIECE)) {
    let from = 0;
    let mark = piece.search(/:[/\\]{2}/);
    if (mark === -1) addBareLinks(links, piece, offset);
    while (mark !== -1) {
      const before = piece.slice(Math.max(from, mark - 32), mark);
      const scheme = SCHEME.exec(before)?.[0].toLowerCase();
      const start = mark - (scheme?.length ?? 0);
      if (from === 0 && start > 0) addBareLinks(links, piece.slice(0, start), offset);
      const rest = piece.slice(mark + 3);
      const authorityEnd = rest.search(/[/\\?#]/);
      const authority = authorityEnd === -1 ? rest : rest.slice(0, authorityEnd);
      const userEnd = authority.lastIndexOf('@');
      const place = { start: offset + start, end: offset + piece.length, scheme };
      links.push(linkOf(authority.slice(userEnd + 1).replace(/[.:]$/, ''), place, userEnd !== -1));
      from = mark + 3;
      const again = rest.search(/:[/\\]{2}/);
      mark = again === -1 ? -1 : from + again;
    }
  }
  return links;
}

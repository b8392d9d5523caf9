/**
 * Hosts of public link shorteners: everybody can use them, so networks filter them and people cannot see where they lead. Source:
 * CTIA "Messaging Principles and Best Practices" (2023), 5.3.2, asks for shorteners of one's own; the list is chosen by this
 * package.
 */
export const SHORTENERS: ReadonlySet<string> = new Set(
  (
    'adf.ly bit.do bit.ly bitly.com bitly.ws bl.ink bom.so buff.ly clck.ru cutt.ly cutt.us dub.sh fb.me gg.gg ' +
    'goo.gl goo.su han.gl is.gd j.mp kutt.it lihi.cc lnkd.in n9.cl ow.ly ppt.cc qr.ae rb.gy rebrand.ly reurl.cc ' +
    's.id short.gy short.io shorte.st shorturl.asia shorturl.at shorturl.gg snip.ly soo.gd t.co t.ly t2m.io tiny.cc ' +
    'tiny.one tinyurl.com tr.im u.to urlz.fr v.gd vo.la x.gd'
  ).split(' '),
);

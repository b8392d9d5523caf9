/**
 * Hosts of public link shorteners: everybody can use them, so networks filter them and people cannot see where they lead. Source:
 * CTIA "Messaging Principles and Best Practices" (2023), 5.3.2, asks for shorteners of one's own; the list is chosen by this
 * package.
 */
export const SHORTENERS: ReadonlySet<string> = new Set(
  (
    'adf.ly bit.do bit.ly bitly.com bl.ink buff.ly clck.ru cutt.ly dub.sh fb.me goo.gl gg.gg is.gd j.mp lnkd.in ow.ly ' +
    'qr.ae rb.gy rebrand.ly s.id short.gy short.io shorte.st shorturl.at shorturl.gg snip.ly soo.gd t.co t.ly t2m.io ' +
    'tiny.cc tinyurl.com tr.im urlz.fr v.gd x.gd'
  ).split(' '),
);

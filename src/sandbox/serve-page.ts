import type { HttpRequest } from './http/http-server.ts';
import { PAGE_HTML, PAGE_ICON, PAGE_SCRIPT, PAGE_STYLE } from './page-files.ts';

const FILES: Readonly<Record<string, readonly [type: string, content: string]>> = {
  '/': ['text/html', PAGE_HTML],
  '/page.js': ['text/javascript', PAGE_SCRIPT],
  '/page.css': ['text/css', PAGE_STYLE],
  '/icon.svg': ['image/svg+xml', PAGE_ICON],
};

/** Nothing is inline, nothing comes from elsewhere, and no other page may show this one. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Adds the headers of everything that is not 8x8's API. */
export function withPageHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  return response;
}

/** A file of the page; undefined for another path. */
export function servePage({ method, target }: HttpRequest): Response | undefined {
  const [pathname = ''] = target.split('?');
  const found = Object.hasOwn(FILES, pathname) ? FILES[pathname] : undefined;
  if (found === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const [type, content] = found;
  return new Response(method === 'HEAD' ? null : content, {
    headers: { 'content-type': `${type}; charset=utf-8` },
  });
}

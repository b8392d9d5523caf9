import { methodNotAllowed, PROBLEMS, type Problem } from './problems.ts';
import { ROUTES, type Route } from './routes.ts';

/** The route of a request, or the problem that there is none. */
export type RouteMatch =
  | { readonly route: Route; readonly segments: Readonly<Record<string, string>> }
  | { readonly problem: Problem };

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The decoded values of the `{name}` segments; undefined when the path does not match. */
function matchPath(template: string, given: readonly string[]): Record<string, string> | undefined {
  const wanted = template.split('/');
  if (wanted.length !== given.length) return undefined;
  const segments: Record<string, string> = {};
  for (const [index, name] of wanted.entries()) {
    const part = given[index] as string;
    if (!name.startsWith('{')) {
      if (name !== part) return undefined;
      continue;
    }
    const value = decode(part);
    if (value === undefined || value === '') return undefined;
    segments[name.slice(1, -1)] = value;
  }
  return segments;
}

/** Finds the endpoint: 404 when no path matches, 405 when only the method does not. 8x8 ignores a trailing slash. */
export function matchRoute(method: string, path: string): RouteMatch {
  const allowed: string[] = [];
  const given = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  for (const route of ROUTES) {
    const segments = matchPath(route.path, given);
    if (segments === undefined) continue;
    if (route.method === method) return { route, segments };
    allowed.push(route.method);
  }
  return { problem: allowed.length > 0 ? methodNotAllowed(allowed) : PROBLEMS.notFound };
}

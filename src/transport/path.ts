import { ValidationError } from '../errors.ts';

/**
 * Fills the `{name}` segments of a path. Each value becomes exactly one segment: it is percent-encoded, and a value
 * that a URL parser would resolve as a path (empty, `.`, `..`) is refused.
 *
 * @example expandPath('/a/{id}/b', { id: 'x&y' }) // '/a/x%26y/b'
 */
export function expandPath(template: string, segments: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(segments, name) ? segments[name] : undefined;
    if (typeof value !== 'string' || value === '' || value === '.' || value === '..') {
      throw new ValidationError(
        `${name} must be a string other than "", "." and "..", because it is part of the path of the request. Nothing was sent.`,
        name,
      );
    }
    try {
      return encodeURIComponent(value);
    } catch {
      throw new ValidationError(`${name} contains half of a surrogate pair. Nothing was sent.`, name);
    }
  });
}

/** `?a=1&b=2`, or an empty string. Omits undefined values. */
export function encodeQuery(query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

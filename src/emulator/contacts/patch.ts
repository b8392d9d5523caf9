import { isRecord, readChoice, readString } from '../fields.ts';
import { fail, PROBLEMS } from '../problems.ts';

/** A document that a patch changes: fields, and one level of nested fields. */
export type Patchable = Record<string, unknown>;

/** The fields of a document; nested, the fields of an object (`'any'` allows all names). */
export type PatchNames = Readonly<Record<string, true | readonly string[] | 'any'>>;

const invalidParameter = PROBLEMS.invalidParameter;

function findName(name: string, known: readonly string[]): string {
  return known.find((candidate) => candidate.toLowerCase() === name.toLowerCase()) ?? fail(invalidParameter);
}

/** Resolves a JSON pointer to an object and a name in it; like 8x8, ignores upper and lower case. */
function resolve(document: Patchable, path: string, names: PatchNames): { parent: Patchable; name: string } {
  const [empty, first = '', second, ...rest] = path
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (empty !== '' || rest.length > 0) fail(invalidParameter);
  const name = findName(first, Object.keys(names));
  const below = names[name];
  if (below === true) return second === undefined ? { parent: document, name } : fail(invalidParameter);
  if (second === undefined || second === '__proto__') return fail(invalidParameter);
  const parent = { ...(document[name] as Patchable) };
  document[name] = parent;
  return { parent, name: below === 'any' ? second : findName(second, below ?? []) };
}

/**
 * Applies a patch (RFC 6902) as far as 8x8 documents it, without `from`: all operations, or none. 8x8's schema calls a value
 * a text, its prose also writes `true`.
 */
export function applyPatch(document: Patchable, body: unknown, names: PatchNames): Patchable {
  if (!Array.isArray(body) || body.length === 0) return fail(invalidParameter);
  const changed = { ...document };
  for (const operation of body) {
    if (!isRecord(operation)) return fail(invalidParameter);
    const op =
      readChoice(operation, 'op', ['add', 'remove', 'replace', 'test'], invalidParameter) ??
      fail(invalidParameter);
    const path = readString(operation, 'path', invalidParameter) ?? fail(invalidParameter);
    const { parent, name } = resolve(changed, path, names);
    const value = op === 'remove' ? undefined : (operation.value ?? fail(invalidParameter));
    if (op === 'test') {
      if (String(parent[name]) !== String(value)) fail(invalidParameter);
    } else if (op === 'remove') {
      if (parent[name] === undefined) fail(invalidParameter);
      delete parent[name];
    } else parent[name] = value;
  }
  return changed;
}

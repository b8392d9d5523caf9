import { list, objectWith, oneOf, pattern, refine, text } from '../../schema.ts';

/**
 * One change to a contact or a group (RFC 6902, JSON Patch). 8x8 takes no `from`, so there is no `move` and no `copy`.
 *
 * @example { op: 'add', path: '/customAttributes/Department', value: 'Sales' }
 */
export type PatchOperation =
  | {
      /** Kind of change. `test` changes nothing: all operations fail when the value differs. */
      readonly op: 'add' | 'replace' | 'test';
      /** JSON pointer (RFC 6901), for example `/firstName`; `~` and `/` in a name are `~0` and `~1`. */
      readonly path: string;
      /** Always a string: 8x8 expects `'true'` for true. */
      readonly value: string;
    }
  | {
      /** Kind of change: takes the field away. */
      readonly op: 'remove';
      /** JSON pointer (RFC 6901) of the field. */
      readonly path: string;
    };

/** Ours: 8x8 names no limits. */
const MAX_OPERATIONS = 100;
const MAX_VALUE_CHARACTERS = 10_000;

const operation = objectWith(
  ['op', 'path'],
  {
    op: oneOf(['add', 'remove', 'replace', 'test']),
    path: pattern(/^(?:\/(?:[^~/]|~[01])+)+$/, 'a JSON pointer such as /firstName'),
    value: text({ max: MAX_VALUE_CHARACTERS }),
  },
  'an operation { op, path, value }',
);

export const patchSchema = list(
  refine<{ readonly op: string; readonly value?: unknown }>(
    operation,
    ({ op, value }) => (op === 'remove') === (value === undefined),
    'needs a value for add, replace and test, and none for remove.',
  ),
  { min: 1, max: MAX_OPERATIONS },
);

export function patchBody(operations: readonly PatchOperation[]): readonly unknown[] {
  return operations.map(({ op, path, ...rest }) => ({
    op,
    path,
    ...('value' in rest && { value: rest.value }),
  }));
}

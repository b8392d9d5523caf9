/** The kind of a value, for messages that must not show the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a Date';
  if (typeof value === 'undefined') return 'nothing';
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}

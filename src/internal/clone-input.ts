/** What the class of an object gives it: accessors and values, its methods left out. */
function inheritedFields(input: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (let level = Object.getPrototypeOf(input); level !== null; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      const value = name === '__proto__' ? undefined : (input as Record<string, unknown>)[name];
      if (value !== undefined && typeof value !== 'function') fields[name] = value;
    }
  }
  return fields;
}

/**
 * All fields of an object. Those of its class count too: a message with `get purpose()` would be sent under another
 * purpose without them, past the guards that were meant.
 */
export function fieldsOf(input: object): Record<string, unknown> {
  const isPlain = Object.getPrototypeOf(input) === Object.prototype;
  return isPlain ? { ...input } : { ...inheritedFields(input), ...input };
}

/** A copy, dates included, so that what was checked is what is sent even when the caller changes the object meanwhile. */
export function cloneInput<Input>(input: Input): Input {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  const copy = fieldsOf(input);
  for (const name of Object.keys(copy)) {
    const value = copy[name];
    // Not its own `getTime`, which may be anybody's.
    if (value instanceof Date) copy[name] = new Date(Date.prototype.getTime.call(value));
  }
  return copy as Input;
}

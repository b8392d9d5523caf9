/** Deeper objects hold themselves, or nothing that 8x8 takes. */
const MAX_DEPTH = 20;
/** No list that is taken is longer than 10,000; of a longer one only the length is kept, which the validation refuses. */
const MAX_ENTRIES = 100_000;
/** Options of a call that are used as they are: what they are is the caller's business. */
const UNTOUCHED: ReadonlySet<string> = new Set(['context', 'signal']);

function unreadable(): never {
  throw new TypeError('one of its properties throws');
}

/**
 * Replaces an object that threw while it was copied, and throws on every access. The validation reports it with its
 * path.
 */
const UNREADABLE: object = new Proxy({}, new Proxy({}, { get: () => unreadable }));

/** Names of the fields of an object; those of its class count too. */
function fieldNames(input: object): {
  readonly own: readonly string[];
  readonly inherited: readonly string[];
} {
  const own = Object.keys(input);
  const inherited = new Set<string>();
  let level: object | null = Object.getPrototypeOf(input);
  for (; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) inherited.add(name);
  }
  for (const name of own) inherited.delete(name);
  inherited.delete('__proto__');
  return { own, inherited: [...inherited] };
}

function setField(copy: Record<string, unknown>, name: string, value: unknown): void {
  // An assignment to `__proto__` would set the prototype.
  if (name === '__proto__') Object.defineProperty(copy, name, { value, enumerable: true });
  else copy[name] = value;
}

function cloneFields(input: object, depth: number): object {
  const { own, inherited } = fieldNames(input);
  const copy: Record<string, unknown> = {};
  const source = input as Readonly<Record<string, unknown>>;
  const copyField = (name: string, isOwn: boolean): void => {
    try {
      const value = source[name];
      // A method of a class is no field. An own field that is undefined stays: an unknown one is refused.
      if (!isOwn && (value === undefined || typeof value === 'function')) return;
      setField(copy, name, depth === 0 && UNTOUCHED.has(name) ? value : clone(value, depth + 1));
    } catch {
      Object.defineProperty(copy, name, { get: unreadable, enumerable: true });
    }
  };
  for (const name of own) copyField(name, true);
  for (const name of inherited) copyField(name, false);
  return copy;
}

/**
 * The same for an object without a class, such as each of 10,000 messages: one step reads all of its fields. Undefined when
 * reading one throws; then its getters are called again, and the validation refuses the object.
 */
function clonePlain(input: object, depth: number): object | undefined {
  let copy: Record<string, unknown>;
  try {
    copy = { ...input };
  } catch {
    return undefined;
  }
  for (const name in copy) {
    const value = copy[name];
    if (typeof value !== 'object' || value === null) continue;
    try {
      setField(copy, name, clone(value, depth + 1));
    } catch {
      Object.defineProperty(copy, name, { get: unreadable, enumerable: true });
    }
  }
  return copy;
}

function cloneList(list: readonly unknown[], depth: number): readonly unknown[] {
  const { length } = list;
  const copy = new Array<unknown>(length);
  if (length > MAX_ENTRIES) return copy;
  // Every place, also the holes of a sparse array, so that each has its result.
  for (let index = 0; index < length; index += 1) {
    try {
      copy[index] = clone(list[index], depth + 1);
    } catch {
      copy[index] = UNREADABLE;
    }
  }
  return copy;
}

/** Objects that are more than their fields: files, streams, maps, everything that is iterated. */
function isOpaque(input: object): boolean {
  return (
    input instanceof ArrayBuffer ||
    (typeof Blob !== 'undefined' && input instanceof Blob) ||
    Symbol.iterator in input ||
    Symbol.asyncIterator in input
  );
}

function clone(input: unknown, depth: number): unknown {
  if (typeof input !== 'object' || input === null) return input;
  if (depth > MAX_DEPTH) return unreadable();
  // Not the object's own `getTime`, which may be overridden.
  if (input instanceof Date) return new Date(Date.prototype.getTime.call(input));
  if (input instanceof Uint8Array) return new Uint8Array(input);
  if (Array.isArray(input)) return cloneList(input, depth);
  if (isOpaque(input)) return input;
  const isPlain = depth > 0 && Object.getPrototypeOf(input) === Object.prototype;
  return (isPlain ? clonePlain(input, depth) : undefined) ?? cloneFields(input, depth);
}

/**
 * A deep copy, so that what was checked is what is sent, whatever becomes of the caller's objects meanwhile. Every getter is
 * called once, also those of a class: a message with `get purpose()` would be sent under another purpose without them. Never
 * throws: what cannot be read cannot be read in the copy either.
 */
export function cloneInput<Input>(input: Input): Input {
  try {
    return clone(input, 0) as Input;
  } catch {
    return UNREADABLE as Input;
  }
}

/**
 * The methods of a resource, with a copy of everything that a caller hands in. The only door: nothing behind it has to copy.
 *
 * @param streaming methods whose first argument is an iterable; its rows are copied where they are read
 * @param around runs each call; it gets the name of the method
 */
export function copyingInputs<Resource extends object>(
  resource: Resource,
  streaming: readonly (keyof Resource)[] = [],
  around?: (method: string, call: () => unknown) => unknown,
): Resource {
  const methods = Object.entries(resource).map(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') return [name, method];
    const isStreaming = streaming.includes(name as keyof Resource);
    const copied = (input: unknown, place: number) =>
      isStreaming && place === 0 ? input : cloneInput(input);
    return [
      name,
      (...inputs: readonly unknown[]): unknown => {
        const copies = inputs.map(copied);
        return around === undefined ? method(...copies) : around(name, () => method(...copies));
      },
    ];
  });
  return Object.fromEntries(methods) as Resource;
}

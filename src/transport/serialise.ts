import { ValidationError } from '../errors.ts';
import { createSlices } from '../internal/slices.ts';

/** A list of more items is written in slices: 10,000 messages take over 10 ms. */
const LONG_LIST = 512;

/**
 * The JSON of a body; of one with a long list it is a promise, so that other calls are not held up.
 *
 * @throws ValidationError the body has a cycle or a bigint
 */
export function serialise(body: unknown): string | undefined | Promise<string> {
  if (body === undefined) return undefined;
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (isObject && Object.values(body).some(isLong)) return serialiseFields(body).catch(unwritable);
  try {
    return JSON.stringify(body);
  } catch {
    return unwritable();
  }
}

function unwritable(): never {
  throw new ValidationError(
    'The request cannot be written as JSON: it contains a cycle or a bigint. Nothing was sent.',
    'body',
  );
}

function isLong(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > LONG_LIST;
}

/** The same text as `JSON.stringify` gives for a plain object. */
async function serialiseFields(body: object): Promise<string> {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    const text = isLong(value) ? await serialiseList(value) : JSON.stringify(value);
    if (text !== undefined) fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${fields.join(',')}}`;
}

async function serialiseList(items: readonly unknown[]): Promise<string> {
  const slices = createSlices();
  const texts: string[] = [];
  for (const item of items) {
    if (slices.isDue()) await slices.yield();
    texts.push(JSON.stringify(item) ?? 'null');
  }
  // One text is made of them, encoded and written without a pause.
  await slices.yield();
  return `[${texts.join(',')}]`;
}

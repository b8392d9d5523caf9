import { ConfigurationError } from '../errors.ts';
import { type Fields, integer, object, validate, withMethods } from '../schema.ts';

/** Options of a check of a server. */
export interface ServerCheckOptions {
  /**
   * Milliseconds that the server has, the time to connect included: 100 to 60,000.
   *
   * @default 5000 (chosen by this package)
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the check early: it rejects with an `AbortedError`. */
  readonly signal?: AbortSignal | undefined;
}

const fields: Fields<ServerCheckOptions> = {
  timeoutMs: integer({ min: 100, max: 60_000, unit: 'milliseconds' }),
  signal: withMethods(['addEventListener', 'removeEventListener', 'throwIfAborted'], 'an AbortSignal'),
};
const schema = object(fields, 'an object { timeoutMs, signal }');

/** @throws ConfigurationError an option is unknown or invalid */
export function readCheckOptions(name: string, options: ServerCheckOptions = {}): ServerCheckOptions {
  const flaw = validate(schema, options);
  if (flaw !== undefined) throw new ConfigurationError(`${name}: ${flaw.message}`, flaw.path);
  return options;
}

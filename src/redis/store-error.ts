import { StoreError } from '../errors.ts';
import { redactText } from '../internal/redact.ts';
import { hideOriginal } from '../internal/user-code.ts';

/** Only the masked message: client libraries attach keys and numbers to their errors. */
export function storeError(error: unknown, consequence: string): StoreError {
  const said = error instanceof Error ? ` It said: ${redactText(error.message)}` : '';
  return hideOriginal(new StoreError(`The limit store on Redis failed. ${consequence}${said}`), error);
}

/** By error of a store of this package, a sentence that may be shown to everybody. */
const reasons = new WeakMap<object, string>();

/**
 * Attaches the reason why a store of this package failed, and what to change. It is our own sentence: unlike the message
 * of a store that a team wrote, it holds no address, key or number, so errors of the client may repeat it.
 */
export function giveReason<Failure extends object>(failure: Failure, reason: string | undefined): Failure {
  if (reason !== undefined) reasons.set(failure, reason);
  return failure;
}

/** The reason as the last sentence of a message, or an empty text. */
export function reasonOf(failure: unknown): string {
  const reason = reasons.get(failure as object);
  return reason === undefined ? '' : ` ${reason}`;
}

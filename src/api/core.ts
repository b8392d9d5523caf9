import type { Calls } from '../call.ts';
import type { Emit } from '../events.ts';
import type { ClearBackoff } from '../guards/clear-backoff.ts';
import type { Deliver } from '../sending/deliver.ts';
import type { PrepareConfig } from '../sending/prepare.ts';
import type { Transport } from '../transport/transport.ts';
import type { Clock } from '../types.ts';
import type { PriceBook } from './price-book.ts';
import type { SentTimes } from './sent-times.ts';
import type { Guesses } from './verifications/limit-guesses.ts';
import type { SessionBindings } from './verifications/session-bindings.ts';

/** What every resource of a client is made from. */
export interface Core {
  readonly calls: Calls;
  readonly transport: Transport;
  readonly deliver: Deliver;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly prepare: PrepareConfig;
  readonly subAccountId: string;
  readonly clearBackoff: ClearBackoff;
  readonly priceBook: PriceBook;
  readonly sentTimes: SentTimes;
  readonly guesses: Guesses;
  readonly sessionBindings: SessionBindings;
  /** The account in webhook and price paths. Throws a `ConfigurationError` when none is set. */
  accountId(): string;
  /** The text as it is sent: typography replaced when the content guard is told to. */
  rewrite(text: string): string;
}

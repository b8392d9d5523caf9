import type { OutcomeCache } from './api/outcome-cache.ts';
import type { PriceCache } from './api/price-cache.ts';
import type { SentAtCache } from './api/sent-at-cache.ts';
import type { AttemptCounter } from './api/verifications/count-attempts.ts';
import type { Audit } from './audit/audit.ts';
import type { Calls } from './call.ts';
import type { Emit } from './events.ts';
import type { CostOf } from './guards/message-cost.ts';
import type { ReportPumpingOutcome } from './guards/pumping-outcomes.ts';
import type { RememberSuccess } from './guards/remember-success.ts';
import type { Limiter } from './limits/limiter.ts';
import type { StoredCodes } from './one-time-passwords/stored-code.ts';
import type { TestNumbers } from './one-time-passwords/test-numbers.ts';
import type { OwnMessages } from './restrict/own-messages.ts';
import type { Admission } from './sending/admission.ts';
import type { PrepareConfig } from './sending/prepare.ts';
import type { ScheduledMessages } from './sending/scheduled/scheduled-messages.ts';
import type { Rewrite } from './text/rewrite.ts';
import type { Transport } from './transport/transport.ts';
import type { Clock } from './types.ts';

/** The shared parts from which every resource of a client is built. */
export interface ClientContext {
  readonly calls: Calls;
  readonly transport: Transport;
  readonly admission: Admission;
  readonly limiter: Limiter;
  readonly emit: Emit;
  /** Size and cost of a message, for its events. */
  readonly costOf: CostOf;
  /** Writes a warning about a wrong use to the console, when no logger gets the event. */
  warn(message: string): void;
  readonly clock: Clock;
  /** Waits for the audit log before a message is written, and has it forget people. */
  readonly audit: Audit | undefined;
  readonly phoneDefaults: PrepareConfig;
  readonly subAccountId: string;
  /** Whether `allowedRecipients` names the only numbers that may be reached. */
  readonly hasAllowedRecipients: boolean;
  readonly rememberSuccess: RememberSuccess;
  readonly reportPumpingOutcome: ReportPumpingOutcome;
  readonly priceCache: PriceCache;
  readonly sentAtCache: SentAtCache;
  /** Only of a restricted client. */
  readonly ownMessages: OwnMessages | undefined;
  readonly outcomeCache: OutcomeCache;
  readonly scheduledMessages: ScheduledMessages;
  readonly verificationAttempts: AttemptCounter;
  readonly storedCodes: StoredCodes;
  readonly testNumbers: TestNumbers;
  /** Returns the account ID for webhook and price paths. Throws a `ConfigurationError` when none is set. */
  accountId(): string;
  /** Returns the text to send: changed as the content guard is configured to. */
  readonly rewrite: Rewrite;
}

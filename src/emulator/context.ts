import type { Clock } from '../types.ts';
import type { ContactStore } from './contacts/contact-store.ts';
import type { IdSource } from './ids.ts';
import type { MessageStore } from './message-store.ts';
import type { PriceTable } from './prices.ts';
import type { ReceivedForm } from './read-form.ts';
import type { VerificationStore } from './verification-store.ts';

/** How the emulator creates log exports. */
export interface EmulatedExportOptions {
  /** The poll at which an export is ready: the first one says `queued`, later ones `running`. @default 3 */
  readonly readyAfterPolls?: number | undefined;
  /**
   * Milliseconds on the emulator's clock until an export is ready, however often it is polled. Replaces `readyAfterPolls`.
   * @default none: `readyAfterPolls` applies
   */
  readonly readyAfterMs?: number | undefined;
  /** Whether every file starts with a byte order mark, as spreadsheet programs write it. @default false */
  readonly byteOrderMark?: boolean | undefined;
  /** Maximum number of rows per file; more rows give several download addresses. @default 100,000 */
  readonly rowsPerFile?: number | undefined;
}

/** A webhook as it was set, including secrets: only the responses of `fetch` mask them. */
export interface EmulatedWebhook {
  /** The sub-account, or `*` for the account-wide webhook. */
  readonly subAccountId: string;
  /** The address that webhooks are posted to. */
  readonly url: string;
  /** Whether webhooks are sent. */
  readonly enabled: boolean;
  /** The literal `Authorization` header of every webhook. */
  readonly httpAuthorization?: string;
  /** The token endpoint; the emulator stores it but fetches no tokens. */
  readonly oauth?: {
    readonly url: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly credentialsLocation: 'header' | 'body';
    readonly scope?: string;
  };
}

/** An export that was started. */
export interface ExportJobRecord {
  readonly subAccountId: string;
  readonly startedAt: number;
  readonly request: ExportRequest;
  readonly polls: number;
  readonly cancelled: boolean;
  /** Undefined until the export is ready; without files when no message matched. */
  readonly finished?: { readonly files: readonly string[]; readonly expiresAt: number };
}

/** The filters of an export. Times in epoch milliseconds, `from` inclusive, `to` exclusive. */
export interface ExportRequest {
  readonly from: number;
  readonly to: number;
  readonly phoneNumber: string | undefined;
  readonly countries: readonly string[] | undefined;
  readonly limit: number;
}

/** A finished file of an export. */
export interface ExportFile {
  readonly subAccountId: string;
  readonly expiresAt: number;
  readonly lines: readonly string[];
}

/** Costs that are no message, in millionths of the currency. */
export interface OtherCosts {
  add(micros: number): void;
  total(): number;
  clear(): void;
}

/** The state that handlers share. */
export interface EmulatorContext {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly prices: PriceTable;
  readonly messages: MessageStore;
  readonly contacts: ContactStore;
  readonly verifications: VerificationStore;
  /** Invented cost of everything that is not a message: lookups, codes by phone call and app. */
  readonly otherCosts: OtherCosts;
  readonly webhooks: Map<string, EmulatedWebhook>;
  readonly exportJobs: Map<string, ExportJobRecord>;
  readonly exportFiles: Map<string, ExportFile>;
  readonly exportOptions: EmulatedExportOptions;
  /** Whether responses show whole numbers and texts, which 8x8 does only on request. */
  readonly showPersonalData: boolean;
  /** Sub-accounts that exist; undefined accepts any well-formed one. */
  readonly subAccountIds: readonly string[] | undefined;
  readonly verificationTemplates: Readonly<Record<string, string>> | undefined;
  /** The sub-account of price lists and inbound texts that name none. */
  readonly defaultSubAccountId: string;
  /** The balance at the start; undefined for an account that is not prepaid. */
  readonly openingBalance: number | undefined;
}

/** A request that passed access control. */
export interface ApiCall {
  /** Values of the path's `{name}` segments, decoded. */
  readonly segments: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON. */
  readonly body: unknown;
  /** The form, when one was posted. */
  readonly form?: ReceivedForm | undefined;
  /** `https://host`, for download addresses. */
  readonly origin: string;
  /** Set by the fault `reject`: the reason for which every message is REJECTED. */
  readonly rejection: string | undefined;
}

/** A successful result: JSON, CSV lines, or no body. */
export interface ApiResponse {
  readonly status: number;
  readonly json?: unknown;
  readonly lines?: readonly string[];
}

export type Handler = (call: ApiCall, context: EmulatorContext) => ApiResponse;

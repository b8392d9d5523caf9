import type { Clock } from '../types.ts';
import type { ContactStore } from './contacts/contact-store.ts';
import type { IdSource } from './ids.ts';
import type { MessageStore } from './message-store.ts';
import type { PriceTable } from './prices.ts';
import type { ReceivedForm } from './read-form.ts';
import type { VerificationStore } from './verification-store.ts';

/** How the emulator makes log exports. */
export interface EmulatedExportOptions {
  /** An export is ready at this poll: `queued` at the first, then `running`. Default 3. */
  readonly readyAfterPolls?: number | undefined;
  /** Ready when so many milliseconds have passed on the clock, however often it is polled. Replaces `readyAfterPolls`. */
  readonly readyAfterMs?: number | undefined;
  /** Starts every file with a byte order mark, as spreadsheet programs write it. Default false. */
  readonly byteOrderMark?: boolean | undefined;
  /** Rows of one file; more rows give several download addresses. Default 100,000. */
  readonly rowsPerFile?: number | undefined;
}

/** A webhook as it was set, secrets included: only `fetch` answers mask them. */
export interface EmulatedWebhook {
  readonly subAccountId: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly httpAuthorization?: string;
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
  polls: number;
  cancelled: boolean;
  /** Undefined until it is ready. No files: it was empty. */
  finished?: { readonly files: readonly string[]; readonly expiresAt: number };
}

/** What an export was asked for. Epoch milliseconds, `from` inclusive, `to` exclusive. */
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

/** Everything a handler may use. */
export interface EmulatorContext {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly prices: PriceTable;
  readonly messages: MessageStore;
  readonly contacts: ContactStore;
  readonly verifications: VerificationStore;
  /** Invented money spent on what is no message: lookups, codes by telephone and app. */
  readonly otherCosts: { micros: number };
  readonly webhooks: Map<string, EmulatedWebhook>;
  readonly exportJobs: Map<string, ExportJobRecord>;
  readonly exportFiles: Map<string, ExportFile>;
  readonly exportOptions: EmulatedExportOptions;
  /** True when numbers and texts are shown, which 8x8 does only on request. */
  readonly showPersonalData: boolean;
  /** Undefined: any well-formed sub-account. */
  readonly subAccountIds: readonly string[] | undefined;
  /** Of what names no sub-account. */
  readonly defaultSubAccountId: string;
  /** Balance before anything was sent; undefined for an account that is not prepaid. */
  readonly openingBalance: number | undefined;
}

/** One request, read and admitted. */
export interface ApiCall {
  /** Values of the path's `{name}` segments, decoded. */
  readonly segments: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON. */
  readonly body: unknown;
  /** Set when a form was posted. */
  readonly form?: ReceivedForm | undefined;
  /** `https://host`, for download addresses. */
  readonly origin: string;
  /** Set by the `reject` fault: why every message is REJECTED. */
  readonly rejection: string | undefined;
}

/** What a handler answers: JSON, CSV lines, or nothing. */
export interface ApiResponse {
  readonly status: number;
  readonly json?: unknown;
  readonly lines?: readonly string[];
}

export type Handler = (call: ApiCall, context: EmulatorContext) => ApiResponse;

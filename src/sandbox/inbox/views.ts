/** The JSON that the page reads. Times are epoch milliseconds, amounts in the currency of the summary. */

/** A phone in the list. */
export interface PhoneView {
  /** The number, or a masked one when only refused messages are known. */
  readonly key: string;
  readonly country?: string;
  readonly callingCode?: string;
  readonly lastAt: number;
  /** The last thing that happened, in one line. */
  readonly preview: string;
  readonly lastKind: EntryView['kind'];
  readonly entries: number;
  readonly refused: number;
}

export interface PhoneListView {
  /** Phones that match search and filter. */
  readonly matching: number;
  readonly offset: number;
  readonly phones: readonly PhoneView[];
}

/** A guard that would have refused, in monitor mode. */
export interface ObservationView {
  readonly guard: string;
  readonly reason: string;
}

export interface MessageView {
  readonly kind: 'message';
  readonly id: string;
  readonly at: number;
  readonly text: string;
  readonly source: string;
  readonly encoding: string;
  readonly parts: number;
  readonly price: number;
  readonly state: string;
  readonly isCut?: true;
  readonly scheduledAt?: number;
  readonly errorCode?: number;
  readonly errorMessage?: string;
  readonly purpose?: string;
  readonly observed?: readonly ObservationView[];
  /** A one-time code in the text. */
  readonly code?: string;
  readonly hasLink?: true;
  readonly isSurvey?: true;
}

export interface ReplyView {
  readonly kind: 'reply';
  readonly id: string;
  readonly at: number;
  readonly text: string;
  readonly to: string;
  readonly webhook?: WebhookView;
}

/** A message that a guard of the client refused: it never came here, so its text is unknown. */
export interface RefusalView {
  readonly kind: 'refusal';
  readonly id: string;
  readonly at: number;
  readonly destination: string;
  readonly purpose: string;
  readonly guard: string;
  readonly reason: string;
  readonly saved: number;
  readonly retryAfterMs?: number;
}

/** Something that the client did, such as recording an opt-out. */
export interface NoteView {
  readonly kind: 'note';
  readonly id: string;
  readonly at: number;
  readonly text: string;
}

export type EntryView = MessageView | ReplyView | RefusalView | NoteView;

export interface ThreadView {
  readonly phone: PhoneView;
  /** Newest first. */
  readonly entries: readonly EntryView[];
  /** Position for the next page; absent at the oldest entry. */
  readonly next?: number;
}

export interface WebhookView {
  readonly id: number;
  readonly url: string;
  readonly state: 'waiting' | 'delivered' | 'failed' | 'refused';
  readonly attempts: readonly {
    readonly at: number;
    readonly durationMs: number;
    readonly status?: number;
    readonly error?: string;
  }[];
  readonly nextAt?: number;
  readonly event: object;
  readonly response?: string;
}

/** The request that carried a message, and its webhooks. */
export interface DetailsView {
  readonly umid: string;
  readonly message: object;
  readonly request?: { readonly method: string; readonly path: string; readonly body: string };
  readonly response?: { readonly status: number; readonly body: string };
  readonly curl: string;
  readonly webhooks: readonly WebhookView[];
}

export interface GuardCountView {
  readonly guard: string;
  readonly refused: number;
  readonly observed: number;
  readonly saved: number;
}

export interface SummaryView {
  readonly version: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly currency: string;
  readonly phones: number;
  readonly messages: number;
  readonly spent: number;
  readonly saved: number;
  readonly refused: number;
  readonly guards: readonly GuardCountView[];
  readonly webhooks: readonly {
    readonly subAccountId: string;
    readonly url: string;
    readonly enabled: boolean;
  }[];
  readonly speed: number;
  readonly faults: readonly string[];
  readonly reserved: readonly { readonly number: string; readonly effect: string }[];
  readonly attack?: AttackView;
}

export interface AttackView {
  readonly guards: 'none' | 'defaults' | 'configured';
  readonly isRunning: boolean;
  readonly done: number;
  readonly total: number;
  readonly sent: number;
  readonly refused: number;
}

/** The changes since the last notice; `phones` is absent when too many changed. */
export interface NoticeView {
  readonly phones?: readonly string[];
}

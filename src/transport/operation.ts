/** One endpoint of 8x8 as data. The transport reads nothing else to send it. */
export interface Operation {
  /** The client's method, for errors and events: `messages.send`. */
  readonly name: string;
  /** 8x8's `operationId`, for the contract tests. */
  readonly operationId: string;
  readonly product: Product;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path with `{name}` segments, for example `/api/v1/subaccounts/{subAccountId}/messages`. */
  readonly path: string;
  /**
   * `never`: what 8x8 may have accepted is not sent again (sends, and everything that costs or counts).
   * `safe`: reads, and writes that change nothing the second time.
   */
  readonly repeat: 'safe' | 'never';
  /** `details`: the lane of one request a second. Default: the sub-account's fast lane. */
  readonly lane?: 'details';
  /** What to do when the answer was lost, in place of the advice for messages. */
  readonly ifLost?: string;
  /** A 409 is a refusal, and this says why. Default: whether the request was carried out is unknown then. */
  readonly ifConflict?: string;
  /** The request holds a secret (a code, a session): 8x8's words about an error are not shown, they may repeat it. */
  readonly confidential?: true;
  /** What a success carries. */
  readonly responseBody: 'json' | 'empty';
}

/** 8x8's products, each with its own host. */
export type Product = 'sms' | 'verification' | 'lookup' | 'contacts';

/** One endpoint of 8x8 as data. It is all that the transport needs to send a request. */
export interface Operation {
  /** Method of the client, for errors and events: `messages.send`. */
  readonly name: string;
  /** 8x8's `operationId`, for the contract tests. */
  readonly operationId: string;
  readonly product: Product;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `{name}` segments, for example `/api/v1/subaccounts/{subAccountId}/messages`. */
  readonly path: string;
  /**
   * `never`: a request that 8x8 may have accepted is not sent again (sends, and everything that costs or counts).
   * `safe`: reads, and writes that change nothing the second time.
   */
  readonly repeat: 'safe' | 'never';
  /** `details`: the lane of one request per second. Default: the fast lane of the sub-account. */
  readonly lane?: 'details';
  /** Advice when the response was lost, instead of the advice for messages. */
  readonly ifLost?: string;
  /** A 409 is a refusal, and this says why. Default: whether the request was carried out is unknown then. */
  readonly ifConflict?: string;
  /**
   * The request contains a secret (a code, a session): 8x8's error text is not shown, because it may repeat the
   * secret.
   */
  readonly confidential?: true;
  /** Body of a success; `any`: JSON or nothing, of any length. */
  readonly responseBody: 'json' | 'empty' | 'any';
}

/** 8x8's products, each with its own host. */
export type Product = 'sms' | 'verification' | 'lookup' | 'contacts';

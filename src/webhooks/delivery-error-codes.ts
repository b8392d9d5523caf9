/**
 * The consequence of a delivery error code for sending again:
 *
 * - `none`: no error was reported.
 * - `no-such-number`: the number does not exist. Sending again wastes money.
 * - `temporary`: the handset or the network could not accept the message at that moment.
 * - `content`: the message itself was refused because of its text, length or format.
 * - `blocked`: the network, the person's subscription or a spam rule blocks the message.
 * - `fraud`: 8x8's Omni Shield stopped the message as artificially inflated traffic (SMS pumping). Look at what asked for
 *   the message before you send again.
 * - `route`: the message failed on the way: route, operator, sender ID, credit.
 * - `other`: the code does not say.
 */
export type DeliveryErrorKind =
  | 'none'
  | 'no-such-number'
  | 'temporary'
  | 'content'
  | 'blocked'
  | 'fraud'
  | 'route'
  | 'other';

/** One of 8x8's delivery error codes. */
export interface DeliveryErrorCode {
  /** `status.errorCode` of a delivery receipt. */
  readonly code: number;
  /** 8x8's description of the code. */
  readonly meaning: string;
  /** This package's classification: 8x8 publishes only the description. */
  readonly kind: DeliveryErrorKind;
}

/*
 * `no-such-number` blocks a person for a day, so only an unambiguous description gets it: 59 alone. In the networks'
 * protocol (3GPP TS 29.002, MAP errors) "unknown subscriber" means that the home network has no such number. These codes
 * do not qualify:
 *
 * - 1, 46, 47: the number exists, the handset is switched off or out of reach.
 * - 13 "Illegal subscriber or equipment": the SIM card or the handset is barred, but the number is in use.
 * - 15 "Invalid destination", 16 "Invalid format": a route also reports these for a number that it does not serve.
 * - 28 "Permanent phone error": concerns the handset, which its owner may replace.
 * - 55 "Unidentified subscriber": the visited network has lost the subscriber for a while.
 */
const CODES: readonly (readonly [code: number, meaning: string, kind: DeliveryErrorKind])[] = [
  [0, 'No reason code', 'none'],
  [1, 'Absent subscriber', 'temporary'],
  [2, 'Content related error', 'content'],
  [3, 'Data missing', 'other'],
  [4, 'Deferred delivery', 'temporary'],
  [5, 'Pending upstream', 'temporary'],
  [7, 'Delivery failure', 'other'],
  [8, 'Deny', 'blocked'],
  [9, 'Equipment protocol error', 'other'],
  [10, 'ESME external error', 'route'],
  [11, 'Flooding', 'blocked'],
  [12, 'HLR error', 'route'],
  [13, 'Illegal subscriber or equipment', 'blocked'],
  [14, 'Internal error', 'other'],
  [15, 'Invalid destination', 'other'],
  [16, 'Invalid format', 'content'],
  [17, 'Invalid message length', 'content'],
  [18, 'Invalid parameter', 'other'],
  [19, 'Invalid source address', 'route'],
  [20, 'Local cancel', 'other'],
  [21, 'Memory capacity exceeded', 'temporary'],
  [22, 'Message being retried', 'temporary'],
  [23, 'Network failure', 'temporary'],
  [24, 'Age verification failure', 'blocked'],
  [25, 'Operation aborted by receiving network or user', 'other'],
  [26, 'Operation barred', 'blocked'],
  [27, 'Permanent operator error', 'route'],
  [28, 'Permanent phone error', 'other'],
  [29, 'Phone related error', 'other'],
  [30, 'Portability error', 'route'],
  [31, 'Premium SMS error', 'blocked'],
  [32, 'Roaming subscriber', 'other'],
  [33, 'Route error', 'route'],
  [34, 'Screening error', 'blocked'],
  [35, 'Service center congestion', 'temporary'],
  [36, 'SMS expired', 'temporary'],
  [37, 'SMS facility not supported', 'blocked'],
  [38, 'SMS malformed', 'content'],
  [39, 'SMSC cancel', 'route'],
  [40, 'SMSC error', 'route'],
  [41, 'SMSC reject', 'route'],
  [42, 'Source credit insufficiency', 'route'],
  [43, 'Spam filter', 'blocked'],
  [44, 'Subscriber billing issue', 'blocked'],
  [45, 'Subscriber busy for SMS', 'temporary'],
  [46, 'Subscriber not reachable', 'temporary'],
  [47, 'Subscriber temporary unavailable', 'temporary'],
  [48, 'System failure', 'temporary'],
  [49, 'TCAP error', 'route'],
  [50, 'Throttling error', 'temporary'],
  [51, 'Time out error', 'temporary'],
  [52, 'Unable to decode the response', 'route'],
  [53, 'Unexpected data value', 'other'],
  [54, 'Unexpected error', 'other'],
  [55, 'Unidentified subscriber', 'other'],
  [56, 'Unknown delivery state', 'other'],
  [57, 'Unknown error', 'other'],
  [58, 'Unknown service center', 'route'],
  [59, 'Unknown subscriber', 'no-such-number'],
  [60, 'Content filtered', 'content'],
  [61, 'Session expired', 'temporary'],
  [99, 'Rejected by 8x8', 'fraud'],
];

/**
 * 8x8's delivery error codes, the values of `status.errorCode` in a delivery receipt: 0 to 61 without 6, and 99.
 *
 * @see https://developer.8x8.com/connect/reference/delivery-receipts-error-codes (read in November 2026)
 * @example DELIVERY_ERROR_CODES.filter(({ kind }) => kind === 'temporary')
 */
export const DELIVERY_ERROR_CODES: readonly DeliveryErrorCode[] = Object.freeze(
  CODES.map(([code, meaning, kind]) => Object.freeze({ code, meaning, kind })),
);

/**
 * Looks up a delivery error code. Returns undefined for a code that 8x8 added later.
 *
 * @example describeDeliveryError(59) // { code: 59, meaning: 'Unknown subscriber', kind: 'no-such-number' }
 */
export function describeDeliveryError(code: number): DeliveryErrorCode | undefined {
  return DELIVERY_ERROR_CODES.find((known) => known.code === code);
}

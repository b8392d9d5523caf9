/** People's choices, the words of their replies, and 8x8's reports. */
export { createInbound } from '../create-inbound.ts';

/** Stamps per millisecond of server time: one is 20 microseconds. */
export const STAMPS_PER_MS = 50;

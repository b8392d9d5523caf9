/** Stamps a millisecond of a server has: one is 20 microseconds. */
export const STAMPS_PER_MS = 50;

import type { FormRequest } from '../../src/sandbox/attack-hour.ts';

/** A request of a robot that no other guard sees: each number is new, and lies anywhere in an operator's range. */
export interface RandomRequest extends Omit<FormRequest, 'who'> {
  readonly who: 'random numbers';
}

/** 300 numbers of an Indonesian operator, evenly over the hour, the same in every run. */
export function randomNumbers(): readonly RandomRequest[] {
  // The fractional parts of multiples of the golden ratio fill an interval evenly, and in no order.
  const GOLDEN = 0.618_033_988_749_895;
  return Array.from({ length: 300 }, (_, turn) => ({
    atMs: turn * 12_000 + 2_000,
    who: 'random numbers',
    destination: `+62838${String(Math.floor(((turn * GOLDEN) % 1) * 10_000_000)).padStart(7, '0')}`,
    verifies: false,
  }));
}

import { describe, expect, it } from 'vitest';
import { EndedReservations, Reservations } from '../../../src/limits/reservations.ts';

const VERDICT = { granted: true, observed: [] } as const;

function openOne() {
  const reservations = new Reservations(10, new EndedReservations());
  return { reservations, take: reservations.open(undefined, VERDICT, [], 0) };
}

describe('a take without an id', () => {
  it('is found by the id that it gets while it is open', () => {
    const { reservations, take } = openOne();
    reservations.name(take, 'a');
    expect(reservations.find('a')).toBe(take);
    expect(reservations.answerOf('a')).toEqual(VERDICT);
  });

  it('gets none once it was settled', () => {
    const { reservations, take } = openOne();
    reservations.settle(take, 0, 0, undefined);
    reservations.name(take, 'a');
    expect(reservations.find('a')).toBeUndefined();
    expect(reservations.answerOf('a')).toBeUndefined();
  });
});

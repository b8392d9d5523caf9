export const ROW_COUNT = 20_000;
/** The last rows repeat people from the top, as real lists do. */
const REPEATED = 10;

/**
 * In place of a table: `SELECT … WHERE campaign = $1 AND row >= $2 AND row < $3 ORDER BY row`. It must give the same
 * rows in the same order every time, so take a copy of your list when the campaign begins.
 */
export async function* customers({ campaign, from, to }) {
  for (let row = from; row < to; row += 1) {
    const person = row % (ROW_COUNT - REPEATED);
    // One row in a thousand is invalid, as in every list.
    const destination = person % 1_000 === 999 ? 'n/a' : `+659${1_000_000 + person}`;
    // One message per person and campaign, regardless of how often the person is in the list.
    const id = `${campaign}-${person}`;
    yield { destination, clientMessageId: id, idempotencyKey: id };
  }
}

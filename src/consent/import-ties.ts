import { type ConsentChange, type ConsentLedger, isChoice } from './consent-ledger.ts';

/**
 * A ledger takes the later arrival of two choices of one time. In a file the order of rows says nothing, so the opt-out
 * must win: an opt-in that arrives after an opt-out of its time is dated a millisecond earlier.
 */
export async function settleTies(
  ledger: Partial<Pick<ConsentLedger, 'get'>>,
  changes: readonly ConsentChange[],
): Promise<readonly ConsentChange[]> {
  const optIns = changes.filter(({ state }) => state === 'opted-in');
  if (optIns.length === 0) return changes;
  const keys = [...new Set(optIns.map(({ key }) => key))];
  const latest = (await ledger.get?.(keys)) ?? [];
  /** When each person opted out, of the latest choice in the ledger and of the rows so far. */
  const optOuts = new Set(
    keys.flatMap((key, index) =>
      latest[index]?.state === 'opted-out' ? [`${key} ${latest[index].at}`] : [],
    ),
  );
  return changes.map((change) => {
    if (!isChoice(change)) return change;
    const moment = `${change.key} ${change.at}`;
    if (change.state === 'opted-out') optOuts.add(moment);
    return change.state === 'opted-in' && optOuts.has(moment) ? { ...change, at: change.at - 1 } : change;
  });
}

import { type ConsentChange, type ConsentLedger, isChoice } from './consent-ledger.ts';

/**
 * Makes the opt-out win over an opt-in with the same time. A ledger prefers the later arrival, but the order of rows in a file
 * has no meaning, so an opt-in that follows an opt-out is dated a millisecond earlier.
 */
export async function settleTies(
  ledger: Partial<Pick<ConsentLedger, 'get'>>,
  changes: readonly ConsentChange[],
): Promise<readonly ConsentChange[]> {
  const optIns = changes.filter(({ state }) => state === 'opted-in');
  if (optIns.length === 0) return changes;
  const keys = [...new Set(optIns.map(({ key }) => key))];
  const latest = (await ledger.get?.(keys)) ?? [];
  /** Opt-outs by person and time: the latest choice in the ledger, and the rows so far. */
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

import { type ConsentChange, type ConsentLedger, type ConsentRecord, isChoice } from './consent-ledger.ts';
import type { ConsentProfile } from './ledger-client.ts';

/**
 * The time from which an opt-out counts. One that is recorded late, after the person has opted out of marketing as well,
 * counts from that later choice: otherwise the narrower opt-out would take it back.
 */
export function timeAfterNarrower(
  { entries, latest }: Pick<ConsentProfile, 'entries' | 'latest'>,
  at: number,
): number {
  const isNarrower = latest?.state === 'opted-out' && latest.scope === 'marketing' && latest.at > at;
  const cameBack = entries.some((entry) => isChoice(entry) && entry.state === 'opted-in' && entry.at > at);
  return isNarrower && !cameBack ? latest.at : at;
}

/** The choices that a file has of one person. */
function rowsOf(changes: readonly ConsentChange[]): ReadonlyMap<string, readonly ConsentChange[]> {
  const rows = new Map<string, ConsentChange[]>();
  for (const change of changes) {
    if (!isChoice(change)) continue;
    const own = rows.get(change.key) ?? [];
    rows.set(change.key, own);
    own.push(change);
  }
  return rows;
}

/** The opt-outs of marketing that follow an opt-out of everything. */
function narrowing(
  latest: ConsentRecord | undefined,
  rows: readonly ConsentChange[],
): readonly ConsentChange[] {
  const ordered = [...(latest === undefined ? [] : [latest]), ...rows].sort(
    (one, other) => one.at - other.at,
  );
  let isOutOfAll = false;
  return ordered.flatMap((choice) => {
    const isNarrowing = isOutOfAll && choice.state === 'opted-out' && choice.scope === 'marketing';
    isOutOfAll = choice.state === 'opted-out' && (isOutOfAll || choice.scope === 'all');
    return isNarrowing && choice !== latest ? [choice as ConsentChange] : [];
  });
}

/**
 * An opt-out of marketing takes back no opt-out of everything: one that follows it is recorded as `all`, and one of everything
 * that the file brings late counts from the narrower one on. An opt-in in between ends that.
 */
export async function keepWider(
  ledger: Partial<Pick<ConsentLedger, 'get' | 'history'>>,
  changes: readonly ConsentChange[],
): Promise<readonly ConsentChange[]> {
  const rows = [...rowsOf(changes)].filter(([, own]) => own.some(({ state }) => state === 'opted-out'));
  if (rows.length === 0) return changes;
  const found = (await ledger.get?.(rows.map(([key]) => key))) ?? [];
  const changed = new Map<ConsentChange, ConsentChange>();
  for (const [index, [key, own]] of rows.entries()) {
    const latest = found[index];
    for (const row of narrowing(latest, own)) changed.set(row, { ...row, scope: 'all' });
    if (latest?.scope !== 'marketing') continue;
    const late = own.filter(
      ({ state, scope, at }) => state === 'opted-out' && scope === 'all' && at < latest.at,
    );
    const entries = late.length === 0 ? own : [...((await ledger.history?.(key)) ?? []), ...own];
    for (const row of late) changed.set(row, { ...row, at: timeAfterNarrower({ entries, latest }, row.at) });
  }
  return changes.map((change) => changed.get(change) ?? change);
}

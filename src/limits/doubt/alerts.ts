import type { DoubtAlert, DoubtPlace } from '../doubt-store.ts';
import { type Cell, doubtOf } from './cell.ts';
import {
  ADDRESS,
  BLOCK,
  COUNTRY,
  CROWD,
  NUMBER,
  PLACES,
  POOL,
  POOL_FADE,
  type Policy,
  RANGE,
} from './parameters.ts';
import { keyOf, type Places, type Where } from './places.ts';

/** Most alerts in a list. */
const MAX_LISTED = 1_000;
const NAMED = [RANGE, BLOCK, CROWD];

/** Whether time has not ended an alert yet. */
function isLive(cell: Cell, place: number, policy: Policy, nowMs: number): boolean {
  const perDay = policy.forgottenPerDay[place] as number;
  const low = cell.budget * (place === POOL ? POOL_FADE : policy.fade);
  return cell.isAlert && doubtOf(cell, perDay, nowMs) > low;
}

function alertOf(cell: Cell, place: number, isHuman: boolean, policy: Policy, nowMs: number): DoubtAlert {
  const factor = place === COUNTRY ? policy.countryFactor : 1;
  return {
    place: PLACES[place] as DoubtPlace,
    isHuman,
    observed: Math.floor(doubtOf(cell, policy.forgottenPerDay[place] as number, nowMs)),
    limit: Math.floor(cell.budget * factor),
    ageMs: nowMs - cell.alertMs,
    nextInMs: Math.max(0, Math.ceil(cell.nextMs - nowMs)),
  };
}

/** The alert that has just begun at one place of a request; undefined for one that names a person. */
export function begunAlert(
  places: Places,
  where: Where & { readonly name: string },
  place: number,
  policy: Policy,
  nowMs: number,
): DoubtAlert | undefined {
  if (place === NUMBER || place === ADDRESS) return undefined;
  const alert = alertOf(places.cells[place] as Cell, place, where.isHuman, policy, nowMs);
  if (place === COUNTRY) return { ...alert, country: where.name };
  return place === POOL ? alert : { ...alert, prefix: String(Math.floor(keyOf(place, where) / 2)) };
}

/** Every place in alert. */
export function liveAlerts(places: Places, policy: Policy, nowMs: number): readonly DoubtAlert[] {
  const alerts: DoubtAlert[] = [];
  const add = (cell: Cell, place: number, isHuman: boolean, more: Partial<DoubtAlert>) => {
    if (alerts.length >= MAX_LISTED || !isLive(cell, place, policy, nowMs)) return;
    alerts.push({ ...alertOf(cell, place, isHuman, policy, nowMs), ...more });
  };
  for (const isHuman of [false, true]) {
    const human = isHuman ? 1 : 0;
    add(places.world.pool[human] as Cell, POOL, isHuman, {});
    for (const [country, { cells }] of places.countries)
      add(cells[human] as Cell, COUNTRY, isHuman, { country });
  }
  for (const place of NAMED) {
    places.rows[place]?.forEach((key, cell) => {
      add(cell, place, key % 2 === 1, { prefix: String(Math.floor(key / 2)) });
    });
  }
  for (const place of [NUMBER, ADDRESS]) {
    let count = 0;
    let largest: DoubtAlert | undefined;
    places.rows[place]?.forEach((_key, cell) => {
      if (!isLive(cell, place, policy, nowMs)) return;
      count += 1;
      const alert = alertOf(cell, place, false, policy, nowMs);
      if (largest === undefined || alert.observed > largest.observed) largest = alert;
    });
    if (largest !== undefined) alerts.push({ ...(largest as DoubtAlert), count });
  }
  return alerts;
}

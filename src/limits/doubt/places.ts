import type { Seed } from '../key-hash.ts';
import { type Cell, clearCell, newCell } from './cell.ts';
import { CellRows } from './cell-rows.ts';
import {
  ADDRESS,
  BLOCK,
  BLOCK_DIVISOR,
  COUNTRY,
  CROWD,
  has,
  NUMBER,
  PLACES,
  POLICIES,
  POOL,
  RANGE,
  RANGE_DIVISOR,
} from './parameters.ts';
import { type Country, newCountry, newWorld, type World } from './statistics.ts';

/** The places of one request. */
export interface Where {
  number: number;
  country: Country;
  /** -1 for none. */
  address: number;
  /** People who passed a test for people have cells of their own. */
  isHuman: boolean;
}

/** Countries in one table. Names come from a list of calling codes; the bound is for a program that puts anything there. */
const MAX_COUNTRIES = 1_000;

/** The cells of all places. Those of one request are loaded into a work space, changed there, and saved. */
export class Places {
  readonly world: World = newWorld();
  readonly countries = new Map<string, Country>();
  /** By place. Countries and the pool hold their own cells. */
  readonly rows: readonly (CellRows | undefined)[];
  /** The loaded cells; undefined for a place without doubt. */
  readonly cells: (Cell | undefined)[] = PLACES.map(() => undefined);
  readonly #spaces: readonly Cell[] = PLACES.map(newCell);
  readonly #rest = newCountry();

  constructor(maxRows: number, seed: Seed) {
    const { forgottenPerDay } = POLICIES.ask;
    this.rows = forgottenPerDay.map((perDay, place) =>
      place === COUNTRY || place === POOL ? undefined : new CellRows(perDay, maxRows, seed),
    );
  }

  countryOf(name: string): Country {
    let country = this.countries.get(name);
    if (country === undefined) {
      if (this.countries.size >= MAX_COUNTRIES) return this.#rest;
      country = newCountry();
      this.countries.set(name, country);
    }
    return country;
  }

  load(where: Where, places: number): void {
    const human = where.isHuman ? 1 : 0;
    for (let place = 0; place < PLACES.length; place += 1) {
      let cell: Cell | undefined;
      if (has(places, place)) {
        if (place === COUNTRY) cell = where.country.cells[human];
        else if (place === POOL) cell = this.world.pool[human];
        else if (place !== ADDRESS || where.address >= 0) {
          const space = this.#spaces[place] as Cell;
          if (this.rows[place]?.load(keyOf(place, where), space) === true) cell = space;
        }
      }
      this.cells[place] = cell;
    }
  }

  /** Replaces the loaded cells of countries and the pool by copies, so that nothing is changed. Call after all were loaded. */
  detach(): void {
    for (const place of [COUNTRY, POOL]) {
      this.cells[place] = Object.assign(this.#spaces[place] as Cell, this.cells[place]);
    }
  }

  /** The loaded cell of a place; an empty one where there is no doubt. */
  cellFor(place: number): Cell {
    const cell = this.cells[place] ?? clearCell(this.#spaces[place] as Cell);
    this.cells[place] = cell;
    return cell;
  }

  /** Saves the loaded cells of some places. */
  save(where: Where, places: number, nowMs: number): void {
    if (places === 0) return;
    for (let place = RANGE; place <= NUMBER; place += 1) {
      if (!has(places, place)) continue;
      this.rows[place]?.save(keyOf(place, where), this.cells[place] as Cell, nowMs);
    }
  }
}

/** The key of a place among those of its kind. */
export function keyOf(place: number, { number, address, isHuman }: Where): number {
  return digitsOf(place, number, address) * 2 + (isHuman ? 1 : 0);
}

function digitsOf(place: number, number: number, address: number): number {
  switch (place) {
    case RANGE:
      return Math.floor(number / RANGE_DIVISOR);
    case BLOCK:
    case CROWD:
      return Math.floor(number / BLOCK_DIVISOR);
    case ADDRESS:
      return address;
    default:
      return number;
  }
}

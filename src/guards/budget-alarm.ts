import type { Emit } from '../events.ts';
import type { Clock, Purpose } from '../types.ts';
import type { BudgetAlarm } from './budget-options.ts';
import { MICROS } from './budget-prices.ts';

/** The cost of one purpose, in micro-units. Hours are counted since 1970. */
interface Spending {
  readonly firstHour: number;
  hour: number;
  spent: number;
  /** The busiest whole hour; undefined until one has passed. */
  busiest: number | undefined;
  isTold: boolean;
}

const HOUR_MS = 3_600_000;

/** Watches what each purpose costs in an hour, in this process, and tells when it is out of the ordinary. */
export function createBudgetAlarm(
  { factor = 10, floor = 20 }: BudgetAlarm,
  currency: string,
  { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
): (purpose: Purpose, cost: number) => void {
  const purposes = new Map<Purpose, Spending>();

  return (purpose, cost) => {
    const hour = Math.floor(clock.now() / HOUR_MS);
    let spending = purposes.get(purpose);
    if (spending === undefined) {
      spending = { firstHour: hour, hour, spent: 0, busiest: undefined, isTold: false };
      purposes.set(purpose, spending);
    }
    if (hour !== spending.hour) {
      // The first hour began in the middle, and an hour of alarm must not become the normal.
      const isUsual = spending.hour !== spending.firstHour && !spending.isTold;
      if (isUsual) spending.busiest = Math.max(spending.busiest ?? 0, spending.spent);
      Object.assign(spending, { hour, spent: 0, isTold: false });
    }
    spending.spent += cost;
    const { busiest, spent, isTold } = spending;
    if (busiest === undefined || isTold || spent <= Math.max(floor * MICROS, factor * busiest)) return;
    spending.isTold = true;
    emit({ type: 'budget-alarm', purpose, spent: spent / MICROS, usual: busiest / MICROS, currency });
  };
}

import { createCalendar, type Holiday } from './holidays.ts';
import { after, DAY_MS, localTime, readClock } from './local-time.ts';

/** Hours of a day in which messages go out. */
export interface DayHours {
  /** Local time at which they begin, `HH:MM`. */
  readonly from: string;
  /** Local time at which they end, `HH:MM`; nothing goes out at this minute any more. `24:00` is the end of the day. */
  readonly to: string;
}

/**
 * Hours in which messages of the chosen purposes go out, by the recipient's clock.
 *
 * @example { from: '08:00', to: '20:00', sunday: false, holidays: ['12-25', 'easter+1'] }
 */
export interface SendingHours extends DayHours {
  /** Hours on Saturdays; `false`: nothing goes out. @default `from` to `to` */
  readonly saturday?: DayHours | false | undefined;
  /** Hours on Sundays; `false`: nothing goes out. @default `from` to `to` */
  readonly sunday?: DayHours | false | undefined;
  /**
   * Days on which nothing goes out: `12-25` (every year), `2026-04-21` (once), `easter+1` (days from Easter Sunday), `3 mon 01` (the third
   * Monday of January), `last mon 05`, `12-25>` (also the Monday after, when it is a Sunday). At most 100. @default none
   */
  readonly holidays?: readonly Holiday[] | undefined;
}

/** Sending hours, ready to be asked. */
export interface Schedule {
  /** Whether messages go out at this moment in a zone. */
  isOpen(zone: string, at: number): boolean;
  /** The next moment worth a look when they do not: never later than the next opening. */
  nextLook(zone: string, at: number): number;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export function createSchedule({ from, to, saturday, sunday, holidays = [] }: SendingHours): Schedule {
  const spanOf = (hours: DayHours): Span => ({ fromMs: readClock(hours.from), toMs: readClock(hours.to) });
  const everyDay = spanOf({ from, to });
  const ofDay = (hours: DayHours | false | undefined) => {
    if (hours === undefined) return everyDay;
    return hours === false ? undefined : spanOf(hours);
  };
  const week = [ofDay(sunday), everyDay, everyDay, everyDay, everyDay, everyDay, ofDay(saturday)];
  const isHoliday = createCalendar(holidays);

  function look(zone: string, at: number) {
    const time = localTime(zone, at);
    return { span: isHoliday(time) ? undefined : week[time.weekday], ofDayMs: time.ofDayMs };
  }

  return {
    isOpen(zone, at) {
      const { span, ofDayMs } = look(zone, at);
      return span !== undefined && ofDayMs >= span.fromMs && ofDayMs < span.toMs;
    },
    nextLook(zone, at) {
      const { span, ofDayMs } = look(zone, at);
      const isEarly = span !== undefined && ofDayMs < span.fromMs;
      return after(zone, at, (isEarly ? span.fromMs : DAY_MS) - ofDayMs);
    },
  };
}

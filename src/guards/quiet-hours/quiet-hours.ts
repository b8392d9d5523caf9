import { type Cache, createCache } from '../../internal/cache.ts';
import { describeDuration } from '../../internal/describe-duration.ts';
import { regionOf } from '../../phone/libphonenumber.ts';
import { purposesField } from '../../purposes.ts';
import {
  FALSE_OR_OPTIONS,
  type Field,
  type Fields,
  falseOr,
  list,
  object,
  objectWith,
  oneOf,
  pattern,
  recordOf,
  refine,
  switchOn,
  word,
} from '../../schema.ts';
import type { Purpose } from '../../types.ts';
import type { Guard, GuardMode, OutgoingMessage, Refusal } from '../guard.ts';
import { HOLIDAY } from './holidays.ts';
import { LEGAL_HOURS, OTHER_HOURS } from './legal-hours.ts';
import { DAY_MS, localTime, readClock, writeClock } from './local-time.ts';
import { isState, type Places, placesOf } from './places.ts';
import { createSchedule, type DayHours, type Schedule, type SendingHours } from './sending-hours.ts';

/**
 * Refuses messages at night, by the clock of the recipient, or schedules them for the morning.
 *
 * @example quietHours: { action: 'schedule', hours: { SG: { from: '10:00', to: '20:00', sunday: false } } }
 */
export interface QuietHoursGuardOptions {
  /** `enforce` refuses or schedules; `monitor` only reports what it would have refused. @default 'enforce' */
  readonly mode?: GuardMode | undefined;
  /**
   * `schedule`: 8x8 sends the message when the quiet hours end, at most 7 days ahead and before its `expiry`. One-time passwords and
   * verifications are still refused. @default 'refuse'
   */
  readonly action?: 'refuse' | 'schedule' | undefined;
  /** Purposes to which the hours apply. @default ['marketing'] */
  readonly purposes?: readonly Purpose[] | undefined;
  /**
   * Sending hours by place: a country (`SG`), a state of the United States (`US-FL`, in addition to those of `US`), or `default` for
   * countries without any. `false`: no quiet hours there. Each replaces the entry of the table in `docs/quiet-hours.md`.
   * @default the table; 8 a.m. to 8 p.m. in countries that it does not have
   */
  readonly hours?: { readonly [place: string]: SendingHours | false | undefined } | undefined;
}

const clockField = pattern(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a local time such as "08:30"');
const dayFields: Fields<DayHours> = { from: clockField, to: clockField };
const endsLater = ({ from, to }: DayHours) => readClock(from) < readClock(to);
const ENDS_LATER = 'must have a "to" that is later than "from"; hours cannot span midnight.';
const dayField = switchOn(
  (input) => input === false,
  oneOf([false]),
  refine<DayHours>(
    objectWith(['from', 'to'], dayFields, 'false or an object { from, to }'),
    endsLater,
    ENDS_LATER,
  ),
);
const hoursFields: Fields<SendingHours> = {
  ...dayFields,
  saturday: dayField,
  sunday: dayField,
  holidays: list(
    pattern(HOLIDAY, 'a holiday such as "12-25", "2026-04-21", "easter+1", "3 mon 01" or "12-25>"'),
    { max: 100 },
  ),
};
const hoursField: Field = switchOn(
  (input) => input === false,
  oneOf([false]),
  refine<SendingHours>(
    objectWith(['from', 'to'], hoursFields, 'false or an object { from, to, saturday, sunday, holidays }'),
    endsLater,
    ENDS_LATER,
  ),
);
const placeField = word(
  (place) =>
    place === 'default' ||
    (/^[A-Z]{2}$/.test(place) && regionOf(place) !== undefined) ||
    (place.startsWith('US-') && isState(place.slice(3))),
  'a country such as "SG", a state such as "US-FL", or "default", in capitals',
);
const fields: Fields<QuietHoursGuardOptions> = {
  mode: oneOf(['enforce', 'monitor']),
  action: oneOf(['refuse', 'schedule']),
  purposes: purposesField,
  hours: recordOf(placeField, hoursField, 'an object of sending hours by place'),
};
export const quietHoursField = falseOr(object(fields, FALSE_OR_OPTIONS));

/** 8x8 schedules at most 7 days ahead. */
const MAX_AHEAD_MS = 7 * DAY_MS;
/** A message is not scheduled for a moment that may pass before 8x8 reads it. */
const MIN_AHEAD_MS = 60_000;
/** The longest look ahead: more than the holidays of any country in a row. */
const MAX_SEARCH_MS = 31 * DAY_MS;
/** Places whose next opening is remembered. */
const MAX_PLACES = 1_000;

/** Messages of this package that answer what the person just wrote. */
const REPLIES: ReadonlySet<string> = new Set(['opt-out-confirmation', 'opt-in-reply', 'help-reply']);

/** One rule in one time zone. */
interface Candidate {
  readonly zone: string;
  readonly schedule: Schedule;
}

/** The rules of places that share them, and the last answer. */
interface PlaceRules {
  readonly candidates: readonly Candidate[];
  /** Every moment between them has the same next opening. */
  closed?: { readonly from: number; readonly until: number };
}

/** The earliest moment from `at` on at which all rules let messages out; undefined when there is none for a long time. */
function nextOpening(candidates: readonly Candidate[], at: number): number | undefined {
  for (let time = at; time < at + MAX_SEARCH_MS; ) {
    let later = time;
    for (const { zone, schedule } of candidates) {
      if (!schedule.isOpen(zone, later)) later = Math.max(later, schedule.nextLook(zone, later));
    }
    if (later === time) return time;
    time = later;
  }
  return undefined;
}

function describeClosed(candidates: readonly Candidate[], at: number): string {
  const { zone } = candidates.find(({ zone, schedule }) => !schedule.isOpen(zone, at)) as Candidate;
  return `${writeClock(localTime(zone, at).ofDayMs)} in ${zone}`;
}

/** Keeps messages out of the night, by the recipient's clock. */
export function createQuietHoursGuard(options: QuietHoursGuardOptions): Guard<'quietHours'> {
  const { mode = 'enforce', action = 'refuse', hours = {} } = options;
  const purposes: ReadonlySet<Purpose> = new Set(options.purposes ?? ['marketing']);
  const schedules = new Map<string, Schedule>();
  const legal = LEGAL_HOURS.map(({ place, hours }) => [place, hours] as const);
  const all: Readonly<Record<string, SendingHours | false | undefined>> = {
    default: OTHER_HOURS,
    ...Object.fromEntries(legal),
    ...Object.fromEntries(Object.entries(hours).filter(([, own]) => own !== undefined)),
  };
  for (const [place, own] of Object.entries(all)) if (own) schedules.set(place, createSchedule(own));
  const known: Cache<string, PlaceRules> = createCache(MAX_PLACES);

  function schedulesOf(areas: readonly string[]): readonly Schedule[] {
    const named = areas.some((area) => all[area] !== undefined) ? areas : ['default'];
    return named.flatMap((area) => schedules.get(area) ?? []);
  }

  function rulesOf({ key, zones, areas }: Places): PlaceRules {
    let rules = known.get(key);
    if (rules === undefined) {
      const candidates = schedulesOf(areas).flatMap((schedule) => zones.map((zone) => ({ zone, schedule })));
      rules = { candidates };
      known.set(key, rules);
    }
    return rules;
  }

  function openingOf(rules: PlaceRules, at: number): number | undefined {
    const { closed } = rules;
    if (closed !== undefined && at >= closed.from && at < closed.until) return closed.until;
    const until = nextOpening(rules.candidates, at);
    if (until !== undefined && until !== at) rules.closed = { from: at, until };
    return until;
  }

  /** The moment for which the message is scheduled instead; undefined when that cannot be. */
  function postponement(message: OutgoingMessage, rules: PlaceRules, now: number): number | undefined {
    const { content, purpose, channel } = message;
    if (action !== 'schedule' || content === undefined || purpose === 'otp' || channel !== undefined) {
      return undefined;
    }
    const at = openingOf(rules, Math.max(content.scheduledAt ?? now, now + MIN_AHEAD_MS));
    if (at === undefined || at > now + MAX_AHEAD_MS) return undefined;
    return content.expiresAt !== undefined && at >= content.expiresAt ? undefined : at;
  }

  function refuse(
    message: OutgoingMessage,
    rules: PlaceRules,
    now: number,
  ): Refusal<'quietHours'> | undefined {
    const scheduledAt = message.content?.scheduledAt;
    const at = scheduledAt ?? now;
    const opensAt = openingOf(rules, at);
    if (opensAt === at) return undefined;
    const postponeTo = postponement(message, rules, now);
    const when = scheduledAt === undefined ? 'It is' : '`scheduled` is';
    const closed = `${when} ${describeClosed(rules.candidates, at)}, in the quiet hours of the number.`;
    const rule = 'Hours are set by guards.quietHours.hours.';
    if (opensAt === undefined) {
      return {
        reason: 'quiet-hours',
        message: `${closed} They do not end within the next 31 days. ${rule}`,
      };
    }
    const opening = new Date(opensAt).toISOString();
    if (scheduledAt !== undefined) {
      const message = `${closed} They end at ${opening}: schedule the message for that time. ${rule}`;
      return { reason: 'quiet-hours', message, postponeTo };
    }
    const retryAfterMs = opensAt - at;
    return {
      reason: 'quiet-hours',
      message: `${closed} They end at ${opening}. Try again in ${describeDuration(retryAfterMs)}. ${rule}`,
      retryAfterMs,
      postponeTo,
    };
  }

  return {
    name: 'quietHours',
    mode,
    check(message, now) {
      const { purpose, phone, exemption } = message;
      if (!purposes.has(purpose) || REPLIES.has(exemption?.kind ?? '')) return undefined;
      const places = placesOf(phone);
      if (places.zones.length === 0 && schedulesOf(places.areas).length > 0) {
        return {
          reason: 'unknown-time-zone',
          message:
            'This number belongs to no country, so its local time is unknown. If the message is not promotional, correct its purpose; otherwise set guards.quietHours.hours.default to false.',
        };
      }
      return refuse(message, rulesOf(places), now);
    },
  };
}

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEGAL_HOURS, LEGAL_HOURS_CHECKED } from '../../../../src/guards/quiet-hours/legal-hours.ts';
import { placesOf } from '../../../../src/guards/quiet-hours/places.ts';
import {
  createQuietHoursGuard,
  type QuietHoursGuardOptions,
  quietHoursField,
} from '../../../../src/guards/quiet-hours/quiet-hours.ts';
import type { SendingHours } from '../../../../src/guards/quiet-hours/sending-hours.ts';
import { regionOf } from '../../../../src/phone/libphonenumber.ts';
import { validate } from '../../../../src/schema.ts';
import { messageOf } from '../../../support/outgoing-message.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** The refusal of a marketing message at a moment. */
function check(
  destination: string,
  at: string | number,
  options: QuietHoursGuardOptions = {},
  more: Parameters<typeof messageOf>[0] = {},
) {
  const message = messageOf({ destination, purpose: 'marketing', ...more });
  return createQuietHoursGuard(options).check?.(message, new Date(at).getTime());
}

const SINGAPORE = '+6591234567';
const FRANCE = '+33612345678';
const FLORIDA = '+13055550143';
const TEXAS = '+12145550143';
const IDAHO = '+12085550143';

describe('the hours of the table', () => {
  it.each<[string, string, string, string | undefined]>([
    ['Singapore at 08:59', SINGAPORE, '2026-11-23T00:59:00Z', '2026-11-23T01:00:00Z'],
    ['Singapore at 09:00', SINGAPORE, '2026-11-23T01:00:00Z', undefined],
    ['Singapore at 20:59', SINGAPORE, '2026-11-23T12:59:59.999Z', undefined],
    ['Singapore at 21:00', SINGAPORE, '2026-11-23T13:00:00Z', '2026-11-24T01:00:00Z'],
    ['India at 09:30', '+919812345678', '2026-11-23T04:00:00Z', '2026-11-23T04:30:00Z'],
    ['France on Saturday evening', FRANCE, '2026-11-28T19:00:00Z', '2026-11-30T07:00:00Z'],
    ['France on 11 November', FRANCE, '2026-11-11T09:00:00Z', '2026-11-12T07:00:00Z'],
    ['France on Easter Monday', FRANCE, '2026-04-06T09:00:00Z', '2026-04-07T06:00:00Z'],
    ['New York at 20:30', '+12125550143', '2026-11-24T01:30:00Z', undefined],
    ['Florida at 20:30', FLORIDA, '2026-11-24T01:30:00Z', '2026-11-24T13:00:00Z'],
    ['Texas on Sunday at 11:00', TEXAS, '2026-11-22T17:00:00Z', '2026-11-22T18:00:00Z'],
    ['Rhode Island on Saturday at 17:00', '+14015550143', '2026-11-21T22:00:00Z', '2026-11-23T14:00:00Z'],
    ['Alabama on Thanksgiving', '+12055550143', '2026-11-26T18:00:00Z', '2026-11-27T14:00:00Z'],
    ['South Africa on Saturday at 13:00', '+27821234567', '2026-11-21T11:00:00Z', '2026-11-23T06:00:00Z'],
    ['Germany, which has none, at 07:00', '+4915112345678', '2026-11-23T06:00:00Z', '2026-11-23T07:00:00Z'],
    // 8:00 in Los Angeles is 9:00 in Boise; 21:00 in Boise is 20:00 in Los Angeles.
    ['Idaho, which has two zones, in the morning', IDAHO, '2026-11-23T15:30:00Z', '2026-11-23T16:00:00Z'],
    ['Idaho, which has two zones, in the evening', IDAHO, '2026-11-24T04:00:00Z', '2026-11-24T16:00:00Z'],
  ])('%s', (_, destination, at, opensAt) => {
    const refusal = check(destination, at);
    if (opensAt === undefined) {
      expect(refusal).toBeUndefined();
      return;
    }
    const retryAfterMs = new Date(opensAt).getTime() - new Date(at).getTime();
    expect(refusal).toMatchObject({ reason: 'quiet-hours', retryAfterMs });
    expect(refusal?.message).toContain(`They end at ${new Date(opensAt).toISOString()}. Try again in`);
    expect(check(destination, opensAt)).toBeUndefined();
  });

  it('name the clock that is in quiet hours', () => {
    expect(check(IDAHO, '2026-11-23T15:30:00Z')?.message).toContain('It is 07:30 in America/Los_Angeles');
    expect(check(IDAHO, '2026-11-24T04:00:00Z')?.message).toContain('It is 21:00 in America/Boise');
  });

  it('are of places that exist, have a source, and stand in the documents', () => {
    const document = readFileSync(new URL('../../../../docs/quiet-hours.md', import.meta.url), 'utf8');
    expect(document).toContain(LEGAL_HOURS_CHECKED);
    for (const { place, source, rule } of LEGAL_HOURS) {
      expect(regionOf(place.slice(0, 2)), place).toBeDefined();
      expect(URL.canParse(source), place).toBe(true);
      expect(document).toContain(`| \`${place}\` |`);
      expect(document).toContain(source);
      expect(document).toContain(rule);
      expect(
        validate(quietHoursField, {
          hours: { [place]: LEGAL_HOURS.find((row) => row.place === place)?.hours },
        }),
      ).toBeUndefined();
    }
  });
});

describe('the options', () => {
  const night = '2026-11-23T18:00:00Z';

  it('choose the purposes', () => {
    expect(check(SINGAPORE, night, {}, { purpose: 'transactional' })).toBeUndefined();
    expect(check(SINGAPORE, night, { purposes: ['transactional'] })).toBeUndefined();
    expect(check(SINGAPORE, night, { purposes: ['otp'] }, { purpose: 'otp' })?.reason).toBe('quiet-hours');
  });

  it('replace the hours of a place, and switch them off', () => {
    const hours = { from: '00:00', to: '24:00' };
    expect(check(SINGAPORE, night, { hours: { SG: hours } })).toBeUndefined();
    expect(check(SINGAPORE, night, { hours: { SG: false } })).toBeUndefined();
    expect(check(SINGAPORE, night, { hours: { SG: undefined, default: false } })?.reason).toBe('quiet-hours');
    // The state's hours stay when the country's are gone, and the country's when the state's are.
    expect(check(FLORIDA, '2026-11-24T01:30:00Z', { hours: { US: false } })?.reason).toBe('quiet-hours');
    expect(check(FLORIDA, '2026-11-24T01:30:00Z', { hours: { 'US-FL': false } })).toBeUndefined();
    expect(check(FLORIDA, '2026-11-24T02:30:00Z', { hours: { 'US-FL': false } })?.reason).toBe('quiet-hours');
    expect(check('+4915112345678', night, { hours: { default: false } })).toBeUndefined();
  });

  it('take holidays and weekends', () => {
    const hours = {
      SG: {
        from: '09:00',
        to: '21:00',
        saturday: false,
        sunday: { from: '12:00', to: '13:00' },
        holidays: ['2026-11-23'],
      },
    } as const;
    const opensAt = (at: string) =>
      (check(SINGAPORE, at, { hours })?.retryAfterMs ?? 0) + new Date(at).getTime();
    expect(new Date(opensAt('2026-11-20T13:00:00Z')).toISOString()).toBe('2026-11-22T04:00:00.000Z');
    expect(new Date(opensAt('2026-11-22T05:00:00Z')).toISOString()).toBe('2026-11-24T01:00:00.000Z');
  });

  it('that never open are refused without a time', () => {
    const holidays = Array.from({ length: 60 }, (_, day) =>
      new Date(Date.UTC(2026, 10, 20) + day * DAY_MS).toISOString().slice(0, 10),
    );
    const refusal = check(SINGAPORE, night, { hours: { SG: { from: '09:00', to: '21:00', holidays } } });
    expect(refusal).not.toHaveProperty('retryAfterMs');
    expect(refusal?.message).toContain('They do not end within the next 31 days');
  });

  it.each<[object, string]>([
    [{ hours: { sg: false } }, 'hours.sg'],
    [{ hours: { XX: false } }, 'hours.XX'],
    [{ hours: { 'US-XX': false } }, 'hours.US-XX'],
    [{ hours: { SG: true } }, 'hours.SG'],
    [{ hours: { SG: {} } }, 'hours.SG.from'],
    [{ hours: { SG: { from: '8:00', to: '20:00' } } }, 'hours.SG.from'],
    [{ hours: { SG: { from: '24:00', to: '24:00' } } }, 'hours.SG'],
    [{ hours: { SG: { from: '22:00', to: '06:00' } } }, 'hours.SG'],
    [
      { hours: { SG: { from: '08:00', to: '20:00', sunday: { from: '12:00', to: '11:00' } } } },
      'hours.SG.sunday',
    ],
    [{ hours: { SG: { from: '08:00', to: '20:00', holidays: ['Christmas'] } } }, 'hours.SG.holidays[0]'],
    [{ hours: { SG: { from: '08:00', to: '20:00', monday: false } } }, 'hours.SG.monday'],
    [{ purposes: [] }, 'purposes'],
    [{ action: 'ask' }, 'action'],
    [{ mode: 'off' }, 'mode'],
  ])('%j are refused', (options, path) => {
    expect(validate(quietHoursField, options)?.path).toBe(path);
  });
});

describe('a number', () => {
  it('with an unknown place is refused, unless no hours apply to it', () => {
    const { phone } = messageOf({ destination: '+881612345678' });
    const message = { ...messageOf({ purpose: 'marketing' }), phone };
    const now = Date.UTC(2026, 10, 23, 12);
    expect(createQuietHoursGuard({}).check?.(message, now)?.reason).toBe('unknown-time-zone');
    expect(createQuietHoursGuard({ hours: { default: false } }).check?.(message, now)).toBeUndefined();
  });

  it.each(['opt-out-confirmation', 'opt-in-reply', 'help-reply'] as const)(
    'gets its %s at night too',
    (kind) => {
      const exemption = { kind, key: 1, windowMs: 1_000 };
      const message = { ...messageOf({ purpose: 'marketing' }), exemption };
      expect(createQuietHoursGuard({}).check?.(message, Date.UTC(2026, 10, 23, 18))).toBeUndefined();
      const request = { ...message, exemption: { ...exemption, kind: 'opt-in-request' as const } };
      expect(createQuietHoursGuard({}).check?.(request, Date.UTC(2026, 10, 23, 18))?.reason).toBe(
        'quiet-hours',
      );
    },
  );
});

describe('a message that may be scheduled', () => {
  const schedule = { action: 'schedule' } as const;
  const night = Date.UTC(2026, 10, 23, 18);
  const morning = Date.UTC(2026, 10, 24, 1);

  it('goes out when the hours end', () => {
    expect(check(SINGAPORE, night, schedule)).toMatchObject({
      postponeTo: morning,
      retryAfterMs: 7 * HOUR_MS,
    });
  });

  it('goes out a minute later when they end in a moment', () => {
    expect(check(SINGAPORE, morning - 1_000, schedule)).toMatchObject({ postponeTo: morning + 59_000 });
  });

  it('moves a schedule of its own that is in quiet hours, and no other', () => {
    const scheduled = new Date(night);
    expect(check(SINGAPORE, night - DAY_MS, schedule, { scheduled })).toMatchObject({ postponeTo: morning });
    expect(check(SINGAPORE, night - DAY_MS, {}, { scheduled })).not.toHaveProperty('retryAfterMs');
    expect(check(SINGAPORE, night - DAY_MS, {}, { scheduled })?.message).toContain(
      '`scheduled` is 02:00 in Asia/Singapore',
    );
    expect(check(SINGAPORE, night, {}, { scheduled: new Date(morning) })).toBeUndefined();
  });

  it('is refused when it would expire, or 8x8 does not schedule so far ahead', () => {
    const postponeTo = (more: object, options: QuietHoursGuardOptions = schedule) =>
      check(SINGAPORE, night, options, more)?.postponeTo;
    expect(postponeTo({ expiry: new Date(morning) })).toBeUndefined();
    expect(postponeTo({ expiry: new Date(morning + 1) })).toBe(morning);
    const holidays = Array.from({ length: 7 }, (_, day) => `2026-11-${24 + day}`).slice(0, 7);
    const hours = { from: '09:00', to: '21:00' };
    expect(postponeTo({}, { ...schedule, hours: { SG: { ...hours, holidays } } })).toBeUndefined();
    expect(postponeTo({}, { ...schedule, hours: { SG: { ...hours, holidays: holidays.slice(1) } } })).toBe(
      morning,
    );
  });

  it('is no one-time password, no verification, and has a text', () => {
    const options = { ...schedule, purposes: ['otp', 'marketing'] } as const;
    expect(check(SINGAPORE, night, options, { purpose: 'otp' })?.postponeTo).toBeUndefined();
    const guard = createQuietHoursGuard(options);
    const message = messageOf({ purpose: 'marketing' });
    expect(guard.check?.({ ...message, channel: 'sms' }, night)?.postponeTo).toBeUndefined();
    expect(guard.check?.({ ...message, content: undefined }, night)).toMatchObject({ reason: 'quiet-hours' });
  });
});

describe('over a change of the clocks', () => {
  /** Numbers with unusual clocks: half hours, half an hour of summer time, changes at midnight, Ramadan, several zones. */
  const NUMBERS = [
    '+61412345678',
    '+64211234567',
    '+17095550143',
    '+212612345678',
    '+56961234567',
    '+2012345678901',
    IDAHO,
    FRANCE,
    '+9779812345678',
    '+5511961234567',
    '+989123456789',
  ];
  /** Days of changes in 2026 and around, and any other. */
  const at = fc.oneof(
    fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2028, 0) }),
    fc
      .tuple(
        fc.constantFrom(
          '2026-03-08',
          '2026-11-01',
          '2026-03-29',
          '2026-10-25',
          '2026-04-05',
          '2026-10-04',
          '2026-09-27',
          '2026-04-24',
          '2026-10-30',
          '2026-02-15',
          '2026-03-22',
          '2026-09-06',
        ),
        fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }),
      )
      .map(([day, offset]) => Date.parse(day) + offset),
  );
  const minuteOfDay = fc.integer({ min: 0, max: 1_440 });
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  const span = fc
    .tuple(minuteOfDay, minuteOfDay)
    .filter(([from, to]) => from !== to)
    .map(([one, other]) => ({ from: clock(Math.min(one, other)), to: clock(Math.max(one, other)) }));

  /** The time that a clock on the wall shows, by another way than the guard's. */
  const formats = new Map<string, Intl.DateTimeFormat>();
  function shows(zone: string, time: number): { readonly clock: string; readonly weekday: string } {
    let format = formats.get(zone);
    if (format === undefined) {
      format = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        weekday: 'short',
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      });
      formats.set(zone, format);
    }
    const [weekday = '', clock = ''] = format.format(time).split(/,? /);
    return { weekday, clock };
  }
  function isOpen(zones: readonly string[], { from, to, sunday }: SendingHours, time: number): boolean {
    return zones.every((zone) => {
      const { clock, weekday } = shows(zone, time);
      if (weekday === 'Sun' && sunday === false) return false;
      return clock >= from && clock < to;
    });
  }

  it('a message is admitted exactly when every clock is within the hours, and the wait is the shortest', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NUMBERS),
        at,
        span,
        fc.constantFrom(undefined, false),
        (destination, now, hours, sunday) => {
          const own = { ...hours, ...(sunday === false && { sunday }) } as SendingHours;
          const message = messageOf({ destination, purpose: 'marketing' });
          const { zones, areas } = placesOf(message.phone);
          const options = { hours: Object.fromEntries([...areas.map((area) => [area, own] as const)]) };
          const guard = createQuietHoursGuard(options);
          const refusal = guard.check?.(message, now);
          expect(refusal === undefined).toBe(isOpen(zones, own, now));
          if (refusal?.retryAfterMs === undefined) return;
          const opensAt = now + refusal.retryAfterMs;
          expect(isOpen(zones, own, opensAt)).toBe(true);
          expect(guard.check?.(message, opensAt)).toBeUndefined();
          // No minute before is open: hours and clocks change at full minutes only.
          const firstMinute = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
          const step = refusal.retryAfterMs > 2 * DAY_MS ? 7 * MINUTE_MS : MINUTE_MS;
          for (let time = firstMinute; time < opensAt; time += step) {
            if (isOpen(zones, own, time))
              expect.fail(`${destination} ${new Date(time).toISOString()} ${JSON.stringify(own)}`);
          }
          expect(isOpen(zones, own, opensAt - 1)).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  it('an answer that is remembered is the one that a new guard gives', () => {
    const guard = createQuietHoursGuard({});
    const message = messageOf({ destination: FLORIDA, purpose: 'marketing' });
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2026, 10, 20), max: Date.UTC(2026, 10, 24) }), (now) => {
        expect(guard.check?.(message, now)).toEqual(createQuietHoursGuard({}).check?.(message, now));
      }),
    );
  });
});

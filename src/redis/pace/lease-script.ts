import { HORIZON_MS, SLOT_MS } from './spacing.ts';

/** While permits are given out no further ahead than this, nobody waits to speak of; ours. */
const NEAR_MS = 20;

/** Microseconds; a constant of the text, so that a server compiles it once. */
const micros = (ms: number) => `${ms * 1000}`;

/**
 * Gives out permits of one sub-account, by the server's time in microseconds.
 *
 * `KEYS[1]`: from when permits are free, until when 8x8 asked for a pause, until when spaces are wide, and the time of the
 * last call. `KEYS[2]`: the processes that asked within the last second.
 *
 * `ARGV`: 1 the time by the clock of a test, or empty; 2 the name of the process; 3 how many callers wait, 4 how many
 * more are expected; 5 microseconds from permit to permit, 6 the same when spaces are wide; 7 not empty: the permits are to
 * last long, and 8 how long spaces stay wide after the last of them; 9 permits that this process took without the server;
 * 10 milliseconds of a pause that begins now.
 *
 * The answer: the time, the first permit, the space between permits, their count, and what is left of the pause.
 */
export const LEASE = `
local KEYS, ARGV, call = KEYS, ARGV, redis.call
local max, min, floor, format = math.max, math.min, math.floor, string.format
local now, spare = tonumber(ARGV[1]), 3600000
if not now then
  local time = call('TIME')
  now, spare = time[1] * 1000000 + time[2], 1000
end
local waiting, is_slow = ARGV[3] + 0, ARGV[7] ~= ''

local free, paused, wide = 0, 0, 0
local text = call('GET', KEYS[1])
if text then
  local last
  free, paused, wide, last = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
  -- A clock that was set back, or that of another server: nobody shall wait for it to come this far again.
  local back = max(0, last - now)
  free, paused, wide = free - back, paused - back, wide - back
end
if ARGV[10] + 0 > 0 then paused = max(paused, now + ARGV[10] * 1000) end

local first = max(free, now)
local space = (is_slow or first < wide) and ARGV[6] + 0 or ARGV[5] + 0
if ARGV[9] + 0 > 0 then
  first = first + ARGV[9] * space
  free = first
end
local count = 0
if waiting > 0 then
  local second = format('%.0f', now / 1000)
  call('ZREMRANGEBYSCORE', KEYS[2], '-inf', second - 1000)
  call('ZREMRANGEBYSCORE', KEYS[2], '(' .. second, '+inf')
  call('ZADD', KEYS[2], second, ARGV[2])
  call('PEXPIRE', KEYS[2], 1000 + spare)
  if paused <= now and first - now <= ${micros(HORIZON_MS)} then
    if first - now <= ${micros(NEAR_MS)} then waiting = waiting + ARGV[4] end
    count = min(waiting, max(1, floor(${micros(SLOT_MS)} / space / call('ZCARD', KEYS[2]))))
    free = first + count * space
    if is_slow then wide = max(wide, free + ARGV[8]) end
  end
end
local live = max(free, paused, wide, now) - now
call('SET', KEYS[1], format('%.0f %.0f %.0f %.0f', max(0, free), max(0, paused), max(0, wide), now), 'PX',
  format('%.0f', live / 1000 + spare))
return format('%.0f %.0f %.0f %d %.0f', now, first, space, count, max(0, paused - now))
`;

-- Grants permits of one sub-account. All times are microseconds of the server.
--
-- KEYS[1]    lane: when permits are free, when the pause that 8x8 asked for ends, until when permits are spaced
--            widely, the time of the last call, when one request may probe the pause, and the time from this probe to
--            the next one
-- KEYS[2]    processes that asked within the last second, by time
--
-- ARGV[1]    time of a test clock, or empty
-- ARGV[2]    name of the process
-- ARGV[3]    number of waiting callers
-- ARGV[4]    number of callers expected in addition
-- ARGV[5]    spacing of permits
-- ARGV[6]    wide spacing
-- ARGV[7]    not empty when the process needs permits that last long
-- ARGV[8]    how long the wide spacing applies after the last such permit
-- ARGV[9]    permits that the process used without the server
-- ARGV[10]   milliseconds of a pause that begins now, 0, or -1 when a probe got through and the pause is over
--
-- Reply: time, first permit, spacing, number of permits, the remainder of the pause, and the time until its next probe.
--
-- The first probe comes after 60 s, and the time between two doubles up to 15 minutes, as in transport/pause-gate.ts.
-- The horizon (2 s) and the span of a lease (100 ms) equal HORIZON_MS and SLOT_MS of pace/spacing.ts. A lane whose next
-- permit is due within 20 ms has no queue to speak of; our number.

local KEYS, ARGV, call = KEYS, ARGV, redis.call
local max, min, floor, format = math.max, math.min, math.floor, string.format
local now, spare = tonumber(ARGV[1]), 3600000
if not now then
  local time = call('TIME')
  now, spare = time[1] * 1000000 + time[2], 1000
end
local waiting, is_slow = ARGV[3] + 0, ARGV[7] ~= ''

local free, paused, wide, probe, between = 0, 0, 0, 0, 60000000
local text = call('GET', KEYS[1])
if text then
  local last
  free, paused, wide, last, probe, between = string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  -- The clock was set back, or another server answers: nobody waits until it reaches the old time again.
  local back = max(0, last - now)
  free, paused, wide, probe, between = free - back, paused - back, wide - back, probe - back, between + 0
end
if ARGV[10] + 0 > 0 then
  if paused <= now then probe, between = 0, 60000000 end
  paused = max(paused, now + ARGV[10] * 1000)
  probe = min(paused, max(probe, now + between))
elseif ARGV[10] + 0 < 0 then
  paused = 0
end

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
  local is_probe = paused > now and probe <= now
  if is_probe then
    waiting, between = 1, min(between * 2, 900000000)
    probe = min(paused, now + between)
  end
  if (paused <= now or is_probe) and first - now <= 2000000 then
    if first - now <= 20000 and not is_probe then waiting = waiting + ARGV[4] end
    count = min(waiting, max(1, floor(100000 / space / call('ZCARD', KEYS[2]))))
    free = first + count * space
    if is_slow then wide = max(wide, free + ARGV[8]) end
  end
end
local live = max(free, paused, wide, now) - now
local state = format('%.0f %.0f %.0f %.0f %.0f %.0f', max(0, free), max(0, paused), max(0, wide), now, max(0, probe),
  between)
call('SET', KEYS[1], state, 'PX', format('%.0f', live / 1000 + spare))
local rest = max(0, paused - now)
return format('%.0f %.0f %.0f %d %.0f %.0f', now, first, space, count, rest, max(0, min(rest, probe - now)))

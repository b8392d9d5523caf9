-- The cases of nearly every code: somebody who is known, and a stranger whom nothing is held against anywhere. Both change
-- what doubt.lua would change. Returns the hold of the take; nothing for any other case, which is then for doubt.lua.

-- A cell with its first code, and the minute: the same for all places.
local first_cell, this_minute

-- Returns a cell with one more code, the place of the next cell, and the doubt; nothing when it is not calm.
local function calm_cell(value, at, forgotten, budget, grace)
  if not value or byte(value, at) == 0 then return first_cell, at + 1, 1 end
  local flags, doubt, time, counted, young, earlier, following = read(CELL, value, at)
  if flags > 3 then return end
  local ended = ''
  if flags == 3 then
    if now - read('>d', value, following) < P.AFTER_ALERT_MS then return end
    ended, following = sub(value, following, following + 7), following + 8
  end
  doubt = doubt - forgotten * (now - time) / P.DAY_MS
  if doubt < 0 then doubt = 0 end
  local fresh = 0
  if counted == this_minute then
    fresh = young + earlier
  else
    if counted == this_minute - 1 then fresh, earlier = young, young else earlier = 0 end
    young = 0
  end
  -- A crowd has no grace: all its codes count at once.
  if grace and (doubt - fresh >= P.CALM_PART * budget or doubt >= budget + grace) then return end
  if not grace and doubt >= budget or young >= 65535 then return end
  return pack(CELL, flags, doubt + 1, now, this_minute, young + 1, earlier) .. ended, following, doubt + 1
end

-- The life of statistics as a text, which Redis takes in a quarter of the time of a number.
local REMEMBERED = spare == 1000 and '34560001000' or REMEMBERED_MS + spare

local function fast_doubt(at, allowance, flags)
  local asks, human, returning, has_address, has_subject = byte(flags, 1, 5)
  local world_at, country_at, person_at = alias[at + 1] or at + 1, alias[at + 2] or at + 2, alias[at] or at
  local world, country = values[world_at], values[country_at]
  if human == 104 or returning == 107 or not world or not country then return end
  local asked, entered, ever, today, per_day, known_asked, known_entered, last, day, first_week, warned, fresh_day,
    fresh, trusted, sent, _, sieges, rest = read(WORLD, world)
  local today_is = now / P.DAY_MS
  today_is = today_is - today_is % 1
  if trusted > now or ever < P.COLD_ENTERED or first_week == 0 then return end
  if (now - last) / P.DAY_MS * (per_day == 0 and today or per_day) > P.MISSING_ENTERED then return end
  if warned ~= today_is and known_asked >= P.ACQUAINTANCE_ASKED
    and known_entered / known_asked < P.ACQUAINTANCE_CONVERSION then return end
  if asked + 1 >= P.EVERYBODY_MOST or known_asked + 1 >= P.KNOWN_MOST then return end
  local c_entered, learnt, learnt_entered, c_day, c_today, yesterday, slot, soon, sooner, crowd, fullest, f_minute,
    conversion, f_per_day, f_soon, f_fullest, weeks, week_at = read(COUNTRY, country)
  this_minute = now / P.MINUTE_MS
  this_minute = this_minute - this_minute % 1
  if f_minute ~= this_minute or weeks == 0 or c_entered < P.POOL_ENTERED then return end

  local person = values[person_at]
  if person then
    local sections, first, latest = read('>BI4I4', person)
    if sections ~= 4 or f_minute - latest >= P.ACQUAINTED_MS / P.MINUTE_MS
      or f_minute - first < P.ACQUAINTED_AFTER_MS / P.MINUTE_MS then return end
    local known_world = pack(WORLD, asked, entered, ever, today, per_day, known_asked + 1, known_entered, last, day,
      first_week, warned, fresh_day, fresh, trusted, sent, asks, sieges) .. sub(world, rest)
    values[world_at], lives[world_at] = known_world, REMEMBERED
    local open = pack('>BI6I2BBBI2', 5, now, 1, 0, 0, 8, 0)
    local live = latest * P.MINUTE_MS + P.ACQUAINTED_MS - now
    if live < P.OPEN_MS then live = P.OPEN_MS end
    values[person_at], lives[person_at] = open .. sub(person, 2), live - live % 1 + 1 + spare
    return ';h 0.0.fk'
  end

  local range_at, block_at, address_at = alias[at + 3] or at + 3, alias[at + 4] or at + 4, alias[at + 5] or at + 5
  local subject_at = has_address == 105 and at + 6 or at + 5
  if has_subject == 115 and values[alias[subject_at] or subject_at] then return end
  for at_siege = rest, rest + 14 * sieges - 1, 14 do
    if now - read('>I6', world, at_siege) < P.SIEGE_MS + P.MINUTE_MS then return end
  end
  week_at = week_at + 12 * (weeks - 1)
  local week, week_asked = read('>I4I4', country, week_at)
  local this_week = now / (7 * P.DAY_MS)
  if week ~= this_week - this_week % 1 then return end
  if fresh_day ~= today_is then fresh_day, fresh = today_is, 0 end
  if fresh + 5 >= MOST_NEW_CELLS then return end

  local range, block = values[range_at], values[block_at]
  first_cell = pack(CELL, 1, 1, now, this_minute, 1, 0)
  local root = f_per_day ^ 0.5
  local c_cell, c_next = calm_cell(country, week_at + 12, P.POLICIES.ask.forgottenPerDay[0],
    allowance + 1.5 * root + 0.01 * f_per_day, 10 + f_soon)
  if not c_cell then return end
  local r_cell, r_next, r_doubt = calm_cell(range, 1, P.POLICIES.ask.forgottenPerDay[1],
    8 + 0.1 * root, 5 + 0.3 * f_soon)
  -- People who passed a test have cells behind.
  if not r_cell or range and byte(range, r_next) ~= 0 then return end
  local b_budget, x_budget = 0.6 * f_fullest, 3 * f_fullest
  local b_cell, b_next, b_doubt = calm_cell(block, 1, P.POLICIES.ask.forgottenPerDay[2],
    b_budget > 5 and b_budget or 5, 3)
  if not b_cell or block and byte(block, b_next) ~= 0 then return end
  local x_cell, x_next, x_doubt = calm_cell(block, b_next + 1, P.POLICIES.ask.forgottenPerDay[3],
    x_budget > 8 and x_budget or 8)
  if not x_cell or block and byte(block, x_next) ~= 0 then return end
  local counted, name = 47, ''
  if has_address == 105 then
    local address = values[address_at]
    local a_minute, a_entered = 0, 0
    if address then a_minute, a_entered = read('>I4I4', address) end
    if f_minute - a_minute >= P.EVIDENCE_MS / P.MINUTE_MS then a_entered = 0 end
    local a_cell, a_next, a_doubt = calm_cell(address, 9, P.POLICIES.ask.forgottenPerDay[4], 8 + a_entered ^ 0.5, 6)
    if not a_cell or address and byte(address, a_next) ~= 0 then return end
    if a_next == 10 then fresh = fresh + 1 end
    local live = a_doubt / P.POLICIES.ask.forgottenPerDay[4] * P.DAY_MS
    local evidence = a_minute * P.MINUTE_MS + P.EVIDENCE_MS - now
    if a_entered > 0 and evidence > live then live = evidence end
    values[address_at] = pack('>I4I4', a_minute, a_entered) .. a_cell .. '\0'
    lives[address_at] = live - live % 1 + 1 + spare
    counted, name = 63, sub(KEYS[address_at], string.find(KEYS[address_at], '}:', 1, true) + 4)
  end
  fresh = fresh + 1 + (r_next == 2 and 1 or 0) + (b_next == 2 and 1 or 0) + (x_next == b_next + 2 and 1 or 0)
  values[world_at] = pack(WORLD, asked + 1, entered, ever, today, per_day, known_asked, known_entered, last, day,
    first_week, warned, fresh_day, fresh, trusted, sent + 1, asks, sieges) .. sub(world, rest)
  values[country_at] = pack(COUNTRY, c_entered, learnt + 1, learnt_entered, c_day, c_today, yesterday, slot, soon,
    sooner, x_doubt > crowd and x_doubt or crowd, fullest, f_minute, conversion, f_per_day, f_soon, f_fullest, weeks)
    .. sub(country, 86, week_at + 3) .. pack('>I4', week_asked + 1) .. sub(country, week_at + 8, week_at + 11)
    .. c_cell .. sub(country, c_next)
  lives[world_at], lives[country_at] = REMEMBERED, REMEMBERED
  local r_live = r_doubt / P.POLICIES.ask.forgottenPerDay[1] * P.DAY_MS
  values[range_at], lives[range_at] = r_cell .. '\0', r_live - r_live % 1 + 1 + spare
  local b_live, x_live = b_doubt / P.POLICIES.ask.forgottenPerDay[2], x_doubt / P.POLICIES.ask.forgottenPerDay[3]
  b_live = (b_live > x_live and b_live or x_live) * P.DAY_MS
  values[block_at], lives[block_at] = b_cell .. '\0' .. x_cell .. '\0', b_live - b_live % 1 + 1 + spare
  values[person_at] = pack('>BI6I2BBBI2', 1, now, 1, counted, 0, 6, #name) .. name .. first_cell .. '\0'
  local live = P.DAY_MS / P.POLICIES.ask.forgottenPerDay[5]
  lives[person_at] = live - live % 1 + 1 + spare
  return counted == 63 and ';h 63.0.fs' or ';h 47.0.fs'
end

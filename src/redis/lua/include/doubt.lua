-- `doubt`: the judgement of src/limits/doubt, with the same arithmetic. `P.NAME` is a constant of its parameters.ts, which
-- ci/embed-lua.mjs puts in.
--
-- Keys of a rule: its number, the world, the country, the range, the block, the address and the subject, where there are some;
-- then the trusted places (a hash) and the places in alert (a sorted set by the time of the beginning), which no MGET reads.
-- Number, address and subject are hashed, so they have a second key while a secret is changed.
--
-- Operation `p`: allowance; flags and country, see `read_rule`; digits of the block; names of the number without its last
-- digits; then these names under the previous secret.
--
-- A value ends with cells, first those of people who passed no test, then those of people who did; a block is followed by
-- its crowd. A cell without doubt is one byte. Sets of places are bits; times are milliseconds, and 0 is never.

local find = string.find
local minute, day = floor(now / P.MINUTE_MS), floor(now / P.DAY_MS)
-- Doubt that a day takes back, by place.
local per_day = P.POLICIES.ask.forgottenPerDay
-- Decoded values by the place of their key, and those to be written.
local holders, dirty = {}, {}
local function touch(holder)
  if holder.is_dirty then return end
  holder.is_dirty, dirty[#dirty + 1] = true, holder
end

local function new_cell()
  return {
    doubt = 0, at = 0, minute = 0, young = 0, earlier = 0, ended = 0,
    is_alert = false, since = 0, budget = 0, pause = 0, next = 0, score = 0,
  }
end

local function read_cells(holder, value, at)
  for index = 1, holder.cells do
    local flags = byte(value, at)
    at = at + 1
    if flags > 0 then
      local cell, _ = new_cell(), nil
      _, cell.doubt, cell.at, cell.minute, cell.young, cell.earlier, at = read(CELL, value, at - 1)
      if flags % 4 >= 2 then cell.ended, at = read('>d', value, at) end
      if flags >= 4 then
        cell.is_alert = true
        cell.since, cell.budget, cell.pause, cell.next, cell.score, at = read('>I6dddd', value, at)
      end
      holder[index] = cell
    end
  end
end

-- Returns the cells, and when nothing of them matters any more: 0 when there are none.
local function pack_cells(holder)
  local text, last = '', 0
  for index = 1, holder.cells do
    local cell, ends, flags, more = holder[index], 0, 1, ''
    if cell then
      local empty = cell.at + cell.doubt / per_day[index > 2 and P.CROWD or holder.place] * P.DAY_MS
      ends = cell.is_alert and empty + P.AFTER_ALERT_MS or max(empty, cell.ended + P.AFTER_ALERT_MS)
      -- Codes of this minute and the last are old ones later.
      if cell.young + cell.earlier > 0 then ends = max(ends, (cell.minute + 2) * P.MINUTE_MS) end
    end
    if ends > now then
      if cell.ended > 0 then flags, more = 3, pack('>d', cell.ended) end
      if cell.is_alert then
        flags = flags + 4
        more = more .. pack('>I6dddd', cell.since, cell.budget, cell.pause, cell.next, cell.score)
      end
      local young, earlier = min(65535, cell.young), min(65535, cell.earlier)
      text = text .. pack(CELL, flags, cell.doubt, cell.at, cell.minute, young, earlier) .. more
      last = max(last, ends)
    else
      text = text .. '\0'
    end
  end
  return text, last
end

-- The world: strangers of all countries.
local function read_world(value)
  local w = { cells = 2, place = P.POOL, sieges = {} }
  if not value then
    w.asked, w.entered, w.ever, w.today, w.per_day, w.known_asked, w.known_entered = 0, 0, 0, 0, 0, 0, 0
    w.last, w.day, w.first_week, w.warned_day, w.fresh_day, w.fresh = 0, 0, 0, 0, 0, 0
    w.trusted, w.sent, w.action = 0, 0, 97
    return w
  end
  local sieges, at
  w.asked, w.entered, w.ever, w.today, w.per_day, w.known_asked, w.known_entered, w.last, w.day, w.first_week,
    w.warned_day, w.fresh_day, w.fresh, w.trusted, w.sent, w.action, sieges, at = read(WORLD, value)
  for index = 1, 2 * sieges, 2 do
    w.sieges[index], w.sieges[index + 1], at = read('>I6d', value, at)
  end
  read_cells(w, value, at)
  return w
end

local function pack_world(w)
  local text = pack(WORLD, w.asked, w.entered, w.ever, w.today, w.per_day, w.known_asked, w.known_entered, w.last,
    w.day, w.first_week, w.warned_day, w.fresh_day, w.fresh, w.trusted, w.sent, w.action, #w.sieges / 2)
  for index = 1, #w.sieges, 2 do text = text .. pack('>I6d', w.sieges[index], w.sieges[index + 1]) end
  return text .. pack_cells(w), now + REMEMBERED_MS
end

-- The strangers of a country, with the figures of the first look in a minute.
local function read_country(value)
  local c = { cells = 2, place = P.COUNTRY, weeks = {}, figures = {} }
  local f = c.figures
  if not value then
    c.entered, c.learnt, c.learnt_entered, c.day, c.today, c.yesterday = 0, 0, 0, 0, 0, 0
    c.slot, c.soon, c.sooner, c.crowd, c.fullest = 0, 0, 0, 0, -1
    f.minute, f.conversion, f.per_day, f.soon, f.fullest = 0, 0.7, 0, 0, 0
    return c
  end
  local weeks, at
  c.entered, c.learnt, c.learnt_entered, c.day, c.today, c.yesterday, c.slot, c.soon, c.sooner, c.crowd,
    c.fullest, f.minute, f.conversion, f.per_day, f.soon, f.fullest, weeks, at = read(COUNTRY, value)
  for index = 1, weeks do
    local one = {}
    one.week, one.asked, one.entered, at = read(WEEK, value, at)
    c.weeks[index] = one
  end
  read_cells(c, value, at)
  return c
end

local function pack_country(c)
  local f = c.figures
  local text = pack(COUNTRY, c.entered, c.learnt, c.learnt_entered, c.day, c.today, c.yesterday, c.slot, c.soon,
    c.sooner, c.crowd, c.fullest, f.minute, f.conversion, f.per_day, f.soon, f.fullest, #c.weeks)
  for index = 1, #c.weeks do
    local one = c.weeks[index]
    text = text .. pack(WEEK, one.week, one.asked, one.entered)
  end
  return text .. pack_cells(c), now + REMEMBERED_MS
end

-- A range, or a block with its crowd.
local function read_range(value)
  local holder = { cells = 2, place = P.RANGE }
  if value then read_cells(holder, value, 1) end
  return holder
end

local function read_block(value)
  local holder = { cells = 4, place = P.BLOCK }
  if value then read_cells(holder, value, 1) end
  return holder
end

-- An address: strangers that entered codes from there, and the minute of the last.
local function read_address(value)
  local a = { cells = 2, place = P.ADDRESS, minute = 0, entered = 0 }
  if not value then return a end
  a.minute, a.entered = read('>I4I4', value)
  read_cells(a, value, 9)
  if minute - a.minute >= P.EVIDENCE_MS / P.MINUTE_MS then a.entered = 0 end
  return a
end

local function pack_address(a)
  local text, ends = pack_cells(a)
  if a.entered > 0 then ends = max(ends, a.minute * P.MINUTE_MS + P.EVIDENCE_MS) end
  return pack('>I4I4', a.minute, a.entered) .. text, ends
end

-- A subject: first and last code entered, in minutes; and how often it vouched for new numbers on a day.
local function read_subject(value)
  local s = { first = 0, last = 0, day = 0, vouched = 0 }
  if value then s.first, s.last, s.day, s.vouched = read('>I4I4I4B', value) end
  return s
end

local function pack_subject(s)
  local ends = s.last * P.MINUTE_MS + P.ACQUAINTED_MS
  return pack('>I4I4I4B', s.first, s.last, s.day, s.vouched), s.last > 0 and ends or 0
end

local function is_live(acquaintance)
  return acquaintance.last > 0 and minute - acquaintance.last < P.ACQUAINTED_MS / P.MINUTE_MS
end

-- A number: the codes that went to it within the hour, what it was asked for, and when it entered codes.
local function forget_codes(p)
  p.sent, p.codes, p.counted, p.trickle, p.address = 0, 0, 0, 0, ''
  p.is_human, p.is_calm, p.is_learnt, p.is_known, p.is_entered, p.is_accused = false, false, false, false, false, false
end

local function read_text(value, at)
  local length
  length, at = read('>I2', value, at)
  return sub(value, at, at + length - 1), at + length
end

local function read_person(value)
  local p = { cells = 2, place = P.NUMBER, asked_at = 0, asked = 0, asked_address = '', first = 0, last = 0, other = '' }
  forget_codes(p)
  if not value then return p end
  local sections, at = byte(value), 2
  if sections % 2 == 1 then
    local flags
    p.sent, p.codes, p.counted, p.trickle, flags, at = read('>I6I2BBB', value, at)
    p.address, at = read_text(value, at)
    if now - p.sent < P.OPEN_MS then
      p.is_human, p.is_calm, p.is_learnt = flags % 2 >= 1, flags % 4 >= 2, flags % 8 >= 4
      p.is_known, p.is_entered, p.is_accused = flags % 16 >= 8, flags % 32 >= 16, flags % 64 >= 32
    else
      forget_codes(p)
    end
  end
  if sections % 4 >= 2 then
    p.asked_at, p.asked, at = read('>I6B', value, at)
    p.asked_address, at = read_text(value, at)
    if now - p.asked_at >= P.OPEN_MS then p.asked_at, p.asked, p.asked_address = 0, 0, '' end
  end
  if sections >= 4 then
    p.first, p.last, at = read('>I4I4', value, at)
    p.other, at = read_text(value, at)
  end
  read_cells(p, value, at)
  return p
end

local function pack_person(p)
  local cells, ends = pack_cells(p)
  local sections, text = 0, ''
  if p.sent > 0 then
    local flags = (p.is_human and 1 or 0) + (p.is_calm and 2 or 0) + (p.is_learnt and 4 or 0)
      + (p.is_known and 8 or 0) + (p.is_entered and 16 or 0) + (p.is_accused and 32 or 0)
    sections, ends = 1, max(ends, p.sent + P.OPEN_MS)
    text = pack('>I6I2BBBI2', p.sent, min(65535, p.codes), p.counted, p.trickle, flags, #p.address) .. p.address
  end
  if p.asked > 0 then
    sections, ends = sections + 2, max(ends, p.asked_at + P.OPEN_MS)
    text = text .. pack('>I6BI2', p.asked_at, p.asked, #p.asked_address) .. p.asked_address
  end
  if is_live(p) then
    sections, ends = sections + 4, max(ends, p.last * P.MINUTE_MS + P.ACQUAINTED_MS)
    text = text .. pack('>I4I4I2', p.first, p.last, #p.other) .. p.other
  end
  return pack('>B', sections) .. text .. cells, ends
end

-- One of two values under two secrets: every write goes to one name and deletes the other.
local function newer(value)
  return value
end

-- The decoded value of a key. Hashed keys have a second name while a secret is changed.
local function holder_of(at, decode, encode, is_hashed)
  at = alias[at] or at
  local holder = holders[at]
  if not holder then
    local value = values[at]
    if is_hashed then value = load(at, newer) end
    holder = decode(value)
    holder.key, holder.encode, holder.is_new = at, encode, not value
    holders[at] = holder
  end
  return holder
end

-- The part of a key after the kind of its place: a name, or the digits or letters of a place.
local function name_of(at)
  return sub(KEYS[at], find(KEYS[at], '}:', 1, true) + 4)
end

-- The names of a hashed key under both secrets, in one order.
local function names_of(at)
  local name = name_of(at)
  if per_rule == 1 then return name end
  local other = name_of(at + 1)
  return name < other and name .. ' ' .. other or other .. ' ' .. name
end

local function doubt_of(cell, place)
  return max(0, cell.doubt - per_day[place] * (now - cell.at) / P.DAY_MS)
end

-- @section figures
local sqrt = math.sqrt
local week = floor(now / (7 * P.DAY_MS))
-- The request: its rule, and what is known about it.
local rule, world, country, person = {}, nil, nil, nil
local figures

-- Flags: `a` asks, `r` refuses; `h` for who passed a test; `k` for who is said to be known; `i` and `s` where an address and
-- a subject are given. The country is behind them.
local function read_rule(at, args)
  local flags = ARGV[args + 2]
  rule.at, rule.args, rule.first = at, args, at + per_rule
  rule.is_asking, rule.is_human, rule.is_returning = byte(flags) == 97, byte(flags, 2) == 104, byte(flags, 3) == 107
  rule.human = rule.is_human and 2 or 1
  local nth = rule.first + 4
  rule.address, rule.subject = nil, nil
  if byte(flags, 4) == 105 then rule.address, nth = nth, nth + per_rule end
  if byte(flags, 5) == 115 then rule.subject, nth = nth, nth + per_rule end
  rule.trusted = nth
  rule.digits = ARGV[args + 3]
  per_day[P.POOL] = rule.is_asking and P.POLICIES.ask.forgottenPerDay[6] or P.POLICIES.refuse.forgottenPerDay[6]
end

local function address_at(at)
  return holder_of(at, read_address, pack_address, true)
end

local function subject_at(at)
  return holder_of(at, read_subject, pack_subject, true)
end

local range, block, address

-- Loads what each request needs, and the figures of its country.
local function aim(at_address)
  local first = rule.first
  world = holder_of(first, read_world, pack_world)
  country = holder_of(first + 1, read_country, pack_country)
  range = holder_of(first + 2, read_range, pack_cells)
  block = holder_of(first + 3, read_block, pack_cells)
  person = holder_of(rule.at, read_person, pack_person, true)
  address = at_address and address_at(at_address)
end

-- The holder of the cell of a place, and the index of the cell in it.
local function place_of(place, human)
  if place == P.COUNTRY then return country, human end
  if place == P.RANGE then return range, human end
  if place == P.BLOCK then return block, human end
  if place == P.CROWD then return block, human + 2 end
  if place == P.ADDRESS then return address, human end
  if place == P.NUMBER then return person, human end
  return world, human
end

local function has(places, place)
  return places % (2 * 2 ^ place) >= 2 ^ place
end

local function unknown_fullest(c)
  return c.today > P.FULLEST_BUSY_ENTERED and P.FULLEST_BUSY or 0
end

local function turn_day(c)
  if c.day == day then return end
  if c.day ~= 0 then
    local kept = c.fullest < 0 and unknown_fullest(c) or c.fullest * P.FULLEST_KEPT
    c.fullest = max(kept, min(P.FULLEST_MOST, c.crowd))
    for _ = 2, min(day - c.day, P.MOST_DAYS) do c.fullest = c.fullest * P.FULLEST_KEPT end
    c.yesterday = c.day == day - 1 and c.today or 0
  end
  c.day, c.today, c.crowd = day, 0, 0
end

local function turn_slot(c)
  local slot = floor(now / P.SOON_MS)
  if c.slot == slot then return end
  c.sooner = c.slot == slot - 1 and c.soon or 0
  c.slot, c.soon = slot, 0
end

local function conversion_of(c)
  local everybody = (world.entered + P.PRIOR_ENTERED) / (world.asked + P.PRIOR_ASKED)
  local asked, entered, best, settled = 0, 0, 0, 0
  for index = 1, #c.weeks do
    if c.weeks[index].week > world.first_week then settled = settled + c.weeks[index].asked end
  end
  local first = week - P.WEEKS
  if settled >= P.SETTLED_ASKED then first = max(first, world.first_week) end
  for index = 1, #c.weeks do
    local one = c.weeks[index]
    if one.week > first then
      asked, entered = asked + one.asked, entered + one.entered
      if one.week > world.first_week then
        local people = one.asked + P.PRIOR_ASKED
        local part = min(1, (one.entered + P.PRIOR_ASKED * everybody) / people)
        best = max(best, part - P.BEST_WEEK_ERRORS * sqrt(part * (1 - part) / people))
      end
    end
  end
  local together = (entered + P.PRIOR_ASKED * everybody) / (asked + P.PRIOR_ASKED)
  return min(0.98, max(0.05, together, best))
end

-- Works out the figures of the country, once in a minute.
local function prepare()
  figures = country.figures
  if figures.minute ~= minute then
    turn_day(country)
    turn_slot(country)
    figures.minute = minute
    figures.conversion = conversion_of(country)
    figures.per_day = country.today + country.yesterday * (1 - (now / P.DAY_MS - day))
    figures.soon = max(country.soon, country.sooner)
    figures.fullest = country.fullest < 0 and unknown_fullest(country) or country.fullest
    touch(country)
  end
end

-- @section siege
-- The share of the budgets that the alerts of the last three days leave.
local function siege_of()
  local siege = 1
  if rule.is_asking then
    local weights = 0
    for index = 1, #world.sieges, 2 do
      if minute * P.MINUTE_MS - world.sieges[index] < P.SIEGE_MS then weights = weights + world.sieges[index + 1] end
    end
    siege = max(P.SIEGE_FLOOR, 1 - P.SIEGE_STEP * weights)
  end
  return siege
end

-- @section write
-- Writes what has changed. A value without anything that matters is deleted.
function flush_doubt()
  for index = 1, #dirty do
    local holder = dirty[index]
    local text, ends = holder:encode()
    local live = ends - now
    save(holder.key, live > 0 and text, floor(live) + 1)
  end
end

-- @section count
local function age(cell, place)
  cell.doubt = doubt_of(cell, place)
  cell.at = now
end

local function week_of(c)
  local current = c.weeks[#c.weeks]
  if not current or current.week ~= week then
    current = { week = week, asked = 0, entered = 0 }
    c.weeks[#c.weeks + 1] = current
    if #c.weeks > P.WEEKS then table.remove(c.weeks, 1) end
  end
  return current
end

-- @section new
-- Counts one more new cell, or number that is asked; false when a day has seen too many.
local function has_room()
  if world.fresh_day ~= day then world.fresh_day, world.fresh = day, 0 end
  if world.fresh >= MOST_NEW_CELLS then return false end
  world.fresh = world.fresh + 1
  touch(world)
  return true
end

-- The cell that is counted in; nothing where there is no room for a new one.
local function cell_for(place, human)
  local holder, index = place_of(place, human)
  if not holder then return end
  touch(holder)
  local cell = holder[index]
  if not cell then
    if place ~= P.COUNTRY and place ~= P.POOL and not has_room() then return end
    cell = new_cell()
    holder[index] = cell
  end
  return cell
end

-- @section letters
-- The letter of each place in the set of those in alert.
local LETTERS = 'crbxanp'

-- @section ends
-- The next whole number.
local function whole(value)
  return value % 1 > 0 and floor(value) + 1 or value
end

local function clamp(value, least, most)
  return min(most, max(least, value))
end

-- The name of a place in the set of those in alert.
local function member_of(place, human, address_names)
  local name = ''
  if place == P.COUNTRY then name = name_of(rule.first + 1)
  elseif place == P.RANGE then name = name_of(rule.first + 2)
  elseif place == P.ADDRESS then name = address_names or names_of(rule.address)
  elseif place == P.NUMBER then name = names_of(rule.at)
  elseif place ~= P.POOL then name = name_of(rule.first + 3) end
  return sub(LETTERS, place + 1, place + 1) .. human .. name
end

local function end_alert(cell, place, human, ended, address_names)
  cell.is_alert, cell.ended = false, ended
  call('ZREM', KEYS[rule.trusted + 1], member_of(place, human, address_names))
end

-- @section judge
local siege, entered_there
-- Most places in the list of those in alert.
local MOST_LISTED = 10000

local function list_alert(member)
  local key = KEYS[rule.trusted + 1]
  call('ZADD', key, now, member)
  if call('ZCARD', key) > MOST_LISTED then call('ZREMRANGEBYRANK', key, 0, 0) end
  call('PEXPIRE', key, REMEMBERED_MS)
end

local function base_budget(place, besieged, is_watched)
  local entered, fullest = figures.per_day, figures.fullest
  if place == P.COUNTRY then
    local budget = rule.allowance * besieged + 1.5 * sqrt(entered) + 0.01 * entered
    return rule.is_human and budget * P.HUMAN_COUNTRY_PART or budget
  elseif place == P.RANGE then
    local part = rule.is_asking and P.POLICIES.ask.watchedRange or P.POLICIES.refuse.watchedRange
    local budget = (8 * besieged + 0.1 * sqrt(entered)) * (is_watched and part or 1)
    return rule.is_human and budget * P.HUMAN_RANGE_PART or budget
  elseif place == P.BLOCK then
    local part = rule.is_asking and P.POLICIES.ask.watchedBlock or P.POLICIES.refuse.watchedBlock
    return max(2, 5 * besieged, 0.6 * fullest) * (is_watched and part or 1)
  elseif place == P.CROWD then
    return max(8, 3 * fullest)
  elseif place == P.ADDRESS then
    return 8 * besieged + sqrt(entered_there)
  elseif place == P.NUMBER then
    return P.NUMBER_BUDGET
  end
  return rule.is_asking and P.POLICIES.ask.poolBudget or P.POLICIES.refuse.poolBudget
end

local function grace_of(place)
  if place == P.COUNTRY then return 10 + figures.soon end
  if place == P.RANGE then return 5 + 0.3 * figures.soon end
  if place == P.BLOCK then return 3 end
  if place == P.ADDRESS then return 6 end
  return place == P.POOL and 10 or 0
end

local function longest_pause(place)
  local entered = figures.per_day
  if place == P.COUNTRY then
    local pause = rule.is_asking and P.POLICIES.ask.countryPause or P.POLICIES.refuse.countryPause
    return P.DAY_MS / clamp(pause[0] * entered, pause[1], pause[2])
  elseif place == P.RANGE then
    local pause = rule.is_asking and P.POLICIES.ask.rangePause or P.POLICIES.refuse.rangePause
    return P.DAY_MS / clamp(pause[0] * entered, pause[1], pause[2])
  end
  if rule.is_asking then return (P.POLICIES.ask.longestPauseMs)[place] end
  return (P.POLICIES.refuse.longestPauseMs)[place]
end

local function overdue()
  if world.last == 0 then return 0 end
  local usual = world.per_day == 0 and world.today or world.per_day
  return (now - world.last) / P.DAY_MS * usual
end

-- How much an alert that begins counts for the siege.
local function siege_weight(place, old, is_watched)
  if not rule.is_asking then return 0 end
  if place > P.RANGE then return place == P.POOL and 1 or 0 end
  local budget = base_budget(place, 1, is_watched)
  if place == P.RANGE then return old >= budget and P.SIEGE_RANGE_WEIGHT or 0 end
  return old >= P.SIEGE_FEED_PART * budget and 1 or 0
end

-- Whether the number, its country, or digits that it begins with are trusted.
local function is_trusted()
  if world.trusted <= now then return false end
  local fields = { 'c' .. name_of(rule.first + 1), 'n' .. name_of(rule.at) }
  if per_rule == 2 then fields[3] = 'n' .. name_of(rule.at + 1) end
  for length = 1, #rule.digits do fields[#fields + 1] = 'p' .. sub(rule.digits, 1, length) end
  for index = 4, 3 + per_rule do
    for name in string.gmatch(ARGV[rule.args + index], '%S+') do fields[#fields + 1] = 'q' .. name end
  end
  for _, ends in ipairs(call('HMGET', KEYS[rule.trusted], unpack(fields))) do
    if ends and ends + 0 > now then return true end
  end
  return false
end

-- Why somebody is no stranger: `k`, or `v` when the subject vouches for the number.
local function known_by()
  if is_trusted() or rule.is_returning then return 'k' end
  local is_settled = minute - person.first >= P.ACQUAINTED_AFTER_MS / P.MINUTE_MS
  if is_live(person) and is_settled then return 'k' end
  if not rule.subject then return end
  local subject = subject_at(rule.subject)
  if not is_live(subject) or minute - subject.first < P.ACQUAINTED_AFTER_MS / P.MINUTE_MS then return end
  local vouched = subject.day == day and subject.vouched or 0
  if vouched < P.SUBJECT_NUMBERS_PER_DAY then return 'v' end
end

local function is_evidence(cell)
  if entered_there < P.EVIDENCE_ENTERED then return false end
  return not cell or doubt_of(cell, P.ADDRESS) < (8 + sqrt(entered_there)) / 2
end

-- Judges a request without counting it. Alerts begin and end here, because time alone does both; one that begins while
-- reading does not feed the siege.
local function judge(is_reading)
  local human = rule.human
  local j = { alerts = 0, notices = '', is_calm = true, wait = 0 }
  local fade = rule.is_asking and P.POLICIES.ask.fade or P.POLICIES.refuse.fade
  local again = rule.is_asking and P.POLICIES.ask.again or P.POLICIES.refuse.again
  local besieged = rule.is_human and max(P.HUMAN_SIEGE_FLOOR, siege) or siege
  local is_cold = world.ever < P.COLD_ENTERED or overdue() > P.MISSING_ENTERED
  local is_watched, judged, only_evidence = false, 0, true
  for place = 0, 6 do
    local is_judged = place == P.CROWD or place == P.NUMBER
    if not is_cold then
      is_judged = (place ~= P.ADDRESS or address) and (place ~= P.POOL or country.entered < P.POOL_ENTERED)
    end
    local holder, index = place_of(place, human)
    local cell = is_judged and holder[index]
    if is_judged then judged = judged + 2 ^ place end
    if cell then
      if cell.is_alert then
        local low = cell.budget * (place == P.POOL and P.POOL_FADE or fade)
        if doubt_of(cell, place) <= low then
          local ended = cell.at + max(0, cell.doubt - low) / per_day[place] * P.DAY_MS
          if is_reading then
            cell.is_alert, cell.ended = false, ended
          else
            end_alert(cell, place, human, ended)
            touch(holder)
          end
        end
      end
      local budget = base_budget(place, besieged, is_watched)
      if place ~= P.POOL and now - cell.ended < P.AFTER_ALERT_MS then budget = budget * again end
      local doubt = doubt_of(cell, place)
      local old = doubt
      if cell.minute == minute then old = doubt - (cell.young + cell.earlier)
      elseif cell.minute == minute - 1 then old = doubt - cell.young end
      local judged_old = place == P.CROWD and doubt or old
      if place ~= P.CROWD and judged_old >= P.CALM_PART * budget then j.is_calm = false end
      if place == P.COUNTRY then is_watched = judged_old >= budget end
      local limit = budget
      if place == P.COUNTRY and not rule.is_asking then limit = budget * P.POLICIES.refuse.countryFactor end
      if not cell.is_alert and (judged_old >= limit or doubt >= limit + grace_of(place)) then
        cell.is_alert, cell.since, cell.budget, cell.score = true, now, budget, 0
        local first_pause = P.FIRST_PAUSE_MS
        cell.pause = min(first_pause[place], longest_pause(place))
        cell.next = now + cell.pause
        if not is_reading then
          touch(holder)
          if place ~= P.ADDRESS and place ~= P.NUMBER then
            j.notices = j.notices
              .. format(';! %d %.0f %.0f %.0f', place, floor(doubt), floor(limit), whole(cell.pause))
          end
          list_alert(member_of(place, human))
          local weight = siege_weight(place, old, is_watched)
          if weight > 0 then
            world.sieges[#world.sieges + 1] = now
            world.sieges[#world.sieges + 1] = weight
            if #world.sieges > 2 * P.SIEGE_ALERTS then
              table.remove(world.sieges, 1)
              table.remove(world.sieges, 1)
            end
            touch(world)
          end
        end
      end
      if cell.is_alert then
        j.alerts = j.alerts + 2 ^ place
        if place ~= P.COUNTRY and place ~= P.RANGE and place ~= P.POOL then only_evidence = false end
        local wait = max(0, cell.next - now)
        if not j.place or wait > j.wait then
          j.place, j.wait, j.observed, j.limit = place, wait, floor(doubt), floor(limit)
        end
      end
    end
  end
  j.judged = judged
  local codes = person.is_known and 0 or person.codes
  if codes > 0 and codes < P.FREE_CODES and not has(j.alerts, P.NUMBER) then j.passage = 'resend'
  elseif j.alerts == 0 then j.passage = 'calm'
  elseif only_evidence and is_evidence(address and address[human]) then j.passage = 'evidence'
  elseif j.wait == 0 then j.passage = 'trickle' end
  local is_newborn = country.learnt < P.FIRST_LEARNT and country.learnt_entered >= country.learnt / 4 - 3
  j.is_learnt = j.is_calm or rule.is_human or j.passage == 'evidence' or is_newborn
  return j
end

-- Looks at a request. Returns the judgement of a stranger.
local function look_at(at, args, is_reading)
  read_rule(at, args)
  rule.allowance = ARGV[args + 1] + 0
  aim(rule.address)
  prepare()
  siege = siege_of()
  local known = known_by()
  if known then return { known = known, notices = '' } end
  entered_there = address and address.entered or 0
  return judge(is_reading)
end

-- @section look
local function look_doubt(at, args)
  local j = look_at(at, args, true)
  if j.known then return 0, 0 end
  local cell = person[rule.human]
  return cell and floor(doubt_of(cell, P.NUMBER)) or 0, j.passage and 0 or max(1, whole(j.wait))
end

-- @section admit
local REASONS = { r = 'u', a = 'q', h = 'x' }

-- Judgements of this command by the place of their rule: a rule is looked at once.
local looks = {}

-- Returns a violation, and what the store noticed.
function check_doubt(at, args)
  local j = looks[at] or look_at(at, args)
  looks[at] = j
  if j.known or j.passage then return end
  local reason = rule.is_asking and (rule.is_human and REASONS.h or REASONS.a) or REASONS.r
  return reason, j.observed, whole(j.wait), j.place .. '/' .. format('%.0f', j.limit)
end

-- A person was asked for more: counts each number once until it passes. A number of which nothing is known yet needs room, so
-- that a flood of refused numbers writes no more keys than other floods; without room nothing is counted.
function hold_doubt(at)
  local j = looks[at]
  if not rule.is_asking or rule.is_human or person.asked ~= 0 then return end
  if person.is_new and not has_room() then return end
  for place = 0, 6 do
    if has(j.alerts, place) then
      local cell = cell_for(place, 1)
      cell.score = min(P.SCORE_MOST, cell.score + 1)
    end
  end
  person.asked, person.asked_at = j.alerts, now
  person.asked_address = rule.address and names_of(rule.address) or ''
  touch(person)
end

local function outcomes_notice()
  if world.warned_day == day then return end
  local notice
  if world.ever < P.COLD_ENTERED then
    if world.sent >= P.MISSING_SENT then notice = 'n' end
  else
    local expected = overdue()
    if expected > P.MISSING_ENTERED then notice = 's ' .. format('%.0f', floor(expected))
    elseif world.known_asked >= P.ACQUAINTANCE_ASKED then
      local part = world.known_entered / world.known_asked
      if part < P.ACQUAINTANCE_CONVERSION then notice = 'f ' .. format('%.17g', part) end
    end
  end
  if notice then
    world.warned_day = day
    touch(world)
  end
  return notice
end

-- The first code to a number within the hour.
local function begin(j, counted, trickle)
  if j.known then
    world.known_asked = world.known_asked + 1
    if world.known_asked >= P.KNOWN_MOST then
      world.known_asked, world.known_entered = world.known_asked / 2, world.known_entered / 2
    end
  else
    world.sent = world.sent + 1
    if j.is_learnt then
      if world.first_week == 0 then world.first_week = floor((now + P.SETTLING_MS) / (7 * P.DAY_MS)) - 1 end
      local current = week_of(country)
      current.asked, country.learnt = current.asked + 1, country.learnt + 1
      touch(country)
      if j.is_calm then
        world.asked = world.asked + 1
        if world.asked >= P.EVERYBODY_MOST then world.asked, world.entered = world.asked / 2, world.entered / 2 end
      end
    end
  end
  world.action = rule.is_asking and 97 or 114
  touch(world)
  local is_stranger = not j.known
  person.sent, person.codes, person.counted, person.trickle = now, 0, counted, trickle
  person.is_human, person.is_calm = is_stranger and rule.is_human, is_stranger and j.is_calm
  person.is_learnt, person.is_known = is_stranger and j.is_learnt, not is_stranger
  person.is_entered, person.is_accused = false, false
  person.address = is_stranger and rule.address and names_of(rule.address) or ''
  return outcomes_notice()
end

-- Counts a request that passed. Returns what a settlement needs to take it back, and a fault of the outcomes.
function write_doubt(at)
  local j = looks[at]
  local is_known = j.known ~= nil
  local is_first = person.codes == 0 or (person.is_known and not is_known)
  local counted, trickle, notice = 0, 0, nil
  if j.known == 'v' then
    local subject = subject_at(rule.subject)
    subject.vouched = (subject.day == day and subject.vouched or 0) + 1
    subject.day = day
    touch(subject)
  elseif not is_known then
    counted = is_first and j.judged or has(j.judged, P.NUMBER) and 2 ^ P.NUMBER or 0
    trickle = j.passage == 'trickle' and j.alerts or 0
    for place = 0, 6 do
      local is_counted = has(counted, place)
      local cell = (is_counted or has(trickle, place)) and cell_for(place, rule.human)
      if cell then
        if is_counted then
          age(cell, place)
          cell.doubt = cell.doubt + 1
          if cell.minute ~= minute then
            cell.earlier = cell.minute == minute - 1 and cell.young or 0
            cell.young, cell.minute = 0, minute
          end
          cell.young = cell.young + 1
        end
        if has(trickle, place) then
          cell.pause = min(longest_pause(place), cell.pause * 2)
          cell.next = now + cell.pause
        end
        if place == P.CROWD and j.is_calm and not cell.is_alert and cell.doubt > country.crowd then
          country.crowd = cell.doubt
          touch(country)
        end
      end
    end
  end
  if is_first then notice = begin(j, counted, trickle) end
  if person.is_known == is_known then
    person.codes = person.codes + 1
    touch(person)
  end
  local hold = ';h ' .. counted .. '.' .. trickle .. '.' .. (is_first and 'f' or '-') .. (j.known or 's')
  return notice and hold .. ';? ' .. notice or hold
end

-- Alerts that began with the look.
function notices_of(at)
  return looks[at].notices
end

-- @section settled
-- Takes back an amount, and the code of a time from the young ones.
local function take_back(cell, place, amount, sent)
  age(cell, place)
  cell.doubt = max(0, cell.doubt - amount)
  local sent_minute = floor(sent / P.MINUTE_MS)
  if cell.minute == sent_minute then cell.young = max(0, cell.young - 1)
  elseif cell.minute == sent_minute + 1 then cell.earlier = max(0, cell.earlier - 1) end
end

-- @section settle
-- Takes back what a code counted that provably never left. The hold of the take is the first argument of the rule.
function give_back_doubt(at, args, taken)
  local counted, trickle, first, known = string.match(ARGV[args + 1], '^(%d+)%.(%d+)%.(.)(.)$')
  if not counted then return end
  read_rule(at, args)
  aim(rule.address)
  prepare()
  if known == 'v' then
    local subject = subject_at(rule.subject)
    subject.vouched = max(0, (subject.day == day and subject.vouched or 0) - 1)
    subject.day = day
    touch(subject)
  end
  local is_stranger = known == 's'
  if person.codes == 0 or person.is_entered or person.is_known == is_stranger then return end
  -- Forgotten meanwhile, and sent to again from elsewhere.
  if address and names_of(rule.address) ~= person.address then address = nil end
  for place = 0, 6 do
    local holder, index = place_of(place, rule.human)
    local cell = holder and holder[index]
    if cell and has(counted, place) then take_back(cell, place, 1, ms_of(taken)) end
    if cell and has(trickle, place) then cell.pause, cell.next = floor(cell.pause / 2 + 0.5), now end
    if cell and (has(counted, place) or has(trickle, place)) then touch(holder) end
  end
  if first == 'f' then
    if not is_stranger then
      world.known_asked = max(0, world.known_asked - 1)
    else
      world.sent = max(0, world.sent - 1)
      if person.is_learnt then
        local current = week_of(country)
        current.asked, country.learnt = max(0, current.asked - 1), max(0, country.learnt - 1)
        touch(country)
        if person.is_calm then world.asked = max(0, world.asked - 1) end
      end
    end
    touch(world)
  end
  person.codes = person.codes - 1
  if person.codes == 0 then person.sent = 0 end
  touch(person)
end

-- @section outcome
local function odds_of(place)
  local odds = (1 - figures.conversion) / figures.conversion
  if place == P.COUNTRY then
    local slack = siege_of() < 1 and not person.is_human and P.SIEGE_SLACK or P.COUNTRY_SLACK
    return clamp(slack * odds, P.COUNTRY_ODDS[0], P.COUNTRY_ODDS[1])
  elseif place == P.RANGE or place == P.ADDRESS then
    return max(0.8, 2.2 * odds)
  elseif place == P.BLOCK then
    return max(0.5, 1.5 * odds)
  end
  return place == P.NUMBER and P.NUMBER_ODDS or P.POOL_ODDS
end

-- Ends an alert because people enter their codes again: half of the doubt is taken back.
local function relent(cell, place, human, names)
  age(cell, place)
  cell.doubt = cell.doubt / 2
  end_alert(cell, place, human, now, names)
end

local function learn_entered(is_learnt)
  turn_day(country)
  turn_slot(country)
  country.entered, country.today, country.soon = country.entered + 1, country.today + 1, country.soon + 1
  if is_learnt then
    local current = week_of(country)
    current.entered, country.learnt_entered = current.entered + 1, country.learnt_entered + 1
    if person.is_calm then world.entered = world.entered + 1 end
  end
  if world.day ~= day then
    if world.day ~= 0 then
      world.per_day = world.per_day == 0 and world.today or world.per_day * 0.75 + world.today * 0.25
    end
    world.day, world.today = day, 0
  end
  world.today, world.ever, world.last = world.today + 1, world.ever + 1, now
  touch(country)
  touch(world)
end

-- Takes back the doubt about a stranger whose code ended well. `addresses` are the places of keys by the names of addresses.
local function settle_doubt(is_entered, addresses)
  local conversion = figures.conversion
  local human = person.is_human and 2 or 1
  if person.codes > 0 then
    address = addresses[person.address] and address_at(addresses[person.address])
    for place = 0, 6 do
      local holder, index = place_of(place, human)
      local cell = holder and holder[index]
      if cell and place ~= P.CROWD and has(person.counted, place) then
        take_back(cell, place, 1 + (is_entered and odds_of(place) or 0), person.sent)
        touch(holder)
      end
      if cell and is_entered and has(person.trickle, place) and cell.is_alert then
        local usual = P.TRICKLE_PART * conversion
        cell.pause = floor(cell.pause / (2 * 2 ^ ((1 - usual) / usual)) + 0.5)
        cell.next = min(cell.next, now + cell.pause)
        if cell.pause <= P.SHORTEST_PAUSE_MS then relent(cell, place, human, person.address) end
        touch(holder)
      end
    end
  end
  if not is_entered or (person.codes == 0 and person.asked == 0) then return end
  learn_entered(person.codes > 0 and person.is_learnt)
  local from = addresses[person.codes > 0 and person.address or person.asked_address]
  if from then
    local there = address_at(from)
    there.entered, there.minute = there.entered + 1, minute
    touch(there)
  end
  if person.asked == 0 then return end
  address = addresses[person.asked_address] and address_at(addresses[person.asked_address])
  for place = 0, 6 do
    local holder, index = place_of(place, 1)
    local cell = holder and holder[index]
    if cell and has(person.asked, place) and cell.is_alert then
      cell.score = cell.score - P.SCORE_CREDIT / conversion
      if cell.score <= P.SCORE_END then relent(cell, place, 1, person.asked_address) end
      touch(holder)
    end
  end
end

-- 8x8 stopped the code as fraud: it counts twice.
local function accuse_doubt(addresses)
  if person.codes == 0 or person.is_known or person.is_accused then return end
  address = addresses[person.address] and address_at(addresses[person.address])
  for place = 0, 6 do
    local cell = has(person.counted, place) and cell_for(place, person.is_human and 2 or 1)
    if cell then
      age(cell, place)
      cell.doubt = cell.doubt + 1
    end
  end
  person.is_accused = true
  touch(person)
end

-- A number is remembered with one subject: the one before becomes a stranger.
local function remember(subjects)
  local before = is_live(person) and person.other or ''
  local names = rule.subject and names_of(rule.subject) or ''
  if not is_live(person) then person.first = minute end
  person.last, person.other = minute, names == '' and before or names
  touch(person)
  if names == '' then return end
  if before ~= '' and before ~= names then
    local former = subject_at(subjects[before])
    former.last = 0
    touch(former)
  end
  local subject = subject_at(rule.subject)
  if not is_live(subject) then subject.first, subject.day, subject.vouched = minute, 0, 0 end
  subject.last = minute
  touch(subject)
end

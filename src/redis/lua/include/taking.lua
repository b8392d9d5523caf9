-- The parts of TAKE that it shares with DOUBT_TAKE.

-- @section general
local ARGV = { [0] = deadline, read(string.rep('s', text_count), packed) }
local previous = {}
local per_rule_arguments = 6 + per_rule
home = home ~= '' and 2 + home

-- @section start
local known_reply = home and earlier_reply(home, kept_ms)
if known_reply then return '=' .. known_reply end
if deadline ~= '' and now > deadline + 0 then return time_text .. '\nlate' end

-- @section prepare
-- Messages of a batch have the same texts: places and numbers are converted once.
local PLAIN = { w = true, v = true, a = true, b = true, s = true }

local function prepare(args)
  local tag = ARGV[args + TAG_AT]
  ARGV[args + PLACE_AT] = ARGV[args + PLACE_AT] + 0
  ARGV[args + TAG_AT] = tag ~= '' and stride * number_of(tag)
  if PLAIN[string.lower(sub(ARGV[args], 1, 1))] then
    for index = args + 1, args + 3 do ARGV[index] = tonumber(ARGV[index]) or ARGV[index] end
  end
end

local function place_of(key, args)
  local at, tag = key + ARGV[args + PLACE_AT], ARGV[args + TAG_AT]
  if not tag then return at end
  at = alias[at] or at
  if not opened[at] then
    if values[at] or per_rule == 2 then open_value(at) else opened[at] = true end
  end
  return at + tag
end

-- Sections of a key. A program may put texts of strangers into the IDs of its rules; a value without bounds would one day be
-- too long to write.
local MAX_SHARING = 500

-- Whether a rule needs a section of a key that has no room for another.
local function lacks_room(key, args, at)
  if #tag_of <= MAX_SHARING or values[at] or not ARGV[args + TAG_AT] then return false end
  local first, count = key + ARGV[args + PLACE_AT], 0
  first = alias[first] or first
  for number = 1, #tag_of do
    local slot = first + stride * number
    if values[slot] or per_rule == 2 and values[slot + 1] then count = count + 1 end
  end
  return count >= MAX_SHARING
end

-- @section decide
-- Decides any message. All rules are checked before anything is written.
local function decide(count, from, key)
  if not check then make_kinds() end
  -- Rules that write nothing, and what the noting rules that applied have found.
  local is_refused, over, noted, findings = false, {}, {}, ''
  -- A rule of doubt that found something, and whether another rule refuses; a rule of doubt that looked.
  local doubted, is_other, looked = nil, false, nil
  local places = {}
  for rule = 0, count - 1 do
    local args = from + rule * per_rule_arguments
    local op = ARGV[args]
    local letter = sub(op, 1, 1)
    local kind = string.lower(letter)
    local sign, place = string.match(op, '([+-])(%d+)$')
    if sign and noted[place + 0] ~= (sign == '+') then
      over[rule] = true
    else
      local at = place_of(key, args)
      local reason, observed, wait, result
      if kind == 'p' then
        looked = at
        if not check_doubt then make_doubt() end
        reason, observed, wait, result = check_doubt(looked, args)
        doubted = reason and letter
      else
        places[rule] = at
        reason, observed, wait, result = check[kind](at, args)
        if not reason and letter ~= 'r' and letter ~= 'R' and lacks_room(key, args, at) then
          reason, observed, wait = 'n', 0, 1000
        end
      end
      local is_note = kind == 'k' or kind == 'n' or sub(op, 2, 2) == '?'
      if is_note then noted[rule] = reason ~= nil end
      if reason then
        findings = findings .. string.format(';%d %s %.0f ', rule, reason, observed)
          .. (wait and string.format('%.0f', wait) or '') .. ' ' .. (result or '')
        if is_note or kind ~= letter then over[rule] = kind ~= 'n'
        else is_refused, is_other = true, is_other or kind ~= 'p' end
      end
    end
  end
  local notices = looked and notices_of(looked) or ''
  if doubted and (is_refused and doubted == 'p' and not is_other or not is_refused) then hold_doubt(looked) end
  if is_refused then return 'r' .. findings .. notices end
  local longest = 0
  for rule = 0, count - 1 do
    if not over[rule] then
      local args = from + rule * per_rule_arguments
      local kind = string.lower(sub(ARGV[args], 1, 1))
      if kind == 'p' then
        notices = write_doubt(looked) .. notices
      else
        local wait = write[kind](places[rule], args)
        if wait and wait > longest then longest = wait end
      end
    end
  end
  return 'g' .. (longest > 0 and string.format('%.0f', longest) or '') .. findings .. notices
end

-- @section fast
local slots, after, after_lives = {}, {}, {}

-- Decides a message whose rules are all on the fast path; returns nothing for any other message.
local function decide_fast(count, args, key)
  local longest, doubt, looked, size = 0, '', nil, 0
  for _ = 1, count do
    local op, is_met = ARGV[args], true
    if #op > 1 then
      -- No noting rule on the fast path has found anything.
      is_met = not string.find(op, '+', 1, true)
      -- Rules that depend on a noting rule which does not apply are for the slow path.
      if not is_met and (sub(op, 2, 2) == '?' or byte(op) == 107) then return end
      op = sub(op, 1, 1)
    end
    if is_met then
      local at = place_of(key, args)
      if op == 'p' or op == 'P' then
        -- doubt.lua decodes values, and what it has decoded is newer.
        doubt = not check_doubt and fast_doubt(at, ARGV[args + 1], ARGV[args + 2])
        if not doubt then
          looked = at
          if not check_doubt then make_doubt() end
          if check_doubt(at, args) then return end
        end
      else
        at = alias[at] or at
        local first, second, third, life = ARGV[args + 1], ARGV[args + 2], ARGV[args + 3], ARGV[args + 4]
        local value, live, wait = fast_path(op, values[at], first, second, third, life)
        if not value then return end
        if live then
          size = size + 1
          slots[size], after[size], after_lives[size] = at, value, live
        end
        if wait and wait > longest then longest = wait end
      end
    end
    args = args + per_rule_arguments
  end
  if #tag_of > MAX_SHARING then return end
  for index = 1, size do
    local at = slots[index]
    values[at], lives[at] = after[index], after_lives[index]
  end
  if looked then doubt = write_doubt(looked) .. notices_of(looked) end
  return (longest > 0 and 'g' .. string.format('%.0f', longest) or 'g') .. doubt
end

-- @section loop
-- The first messages may be decided.
lines = lines or { time_text }
local line = 1
local argument, key = 8, 2
local from, count, width
while argument <= text_count + 0 do
  local times = 1
  if byte(ARGV[argument]) == 61 then
    times, argument = sub(ARGV[argument], 2) + 0, argument + 1
  else
    count, width, from = ARGV[argument] + 0, ARGV[argument + 1] + 0, argument + 2
    argument = from + count * per_rule_arguments
    for args = from, argument - 1, per_rule_arguments do prepare(args) end
  end
  for _ = 1, times do
    line = line + 1
    if not lines[line] then
      lines[line] = per_rule == 1 and decide_fast(count, from, key) or decide(count, from, key)
    end
    key = key + width
  end
end

-- @section finish
return reply

-- @section record
reply = table.concat(lines, '\n')
if not home or not keep_command(home, kept_ms, lines[2]) then
  call('SET', KEYS[1], reply, 'PX', kept_ms)
end

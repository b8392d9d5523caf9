-- The parts of TAKE that it shares with DOUBT_TAKE.

-- @section start
if values[1] then return '=' .. values[1] end
local time_text = seconds .. ' ' .. micros
if ARGV[4] ~= '' and now > ARGV[4] + 0 then return time_text .. '\nlate' end
if ARGV[6] ~= '' then

-- @section begun
end

-- @section decide
-- Decides any message. All rules are checked before anything is written.
local function decide(count, from, key)
  if not check then make_kinds() end
  -- Rules that write nothing, and what the noting rules that applied have found.
  local is_refused, over, noted, findings = false, {}, {}, ''
  -- A rule of doubt that found something, and whether another rule refuses; a rule of doubt that looked.
  local doubted, is_other, looked = nil, false, nil
  for rule = 0, count - 1 do
    local args = from + rule * per_rule_arguments
    local op = ARGV[args]
    local letter = sub(op, 1, 1)
    local kind = string.lower(letter)
    local sign, place = string.match(op, '([+-])(%d+)$')
    if sign and noted[place + 0] ~= (sign == '+') then
      over[rule] = true
    else
      local reason, observed, wait, result
      if kind == 'p' then
        looked = key + rule * per_rule
        if not check_doubt then make_doubt() end
        reason, observed, wait, result = check_doubt(looked, args)
        doubted = reason and letter
      else
        reason, observed, wait, result = check[kind](key + rule * per_rule, args)
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
        local wait = write[kind](key + rule * per_rule, args)
        if wait and wait > longest then longest = wait end
      end
    end
  end
  return 'g' .. (longest > 0 and string.format('%.0f', longest) or '') .. findings .. notices
end

-- @section fast
local after, after_lives = {}, {}

-- Decides a message whose rules are all on the fast path; returns nothing for any other message.
local function decide_fast(count, args, key)
  local longest, doubt, looked = 0, '', nil
  for at = key, key + count - 1 do
    local index, op = alias[at] or at, ARGV[args]
    local is_met = true
    if #op > 1 then
      -- No noting rule on the fast path has found anything.
      is_met = not string.find(op, '+', 1, true)
      -- Rules that depend on a noting rule which does not apply are for the slow path.
      if not is_met and (sub(op, 2, 2) == '?' or byte(op) == 107) then return end
      op = sub(op, 1, 1)
    end
    if is_met and (op == 'p' or op == 'P') then
      -- What doubt.lua has decoded is newer than the values.
      doubt = not check_doubt and fast_doubt(at, args)
      if not doubt then
        looked = at
        if not check_doubt then make_doubt() end
        if check_doubt(at, args) then return end
      end
    elseif is_met then
      local value, live, wait = fast_path(op, values[index], args)
      if not value then return end
      after[at], after_lives[at] = value, live
      if wait and wait > longest then longest = wait end
    end
    args = args + per_rule_arguments
  end
  for at = key, key + count - 1 do
    local live = after_lives[at]
    if live then
      local index = alias[at] or at
      values[index], lives[index] = after[at], live
    end
  end
  if looked then doubt = write_doubt(looked) .. notices_of(looked) end
  return (longest > 0 and 'g' .. string.format('%.0f', longest) or 'g') .. doubt
end

-- @section loop
local lines, line = { time_text }, 1
local argument, key, last = 7, 2, #ARGV
local from, count, more
while argument <= last do
  local times = 1
  if byte(ARGV[argument]) == 61 then
    times, argument = sub(ARGV[argument], 2) + 0, argument + 1
  else
    count, from = ARGV[argument] + 0, argument + 1
    argument = from + count * per_rule_arguments
    more = count > 0 and further_keys(argument - per_rule_arguments) or 0
  end
  for _ = 1, times do
    line = line + 1
    lines[line] = per_rule == 1 and decide_fast(count, from, key) or decide(count, from, key)
    key = key + count * per_rule + more
  end
end
if last < 7 then return time_text end

-- @section finish
local reply = table.concat(lines, '\n')
call('SET', KEYS[1], reply, 'PX', ARGV[5])
return reply

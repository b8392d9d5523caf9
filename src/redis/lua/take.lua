-- Takes a list of messages in order. Each message is taken whole or not at all.
--
-- KEYS[1]    record of this command: its reply, so that a command that is sent twice counts once
-- KEYS[2…]   counters, in the order of the rules: one per rule, or two while a secret is changed
--
-- ARGV[1…3]  clock and keys per rule, see include/prelude.lua
-- ARGV[4]    server time in milliseconds after which the command is too late, or empty
-- ARGV[5]    milliseconds to keep the record
-- ARGV[6]    not empty when a key occurs twice
-- ARGV[7…]   for each message, the number of its rules and their arguments, see below; or `=` and the number of further
--            messages that have the same arguments as the message before
--
-- An operation in upper case is in monitor mode. A `?` after it marks a window that is only noted. `+2` or `-2` at its
-- end makes it depend on the rule at place 2 (from 0), which must have found something, or nothing.
--
-- A rule of doubt is the last one of its message, and brings further keys, see include/doubt.lua.
--
-- Reply: seconds and microseconds of the server, then one line per message: `g` (granted) or `r` (refused), followed
-- by the wait that a backoff has started. After each `;` comes a violation of a rule: index, reason, count, wait,
-- result. `h` and the hold of a rule of doubt, `!` and an alert that began, `?` and a fault of the outcomes follow likewise. A
-- late command gets `late` instead of the lines. `=` in front marks the reply to an earlier copy of the
-- command.

-- @include prelude write
if values[1] then return '=' .. values[1] end
local time_text = seconds .. ' ' .. micros
if ARGV[4] ~= '' and now > ARGV[4] + 0 then return time_text .. '\nlate' end
if ARGV[6] ~= '' then
  -- @include find-aliases
end

local check_doubt, write_doubt, hold_doubt, notices_of, flush_doubt
local function make_doubt()
  -- @include helpers save
  -- @include doubt figures siege write count new letters ends judge take
end

local check, write
local function make_kinds()
  check, write = {}, {}
  -- @include helpers stamps write save
  -- @include bucket-codec write
  -- @include window read write take
  -- @include slot read write take
  -- @include backoff read write take
  -- @include visitor-backoff write take
  -- @include once read write take
  -- @include block read write take
  -- @include distinct read write take
  -- @include known read take
end

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
-- @include fast-path
local after, after_lives, byte = {}, {}, string.byte

-- Decides a message whose rules are all on the fast path; returns nothing for any other message.
local function decide_fast(count, args, key)
  local longest, looked = 0, nil
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
      looked = at
      if not check_doubt then make_doubt() end
      if check_doubt(at, args) then return end
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
  local line = longest > 0 and 'g' .. string.format('%.0f', longest) or 'g'
  if looked then line = line .. write_doubt(looked) .. notices_of(looked) end
  return line
end

-- @include doubt-keys
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
if flush_doubt then flush_doubt() end
-- @include flush
local reply = table.concat(lines, '\n')
call('SET', KEYS[1], reply, 'PX', ARGV[5])
return reply

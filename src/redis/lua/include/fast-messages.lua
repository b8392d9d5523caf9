-- Decides messages in order as long as all their rules are on the fast path; one that is not changes nothing. Sets `reply` when
-- that was the last one. Statements instead of functions: what a function shares with its surroundings has to be made for every
-- command. A shared value is read and written whole by one call.

local lines, reply
if per_rule == '1' and (deadline == '' or now <= deadline + 0) then
  -- By key: the number of its sections, then tag, end and value of each; for a key without sections its new value. How long the
  -- keys live that change: as Redis takes it, and as a number.
  local shared, lives_of, ms_of = {}, {}, {}
  local home_at, commands, is_fast = home ~= '' and 2 + home, '', true
  if home_at and values[home_at] then
    local text = values[home_at]
    local number, found = 256 * byte(text) + byte(text, 2), 2
    local format = number == 3 and SECTIONS_3 or number == 4 and SECTIONS_4 or number == 2 and SECTIONS_2
      or number == 1 and SECTIONS_1 or number <= MAX_SECTIONS and '>I2' .. string.rep('c8I4I2c0', number)
    local sections = format and { read(format, text) }
    is_fast = sections and sections[3 * number + 2] == #text + 1
    if is_fast then
      shared[home_at] = sections
      while found < 3 * number and sections[found] ~= COMMANDS do found = found + 3 end
      if found < 3 * number and sections[found + 1] * 1000 > now then commands = sections[found + 2] end
      is_fast = #commands <= MAX_COMMANDS and not string.find(commands, command, 1, true)
    end
  end
  local at, times, first_key, line = first_rule, 1, 2, 1
  local count, width, is_many, is_read = rule_count + 0, key_count + 0, form ~= '1', false
  -- Of many messages: the texts of their rules, of which `ops` is false for one that does not apply; what each rule writes for a
  -- key that is new; and what a message writes once all its rules have room.
  local ops, firsts, seconds_of, thirds, life_of, life_ms, tags, places, fresh, fresh_lives, fresh_waits
  local later_keys, later_at, later_texts, later_lives, later_ms, later_tags
  if is_many then
    lines = { time_text }
    ops, firsts, seconds_of, thirds, life_of, life_ms, tags, places, fresh, fresh_lives, fresh_waits =
      {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}
    later_keys, later_at, later_texts, later_lives, later_ms, later_tags = {}, {}, {}, {}, {}, {}
  end
  while is_fast do
    local rule, size, longest, longest_text, doubt = 1, 0, 0, '', ''
    while rule <= count + size do
      local key, index, written, live, ms, tag
      if rule > count then
        local each = rule - count
        key, index, written, live = later_keys[each], later_at[each], later_texts[each], later_lives[each]
        ms, tag = later_ms[each], later_tags[each]
      else
        local op, first, second, third, life, place, wait
        if is_read then
          op, first, second, third = ops[rule], firsts[rule], seconds_of[rule], thirds[rule]
          life, tag, place = life_of[rule], tags[rule], places[rule]
        else
          op, first, second, third, life, tag, place, at = read('sssssss', packed, at)
          if #op > 1 then
            -- No noting rule on the fast path has found anything.
            local is_met = not string.find(op, '+', 1, true)
            -- Rules that depend on a noting rule which does not apply are for the slow path.
            if not is_met and (sub(op, 2, 2) == '?' or byte(op) == 107) then
              is_fast = false
              break
            end
            op = is_met and sub(op, 1, 1)
          end
          if is_many then
            place = place + 0
            if string.find('wabslo', op or '-', 1, true) then
              if op ~= 'o' then first = first + 0 end
              second, third = second + 0, tonumber(third)
            end
            ops[rule], firsts[rule], seconds_of[rule], thirds[rule] = op, first, second, third
            life_of[rule], life_ms[rule], tags[rule] = life, tonumber(life), tag
            places[rule], fresh[rule] = place, false
          end
        end
        if op == 'p' or op == 'P' then
          doubt = fast_doubt(first_key + place, first, second)
          if not doubt then
            is_fast = false
            break
          end
        elseif op then
          key = first_key + place
          key = alias[key] or key
          -- The index of the section: 0 for a new one, -1 for a key without sections.
          local value = tag == '' and shared[key] or values[key]
          index = -1
          if tag ~= '' then
            local sections = shared[key]
            if not sections and value then
              local number = 256 * byte(value) + byte(value, 2)
              local format = number == 1 and SECTIONS_1 or number == 2 and SECTIONS_2 or number == 3 and SECTIONS_3
                or number == 4 and SECTIONS_4 or number <= MAX_SECTIONS and '>I2' .. string.rep('c8I4I2c0', number)
              sections = format and { read(format, value) }
              -- An error lies behind the sections, which the other way finds.
              if not sections or sections[3 * number + 2] ~= #value + 1 then
                is_fast = false
                break
              end
              shared[key] = sections
            end
            value, index = nil, 0
            if sections then
              local found, stop = 2, 3 * sections[1]
              while found < stop and sections[found] ~= tag do found = found + 3 end
              if found < stop then
                index = found
                if sections[found + 1] * 1000 > now then value = sections[found + 2] end
              elseif stop >= 3 * MAX_SECTIONS then
                is_fast = false
                break
              end
            end
          end
          if is_many and not value and fresh[rule] then
            written, live, wait = fresh[rule], fresh_lives[rule], fresh_waits[rule]
          else

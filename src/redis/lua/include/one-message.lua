-- Decides the one message of a command when all its rules are on the fast path; sets no `reply`, and has changed nothing, for
-- any other. Statements instead of functions: what a function shares with its surroundings has to be made for every command. A
-- shared value is read and written whole by one call.

local reply
if form == '1' and per_rule == '1' then repeat
  -- By key: the number of its sections, then tag, end and value of each; whether it is to be written, and how long it lives.
  local shared, changed, own = {}, {}, nil
  local longest, longest_text, doubt, commands, is_fast = 0, '', '', '', true
  local home_at, at = home ~= '' and 2 + home, first_rule
  if home_at and values[home_at] then
    local text = values[home_at]
    local count, index = 256 * byte(text) + byte(text, 2), 2
    local format = count == 3 and SECTIONS_3 or count == 4 and SECTIONS_4 or count == 2 and SECTIONS_2
      or count == 5 and SECTIONS_5 or count == 1 and SECTIONS_1
    if not format then break end
    local sections = { read(format, text) }
    if sections[3 * count + 2] ~= #text + 1 then break end
    shared[home_at] = sections
    while index < 3 * count and sections[index] ~= COMMANDS do index = index + 3 end
    if index < 3 * count and sections[index + 1] * 1000 > now then commands = sections[index + 2] end
    if #commands > MAX_COMMANDS or string.find(commands, command, 1, true) then break end
  end
  if deadline ~= '' and now > deadline + 0 then break end
  for _ = 1, rule_count do
    local op, first, second, third, life, tag, place
    op, first, second, third, life, tag, place, at = read('sssssss', packed, at)
    local is_met = true
    if #op > 1 then
      -- No noting rule on the fast path has found anything.
      is_met = not string.find(op, '+', 1, true)
      -- Rules that depend on a noting rule which does not apply are for the slow path.
      if not is_met and (sub(op, 2, 2) == '?' or byte(op) == 107) then
        is_fast = false
        break
      end
      op = sub(op, 1, 1)
    end
    local key = 2 + place
    if is_met and (op == 'p' or op == 'P') then
      doubt = fast_doubt(key, first, second)
      if not doubt then
        is_fast = false
        break
      end
    elseif is_met then
      local value, sections, index = values[key], shared[key], 2
      if tag ~= '' then
        if not sections and value then
          local count = 256 * byte(value) + byte(value, 2)
          local format = count == 1 and SECTIONS_1 or count == 2 and SECTIONS_2 or count == 3 and SECTIONS_3
            or count == 4 and SECTIONS_4 or count == 5 and SECTIONS_5
          if not format then
            is_fast = false
            break
          end
          sections = { read(format, value) }
          -- What is behind the sections is an error, which the other way finds.
          if sections[3 * count + 2] ~= #value + 1 then
            is_fast = false
            break
          end
          shared[key] = sections
        end
        value = nil
        if sections then
          local stop = 3 * sections[1]
          while index < stop and sections[index] ~= tag do index = index + 3 end
          if index < stop then value = sections[index + 1] * 1000 > now and sections[index + 2] end
          if index > 3 * MAX_SECTIONS then
            is_fast = false
            break
          end
        end
      end
      local written, live, wait

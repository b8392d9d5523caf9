-- The second half of fast-messages.lua.

            if not written then
              is_fast = false
              break
            end
            if is_many and not value then fresh[rule], fresh_lives[rule], fresh_waits[rule] = written, live, wait end
          end
          if live then
            ms = is_many and live == life and life_ms[rule] or live + 0
            if is_many and count > 1 then
              size = size + 1
              later_keys[size], later_at[size], later_texts[size], later_lives[size] = key, index, written, live
              later_ms[size], later_tags[size], live = ms, tag, nil
            end
          end
          if wait and wait > longest then
            longest, longest_text = wait, wait == first + 0 and first or string.format('%.0f', wait)
          end
        end
      end
      if live then
        if index < 0 then
          shared[key] = written
        else
          local sections, ended = shared[key], now + ms
          ended = (ended - ended % 1000) / 1000 + 1
          if index > 0 then
            sections[index + 1], sections[index + 2] = ended, written
          elseif sections then
            index = 3 * sections[1] + 2
            sections[1], sections[index] = sections[1] + 1, tag
            sections[index + 1], sections[index + 2] = ended, written
          elseif is_many and count == 1 then
            shared[key] = { 1, tag, ended, written }
          else
            -- With room: a table that grows costs more than its values.
            shared[key] = { 1, tag, ended, written, nil, nil, nil, nil, nil, nil, nil, nil, nil }
          end
        end
        local before = ms_of[key]
        if not before or ms > before then ms_of[key], lives_of[key] = ms, live end
      end
      rule = rule + 1
    end
    if not is_fast then break end

    local text = longest == 0 and doubt == '' and 'g' or 'g' .. longest_text .. doubt
    if not is_many then
      reply = text
      break
    end
    line = line + 1
    lines[line] = text
    first_key, times, is_read = first_key + width, times - 1, true
    if times == 0 then
      if at > #packed then break end
      text, at = read('s', packed, at)
      if byte(text) == 61 then
        times = sub(text, 2) + 0
      else
        width, at = read('s', packed, at)
        count, width, times, is_read = text + 0, width + 0, 1, false
      end
    end
  end

  if reply then
    local text, sections, index = reply, home_at and ms_of[home_at] and shared[home_at], 2
    reply = time_text .. '\n' .. text
    if sections then
      local stop = 3 * sections[1]
      while index < stop and sections[index] ~= COMMANDS do index = index + 3 end
    end
    if sections and index < 3 * MAX_SECTIONS and #text <= MAX_LINE then
      if index > 3 * sections[1] then sections[1] = sections[1] + 1 end
      local ended = now + kept_ms + spare
      sections[index], sections[index + 1] = COMMANDS, (ended - ended % 1000) / 1000 + 1
      sections[index + 2] = commands .. pack(COMMAND, command, stamp, #text, text)
    else
      call('SET', KEYS[1], reply, 'PX', kept_ms)
    end
  elseif is_fast then
    reply = table.concat(lines, '\n')
    call('SET', KEYS[1], reply, 'PX', kept_ms)
  elseif not is_many then
    -- Its first rules had room.
    lives_of = {}
  end
  -- The last value of one section: in a batch of new numbers all are the same.
  local last_tag, last_end, last_section, last_text
  for key, live in next, lives_of do
    -- A text has no field 1.
    local s = shared[key]
    local number, text = s[1], s
    if number == 1 then
      if s[4] ~= last_section or s[3] ~= last_end or s[2] ~= last_tag then
        last_tag, last_end, last_section = s[2], s[3], s[4]
        last_text = pack(SECTIONS_1, 1, last_tag, last_end, #last_section, last_section)
      end
      text = last_text
    elseif number then
      local latest = 0
      for ended_at = 3 * number, 3, -3 do
        local ended = s[ended_at]
        if ended > latest then latest = ended end
        if ended * 1000 <= now then
          -- The last section takes its place.
          s[ended_at - 1], s[ended_at], s[ended_at + 1] = s[3 * number - 1], s[3 * number], s[3 * number + 1]
          number = number - 1
        end
      end
      if number == 2 then text = pack(SECTIONS_2, 2, s[2], s[3], #s[4], s[4], s[5], s[6], #s[7], s[7])
      elseif number == 3 then
        text = pack(SECTIONS_3, 3, s[2], s[3], #s[4], s[4], s[5], s[6], #s[7], s[7], s[8], s[9], #s[10], s[10])
      elseif number == 4 then
        text = pack(SECTIONS_4, 4, s[2], s[3], #s[4], s[4], s[5], s[6], #s[7], s[7], s[8], s[9], #s[10], s[10],
          s[11], s[12], #s[13], s[13])
      else
        text = pack('>I2', number)
        for from = 2, 3 * number, 3 do
          text = text .. pack('>c8I4I2c0', s[from], s[from + 1], #s[from + 2], s[from + 2])
        end
      end
      if ms_of[key] < latest * 1000 - 1000 - now then live = latest * 1000 - now end
    end
    call('PSETEX', KEYS[key], live, text)
  end
  for key, live in next, lives do call('PSETEX', KEYS[key], live, values[key]) end
  if reply then return reply end
  -- The other way goes on with what is written.
  if line > 1 then values, lives = call('MGET', unpack(KEYS)), {} end
end

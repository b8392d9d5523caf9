-- The second half of one-message.lua.

      if not written then
        is_fast = false
        break
      end
      if live and tag == '' then
        own = own or {}
        own[key], changed[key] = written, live
      elseif live then
        local ended = now + live
        ended = (ended - ended % 1000) / 1000 + 1
        if not sections then
          shared[key] = { 1, tag, ended, written, nil, nil, nil, nil, nil, nil, nil, nil, nil }
        else
          if index > 3 * sections[1] then sections[1] = sections[1] + 1 end
          sections[index], sections[index + 1], sections[index + 2] = tag, ended, written
        end
        local before = changed[key]
        if not before or live + 0 > before + 0 then changed[key] = live end
      end
      if wait and wait > longest then
        longest, longest_text = wait, wait == first + 0 and first or string.format('%.0f', wait)
      end
    end
  end
  if not is_fast then break end

  local line = 'g' .. longest_text .. doubt
  reply = time_text .. '\n' .. line
  local sections = home_at and changed[home_at] and shared[home_at]
  local index = 2
  if sections then
    local stop = 3 * sections[1]
    while index < stop and sections[index] ~= COMMANDS do index = index + 3 end
  end
  if sections and index < 3 * MAX_SECTIONS and #line <= MAX_LINE then
    if index > 3 * sections[1] then sections[1] = sections[1] + 1 end
    local ended = now + kept_ms + spare
    sections[index], sections[index + 1] = COMMANDS, (ended - ended % 1000) / 1000 + 1
    sections[index + 2] = commands .. pack(COMMAND, command, stamp, #line, line)
  else
    call('SET', KEYS[1], reply, 'PX', kept_ms)
  end
  for key, live in next, changed do
    local value = own and own[key]
    if not value then
      local s, latest = shared[key], 0
      local text
      local n = s[1]
      for ended_at = 3 * n, 3, -3 do
        local ended = s[ended_at]
        if ended > latest then latest = ended end
        if ended * 1000 <= now then
          -- The last section takes its place.
          s[ended_at - 1], s[ended_at], s[ended_at + 1] = s[3 * n - 1], s[3 * n], s[3 * n + 1]
          n = n - 1
        end
      end
      if n == 1 then text = pack(SECTIONS_1, 1, s[2], s[3], #s[4], s[4])
      elseif n == 2 then text = pack(SECTIONS_2, 2, s[2], s[3], #s[4], s[4], s[5], s[6], #s[7], s[7])
      elseif n == 3 then
        text = pack(SECTIONS_3, 3, s[2], s[3], #s[4], s[4], s[5], s[6], #s[7], s[7], s[8], s[9], #s[10], s[10])
      elseif n == 4 then
        text = pack(SECTIONS_4, 4, s[2], s[3], #s[4], s[4], s[5], s[6], #s[7], s[7], s[8], s[9], #s[10], s[10],
          s[11], s[12], #s[13], s[13])
      else
        text = pack(SECTIONS_5, 5, s[2], s[3], #s[4], s[4], s[5], s[6], #s[7], s[7], s[8], s[9], #s[10], s[10],
          s[11], s[12], #s[13], s[13], s[14], s[15], #s[16], s[16])
      end
      if now + live < latest * 1000 - 1000 then live = latest * 1000 - now end
      call('PSETEX', KEYS[key], live, text)
    else
      call('PSETEX', KEYS[key], live, value)
    end
  end
  for key, live in next, lives do call('PSETEX', KEYS[key], live, values[key]) end
until true end
if reply then return reply end

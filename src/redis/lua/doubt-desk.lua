-- Lifts, releases, forgets and trusts places.
--
-- KEYS[1]    places in alert
-- KEYS[2]    trusted places
-- KEYS[3…]   pairs: a key, and the same under the previous secret or a name that no key has
--
-- ARGV       see include/prelude.lua
-- text 4     `l` lifts, `r` releases a number, `f` forgets it, `t` trusts a place
-- text 5     for each pair the kind of the key: `w` world, `c` country, `r` range, `b` block, `a` address, `n` number, `s` subject
-- `f`        text 6…: for each pair of a subject its names
-- `t`        text 6: milliseconds, 0 to end it; text 7: most places; text 8…: fields of the place, of which the first counts
--
-- Reply: `1`; `0` when there is no room for a trusted place; or `late` and the server time in milliseconds; or `again` and the names of a subject that is to be
-- forgotten too: nothing was done.

-- @include prelude write
if ARGV[0] ~= '' and now > ARGV[0] + 0 then return 'late ' .. string.format('%.0f', now) end
-- @include helpers save
local flush_doubt
-- @include doubt-formats
-- @include doubt letters write
local op, kinds = ARGV[4], ARGV[5]
for pair = 1, #kinds do
  local at = 1 + 2 * pair
  if values[at + 1] then values[at], previous[at] = values[at] or values[at + 1], true end
end

local function drop(holder, place, at, from)
  for human = 1, 2 do
    if holder[from + human] then
      holder[from + human] = nil
      touch(holder)
    end
    local name = (place == P.NUMBER or place == P.ADDRESS) and names_of(at) or place ~= P.POOL and name_of(at) or ''
    call('ZREM', KEYS[1], sub(LETTERS, place + 1, place + 1) .. human .. name)
  end
end

if op == 't' then
  local trusted = KEYS[2]
  local for_ms, latest, count = ARGV[6] + 0, 0, 0
  for argument = 8, text_count do call('HDEL', trusted, ARGV[argument]) end
  local all = call('HGETALL', trusted)
  for index = 1, #all, 2 do
    local ends = all[index + 1] + 0
    if ends <= now then
      call('HDEL', trusted, all[index])
    else
      latest = max(latest, ends)
      if sub(all[index], 1, 1) ~= 'q' then count = count + 1 end
    end
  end
  local has_room = for_ms <= 0 or count < ARGV[7] + 0
  if for_ms > 0 and has_room then
    local ends = now + for_ms
    latest = max(latest, ends)
    for argument = 8, text_count do
      if argument == 8 or sub(ARGV[argument], 1, 1) == 'q' then
        call('HSET', trusted, ARGV[argument], format('%.0f', ends))
      end
    end
  end
  if latest > 0 then call('PEXPIRE', trusted, format('%.0f', floor(latest - now) + spare)) end
  local everybody = holder_of(3, read_world, pack_world)
  everybody.trusted = latest
  touch(everybody)
  flush_doubt()
  -- @include flush
  return has_room and '1' or '0'
end

for pair = 1, #kinds do
  local at, kind = 1 + 2 * pair, sub(kinds, pair, pair)
  if kind == 'w' then drop(holder_of(at, read_world, pack_world), P.POOL, at, 0)
  elseif kind == 'c' then drop(holder_of(at, read_country, pack_country), P.COUNTRY, at, 0)
  elseif kind == 'r' then drop(holder_of(at, read_range, pack_cells), P.RANGE, at, 0)
  elseif kind == 'a' then drop(holder_of(at, read_address, pack_address), P.ADDRESS, at, 0)
  elseif kind == 'b' then
    local holder = holder_of(at, read_block, pack_cells)
    drop(holder, P.BLOCK, at, 0)
    drop(holder, P.CROWD, at, 2)
  elseif kind == 's' then
    values[at], lives[at] = false, 0
  else
    local number = holder_of(at, read_person, pack_person)
    if op == 'f' then
      local other = is_live(number) and number.other or ''
      if other ~= '' and other ~= ARGV[6] then return 'again\n' .. other end
      number.last, number.other = 0, ''
      call('HDEL', KEYS[2], 'n' .. name_of(at), 'n' .. name_of(at + 1))
    end
    drop(number, P.NUMBER, at, 0)
    if op ~= 'l' then
      forget_codes(number)
      number.asked, number.asked_at, number.asked_address = 0, 0, ''
      touch(number)
    end
  end
end
flush_doubt()
-- @include flush
return '1'

-- `window`, exact: the longest window that the counter was written with (4 bytes), then times in milliseconds in
-- ascending order. They take 4 bytes, modulo 49 days, in windows of up to 12 days and 6 bytes in longer ones. Each
-- write drops times that have left the longest window, so no time is older than two of those, and all but the newest
-- 128. A shorter window counts the newest times.
--
-- Sub-buckets (weighted, or a limit over 64): pairs of bucket and amount, see bucket-codec.lua; the longest window
-- decides their size. A counter of times becomes sub-buckets with the first write of that kind.
--
-- Operations: `w`: limit, window. `v`: the same for windows over 12 days. `a` (sub-buckets): limit, window, weight.

local TIMES = 4

local function width_of(window)
  if window <= 1073741824 then return 4, '>I4', 4294967296 end
  return 6, '>I6', 281474976710656
end

local function longest_of(value)
  if is_pairs(value) then return window_of_pairs(value) end
  return (read('>I4', value))
end

local function no_times(window)
  return pack('>I4', window)
end

local function times_in(value)
  return (#value - TIMES) / width_of(longest_of(value))
end

-- Age of a time in milliseconds; negative for a time in the future.
local function age_of(value, index)
  local width, shape, modulus = width_of(longest_of(value))
  local age = (now - read(shape, value, TIMES + index * width + 1)) % modulus
  if age >= modulus / 2 then return age - modulus end
  return age
end

local function insert_time(value, time)
  local width, shape, modulus = width_of(longest_of(value))
  local count = times_in(value)
  while count > 0 and age_of(value, count - 1) < now - time do count = count - 1 end
  local at = TIMES + count * width
  return sub(value, 1, at) .. pack(shape, time % modulus) .. sub(value, at + 1)
end

local function bucket_ms(window)
  return floor((window + 29) / 30)
end

local function bucket_of(time, window)
  return floor(time / bucket_ms(window))
end

-- Makes room for a window. An amount moves to the bucket of its end: it may count too long, never too short.
local function lengthen(value, window)
  local longest = longest_of(value)
  if window <= longest then return value end
  if is_pairs(value) then
    local longer = join_pairs(read('>I6', value, 2), 0, window, '')
    each_pair(value, function(index, amount)
      longer = add_pair(longer, bucket_of((index + 1) * bucket_ms(longest) - 1, window), amount)
    end)
    return longer
  end
  local width = width_of(longest)
  local longer_width, shape, modulus = width_of(window)
  if width == longer_width then return no_times(window) .. sub(value, TIMES + 1) end
  local longer = no_times(window)
  for index = 0, times_in(value) - 1 do
    longer = longer .. pack(shape, (now - age_of(value, index)) % modulus)
  end
  return longer
end

local function to_buckets(value, window)
  if not value then return join_pairs(stamp, 0, window, '') end
  value = lengthen(value, window)
  if is_pairs(value) then return value end
  -- The stamp of the first take is unknown, so 0: every open take can still be given back.
  local longest = longest_of(value)
  local buckets = join_pairs(0, 0, longest, '')
  for index = 0, times_in(value) - 1 do
    buckets = add_pair(buckets, bucket_of(now - age_of(value, index), longest), 1)
  end
  return buckets
end

local function load_window(at)
  return load(at, function(value, old)
    local longest = max(longest_of(value), longest_of(old))
    value, old = lengthen(value, longest), lengthen(old, longest)
    if is_pairs(value) or is_pairs(old) then
      return merge_pairs(to_buckets(value, longest), to_buckets(old, longest))
    end
    for index = 0, times_in(old) - 1 do value = insert_time(value, now - age_of(old, index)) end
    return value
  end)
end

-- @section read
-- Returns the count and the milliseconds until one more fits: 0 for now, nothing for never.
local function look_window(value, limit, window, weight)
  if not value then
    if weight > limit then return 0 end
    return 0, 0
  end
  if is_pairs(value) then
    local size = bucket_ms(longest_of(value))
    local buckets = floor((window + size - 1) / size) + 1
    local sum, live = 0, {}
    each_pair(value, function(index, amount)
      if index > bucket_of(now, longest_of(value)) - buckets then
        sum, live[#live + 1] = sum + amount, { index, amount }
      end
    end)
    local over = sum + weight - limit
    if over <= 0 then return sum, 0 end
    if weight > limit then return sum end
    local at, index = 0
    while over > 0 do
      at = at + 1
      index, over = live[at][1], over - live[at][2]
    end
    return sum, (index + buckets) * size - now
  end
  local dead, count = 0, times_in(value)
  while dead < count and age_of(value, dead) >= window do dead = dead + 1 end
  if count - dead < limit then return count - dead, 0 end
  return count - dead, window - age_of(value, count - limit)
end

-- @section write
local function live_buckets(value)
  return drop_pairs(value, bucket_of(now, longest_of(value)) - 30)
end

local function save_window(at, value)
  local longest = longest_of(value)
  if is_pairs(value) then
    if #value == HEAD then return save(at, false, 0) end
    local newest = read('>d', value, #value - PAIR + 1)
    return save(at, value, (newest + 31) * bucket_ms(longest) - now)
  end
  local count = times_in(value)
  if count == 0 then return save(at, false, 0) end
  save(at, value, longest - age_of(value, count - 1))
end

-- @section take
local MAX_TIMES = 128

function check.w(at, args)
  local limit, window, weight = ARGV[args + 1] + 0, ARGV[args + 2] + 0, tonumber(ARGV[args + 3]) or 1
  local count, wait = look_window(load_window(at), limit, window, weight)
  if wait ~= 0 then return 'f', count, wait end
end
check.a, check.v = check.w, check.w

-- Drops times that have left the longest window, and those that no limit needs.
local function live_times(value)
  local longest, count, dead = longest_of(value), times_in(value), 0
  while dead < count and (count - dead >= MAX_TIMES or age_of(value, dead) >= longest) do dead = dead + 1 end
  return dead > 0 and no_times(longest) .. sub(value, TIMES + dead * width_of(longest) + 1) or value
end

function write.w(at, args)
  local value, window = loaded(at), ARGV[args + 2] + 0
  if value and is_pairs(value) then return write.a(at, args) end
  save_window(at, insert_time(value and live_times(lengthen(value, window)) or no_times(window), now))
end

function write.a(at, args)
  local weight = tonumber(ARGV[args + 3]) or 1
  local value = live_buckets(to_buckets(loaded(at), ARGV[args + 2] + 0))
  save_window(at, add_pair(value, bucket_of(now, longest_of(value)), weight))
end
write.v = write.w

-- @section settle
local function remove_time(value, time)
  local width = width_of(longest_of(value))
  for index = times_in(value) - 1, 0, -1 do
    if age_of(value, index) == now - time then
      local start = TIMES + index * width
      return sub(value, 1, start) .. sub(value, start + width + 1)
    end
  end
  return value
end

function give_back.w(at, args, taken)
  local weight = tonumber(ARGV[args + 3]) or 1
  local value = load_window(at)
  if not value then return end
  if is_pairs(value) then
    if taken < read('>I6', value, 2) then return end
    return save_window(at, add_pair(value, bucket_of(ms_of(taken), longest_of(value)), -weight))
  end
  save_window(at, remove_time(value, ms_of(taken)))
end

function keep.w(at, args, taken, moved)
  if not moved then return end
  local window, weight = ARGV[args + 2] + 0, tonumber(ARGV[args + 3])
  give_back.w(at, args, taken)
  local value = loaded(at)
  if weight or (value and is_pairs(value)) then
    value = live_buckets(to_buckets(value, window))
    return save_window(at, add_pair(value, bucket_of(ms_of(moved), longest_of(value)), weight or 1))
  end
  save_window(at, insert_time(value and lengthen(value, window) or no_times(window), ms_of(moved)))
end

give_back.a, keep.a = give_back.w, keep.w
give_back.v, keep.v = give_back.w, keep.w

-- @section inspect
function look.w(at, args)
  return look_window(load_window(at), ARGV[args + 1] + 0, ARGV[args + 2] + 0, 1)
end
look.a, look.v = look.w, look.w

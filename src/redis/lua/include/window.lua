-- `window`, exact: times in milliseconds in ascending order. They take 4 bytes, modulo 49 days, in windows of up to 12
-- days and 6 bytes in longer ones. Each write drops times that have left the window, so no time is older than two
-- windows.
--
-- Sub-buckets (weighted, or a limit over 64): pairs of bucket and amount, see bucket-codec.lua. A counter of times
-- becomes sub-buckets with the first write of that kind.
--
-- Operations: `w`: limit, window. `v`: the same for windows over 12 days. `a` (sub-buckets): limit, window, weight.

local function width_of(window)
  if window <= 1073741824 then return 4, '>I4', 4294967296 end
  return 6, '>I6', 281474976710656
end

-- Age of a time in milliseconds; negative for a time in the future.
local function age_of(value, index, window)
  local width, shape, modulus = width_of(window)
  local age = (now - read(shape, value, index * width + 1)) % modulus
  if age >= modulus / 2 then return age - modulus end
  return age
end

local function insert_time(value, time, window)
  local width, shape, modulus = width_of(window)
  local count = #value / width
  while count > 0 and age_of(value, count - 1, window) < now - time do count = count - 1 end
  return sub(value, 1, count * width) .. pack(shape, time % modulus) .. sub(value, count * width + 1)
end

local function bucket_ms(window)
  return floor((window + 29) / 30)
end

local function bucket_of(time, window)
  return floor(time / bucket_ms(window))
end

local function to_buckets(value, window)
  if not value then return join_pairs(stamp, 0, '') end
  if is_pairs(value) then return value end
  -- The stamp of the first take is unknown, so 0: every open take can still be given back.
  local buckets = join_pairs(0, 0, '')
  for index = 0, #value / width_of(window) - 1 do
    buckets = add_pair(buckets, bucket_of(now - age_of(value, index, window), window), 1)
  end
  return buckets
end

local function live_buckets(value, window)
  return drop_pairs(value, bucket_of(now, window) - 30)
end

local function load_window(at, window)
  return load(at, function(value, old)
    if is_pairs(value) or is_pairs(old) then
      return merge_pairs(to_buckets(value, window), to_buckets(old, window))
    end
    for index = 0, #old / width_of(window) - 1 do
      value = insert_time(value, now - age_of(old, index, window), window)
    end
    return value
  end)
end

-- @section read
local function live_times(value, window)
  local width = width_of(window)
  local dead, count = 0, #value / width
  while dead < count and age_of(value, dead, window) >= window do dead = dead + 1 end
  return dead > 0 and sub(value, dead * width + 1) or value, count - dead
end

-- Returns the count and the milliseconds until one more fits: 0 for now, nothing for never.
local function look_window(value, limit, window, weight)
  if not value then
    if weight > limit then return 0 end
    return 0, 0
  end
  if is_pairs(value) then
    value = live_buckets(value, window)
    local sum = read('>d', value, 8)
    local over = sum + weight - limit
    if over <= 0 then return sum, 0 end
    if weight > limit then return sum end
    local at, index, amount = HEAD + 1
    while over > 0 do
      index, amount = read('>dd', value, at)
      at, over = at + PAIR, over - amount
    end
    return sum, (index + 31) * bucket_ms(window) - now
  end
  local times, count = live_times(value, window)
  if count < limit then return count, 0 end
  return count, window - age_of(times, count - limit, window)
end

-- @section write
local function save_window(at, value, window)
  if is_pairs(value) then
    if #value == HEAD then return save(at, false, 0) end
    local newest = read('>d', value, #value - PAIR + 1)
    return save(at, value, (newest + 31) * bucket_ms(window) - now)
  end
  if value == '' then return save(at, false, 0) end
  save(at, value, window - age_of(value, #value / width_of(window) - 1, window))
end

-- @section take
function check.w(at, args)
  local limit, window, weight = ARGV[args + 1] + 0, ARGV[args + 2] + 0, tonumber(ARGV[args + 3]) or 1
  local count, wait = look_window(load_window(at, window), limit, window, weight)
  if wait ~= 0 then return 'f', count, wait end
end
check.a, check.v = check.w, check.w

function write.w(at, args)
  local value, window = loaded(at), ARGV[args + 2] + 0
  if value and is_pairs(value) then return write.a(at, args) end
  save_window(at, insert_time(value and live_times(value, window) or '', now, window), window)
end

function write.a(at, args)
  local window, weight = ARGV[args + 2] + 0, tonumber(ARGV[args + 3]) or 1
  local value = live_buckets(to_buckets(loaded(at), window), window)
  save_window(at, add_pair(value, bucket_of(now, window), weight), window)
end
write.v = write.w

-- @section settle
local function remove_time(value, time, window)
  local width = width_of(window)
  for index = #value / width - 1, 0, -1 do
    if age_of(value, index, window) == now - time then
      return sub(value, 1, index * width) .. sub(value, (index + 1) * width + 1)
    end
  end
  return value
end

function give_back.w(at, args, taken)
  local window, weight = ARGV[args + 2] + 0, tonumber(ARGV[args + 3]) or 1
  local value = load_window(at, window)
  if not value then return end
  if is_pairs(value) then
    if taken < read('>I6', value, 2) then return end
    return save_window(at, add_pair(value, bucket_of(ms_of(taken), window), -weight), window)
  end
  save_window(at, remove_time(value, ms_of(taken), window), window)
end

function keep.w(at, args, taken, moved)
  if not moved then return end
  local window, weight = ARGV[args + 2] + 0, tonumber(ARGV[args + 3])
  give_back.w(at, args, taken)
  local value = loaded(at)
  if weight or (value and is_pairs(value)) then
    value = live_buckets(to_buckets(value, window), window)
    return save_window(at, add_pair(value, bucket_of(ms_of(moved), window), weight or 1), window)
  end
  save_window(at, insert_time(value or '', ms_of(moved), window), window)
end

give_back.a, keep.a = give_back.w, keep.w
give_back.v, keep.v = give_back.w, keep.w

-- @section inspect
function look.w(at, args)
  local window = ARGV[args + 2] + 0
  return look_window(load_window(at, window), ARGV[args + 1] + 0, window, 1)
end
look.a, look.v = look.w, look.w

/**
 * What nearly every message meets, without a look at anything that the case does not need: a counter with room, a key
 * that is not there. Whatever is not plain is left to the kinds.
 */
export const FREE = `
local function is_free(op, at, args)
  -- Upper case is monitor mode.
  if per_rule == 2 or op == 'd' or byte(op) < 97 then return false end
  local value = values[alias[at] or at]
  if op == 'a' then
    local left = ARGV[args + 1] - ARGV[args + 3]
    if not value then return left >= 0 end
    return #value % 2 == 1 and read('>d', value, 8) <= left
  end
  if not value then return true end
  if op == 'b' then
    local _, last, grants = read('>I2I6I2', value)
    if #value > 18 then last = read('>I6', value, #value - 9) end
    local left = last / 50 - now
    return left + ARGV[args + 2] <= 0 or left + ARGV[args + 1] * 2 ^ (grants - 1) <= 0
  end
  -- However long ago they were: fewer times than the limit. Their length is even, that of sub-buckets is odd.
  return op == 'w' and #value % 2 == 0 and #value < 4 * ARGV[args + 1]
end
`;

/** Writes and gives the wait of a backoff, nothing, or false when it is not a plain case. */
export const WRITE_PLAIN = `
local function write_plain(op, at, args)
  if per_rule == 2 then return false end
  at = alias[at] or at
  local value = values[at]
  if op == 'w' then
    local window = ARGV[args + 2] + 0
    if window > 1073741824 then return false end
    local time = now % 4294967296
    if value then
      if #value % 2 == 1 then return false end
      -- The first is still in the window, and the last is not later than now, also where the times turn over.
      local first = read('>I4', value)
      if (time - first) % 4294967296 >= window then return false end
      if (time - read('>I4', value, #value - 3)) % 4294967296 >= 2147483648 then return false end
      values[at] = value .. pack('>I4', time)
    else
      values[at] = pack('>I4', time)
    end
  elseif op == 'a' then
    local weight, bucket_ms = ARGV[args + 3] + 0, (ARGV[args + 2] + 29) / 30
    bucket_ms = bucket_ms - bucket_ms % 1
    local bucket = now / bucket_ms
    bucket = bucket - bucket % 1
    if value then
      if #value % 2 == 0 then return false end
      local first, sum, oldest = read('>I6dd', value, 2)
      local newest, amount = read('>dd', value, #value - 15)
      if oldest <= bucket - 31 or newest > bucket then return false end
      local kept = sub(value, 16)
      if newest == bucket then kept, weight = sub(value, 16, -17), amount + weight end
      values[at] = 'p' .. pack('>I6d', first, sum + ARGV[args + 3]) .. kept .. pack('>dd', bucket, weight)
    else
      values[at] = 'p' .. pack('>I6ddd', stamp, weight, bucket, weight)
    end
  elseif op == 'r' then
    return
  elseif op == 'b' then
    local base, most, forget = ARGV[args + 1] + 0, ARGV[args + 2] + 0, ARGV[args + 3] + 0
    local head, grant = '>I2I6I2I4I4', pack('>I6I4', stamp, forget)
    if not value then
      values[at], lives[at] = pack(head, 0, 0, 1, forget, most) .. grant, ARGV[args + 4]
      return base
    end
    if #value >= 178 then return false end
    local kept, last, grants, longest, latest = read(head, value)
    local kept_last = last
    if #value > 18 then last = read('>I6', value, #value - 9) end
    local forgotten = (now - (last - last % 50) / 50) / forget
    if forgotten >= 1 then grants = grants - forgotten + forgotten % 1 end
    grants = grants > 0 and grants + 1 or 1
    if forget > longest then longest = forget end
    if most > latest then latest = most end
    local live = grants * longest
    values[at] = pack(head, kept, kept_last, grants, longest, latest) .. sub(value, 19) .. grant
    lives[at] = (live > latest and live or latest) + spare
    local wait = base * 2 ^ (grants - 1)
    return wait < most and wait or most
  elseif value then
    return false
  elseif op == 'o' then
    values[at] = pack('>I6I4I4c16I6I4c16', stamp, ARGV[args + 3] + 0, ARGV[args + 2] + 0, ARGV[args + 1], 0, 0, '----------------')
  else
    return false
  end
  lives[at] = ARGV[args + 4]
end
`;

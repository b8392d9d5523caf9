-- The cases of nearly every message: a counter with room, or a missing key. Returns the value to write, its life, and
-- the wait of a backoff; or nothing for any other case, which then goes through the kinds. A missing block has nothing
-- to write, and a number without members knows nobody.

local TAG = 112

local function fast_path(op, value, args)
  if op == 'w' then
    local time, window = now % 4294967296, ARGV[args + 2] + 0
    if not value then return pack('>I4I4', window, time), ARGV[args + 4] end
    local length, limit = #value, ARGV[args + 1] + 0
    -- Fewer times than the limit, however old they are. Times have an even length, sub-buckets an odd one.
    if length % 2 == 1 or length >= 4 + 4 * limit then return end
    local longest, first = read('>I4I4', value)
    if longest ~= window then return end
    -- The first time is still in the window and the last one is not in the future, also across the wrap-around.
    if (time - first) % 4294967296 >= window then return end
    if (time - read('>I4', value, length - 3)) % 4294967296 >= 2147483648 then return end
    -- The next message of a batch has the same arguments: convert them once.
    ARGV[args + 1], ARGV[args + 2] = limit, window
    return value .. pack('>I4', time), ARGV[args + 4]
  end
  if op == 'a' then
    local window, weight = ARGV[args + 2] + 0, ARGV[args + 3] + 0
    local left = ARGV[args + 1] - weight
    local bucket_ms = (window + 29) / 30
    bucket_ms = bucket_ms - bucket_ms % 1
    local bucket = now / bucket_ms
    bucket = bucket - bucket % 1
    if not value then
      if left < 0 then return end
      return pack('>BI6dI4dd', TAG, stamp, weight, window, bucket, weight), ARGV[args + 4]
    end
    if #value % 2 == 0 then return end
    local first, sum, longest, oldest = read('>I6dI4d', value, 2)
    local newest, amount = read('>dd', value, #value - 15)
    if longest ~= window or sum > left or oldest <= bucket - 31 or newest > bucket then return end
    local kept, total = sub(value, 20), weight
    if newest == bucket then kept, total = sub(value, 20, -17), amount + weight end
    local head = pack('>BI6dI4', TAG, first, sum + weight, window)
    return head .. kept .. pack('>dd', bucket, total), ARGV[args + 4]
  end
  if op == 'b' then
    local base, most, forget = ARGV[args + 1] + 0, ARGV[args + 2] + 0, ARGV[args + 3] + 0
    if not value then
      return pack('>I2I6I2I4I4I6I4', 0, 0, 1, forget, most, stamp, forget), ARGV[args + 4], base
    end
    if #value >= 178 then return end
    local kept, last, grants, longest, latest = read('>I2I6I2I4I4', value)
    local kept_last = last
    if #value > 18 then last = read('>I6', value, #value - 9) end
    local passed = now - (last - last % 50) / 50
    if passed < most and passed < base * 2 ^ (grants - 1) then return end
    local forgotten = passed / forget
    if forgotten >= 1 then grants = grants - forgotten + forgotten % 1 end
    grants = grants > 0 and grants + 1 or 1
    if forget > longest then longest = forget end
    if most > latest then latest = most end
    local live, wait = grants * longest, base * 2 ^ (grants - 1)
    local head = pack('>I2I6I2I4I4', kept, kept_last, grants, longest, latest)
    local journal = sub(value, 19) .. pack('>I6I4', stamp, forget)
    return head .. journal, (live > latest and live or latest) + spare, wait < most and wait or most
  end
  if op == 's' then
    local limit, window, due = ARGV[args + 1] + 0, ARGV[args + 2] + 0, ARGV[args + 3] + 0
    -- A due date may be any number; ten years are long enough for a key to live.
    local live = due + 3 * window - now
    if live > 315360000000 then live = 315360000000 elseif live < window then live = window end
    live = live + spare
    if not value then return pack('>BI6dI4dd', TAG, stamp, 1, window, due, 1), live end
    local first, sum, longest = read('>I6dI4', value, 2)
    local at = #value - 15
    local newest, held = read('>dd', value, at)
    if longest ~= window or newest > due then return end
    -- In this slot and the one before it; no message is due later.
    local from, slot_starts = due - due % window - window, due - due % window
    local index, amount, before, own = newest, held, 0, 0
    while index >= from do
      if index < slot_starts then before = before + amount else own = own + amount end
      at = at - 16
      if at < 20 then break end
      index, amount = read('>dd', value, at)
    end
    if own + before >= limit then return end
    local kept = sub(value, 20, -17)
    if newest < due then
      if #value >= 8211 then return end
      kept, held = sub(value, 20), 0
    end
    return pack('>BI6dI4', TAG, first, sum + 1, window) .. kept .. pack('>dd', due, held + 1), live
  end
  if value then return end
  if op == 'o' then
    local lease, window = ARGV[args + 3] + 0, ARGV[args + 2] + 0
    return pack('>I6I4I4c16I6I4c16', stamp, lease, window, ARGV[args + 1], 0, 0, '----------------'), ARGV[args + 4]
  end
  if op == 'l' then
    local base, most, forget = ARGV[args + 1] + 0, ARGV[args + 2] + 0, ARGV[args + 3] + 0
    local wait = pack('>I2I6I2I4I4I6I4', 0, 0, 1, forget, most, stamp, forget)
    return pack('>c16I2', ARGV[args + 4], #wait) .. wait, (most > forget and most or forget) + spare, base
  end
  if op == 'r' or op == 'k' then return true end
end

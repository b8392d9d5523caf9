-- The cases of nearly every message: a counter with room, or a missing key. Sets `written`, the value to write, `live`, its
-- life, and `wait`, that of a backoff; nothing for any other case, which then goes through the kinds. A missing block has
-- nothing to write, and a number without members knows nobody. `first` to `life` are the texts of the rule after its operation.
-- Statements instead of a function: what a function shares with its surroundings has to be made for every command.

repeat
  if op == 'w' then
    local window = second + 0
    tick_text = tick_text or pack('>I4', tick)
    if not value then
      written, live = pack('>I4', window) .. tick_text, life
      break
    end
    local length = #value
    -- Fewer times than the limit, however old they are. Times have an even length, sub-buckets an odd one.
    if length % 2 == 1 or length >= 4 + 4 * first then break end
    local kept_window, oldest = read('>I4I4', value)
    if kept_window ~= window then break end
    -- The first time is still in the window and the last one is not in the future, also across the wrap-around.
    if (tick - oldest) % 4294967296 >= window then break end
    if (tick - read('>I4', value, length - 3)) % 4294967296 >= 2147483648 then break end
    written, live = value .. tick_text, life
    break
  end
  if op == 'a' then
    local window, weight = second + 0, third + 0
    local left = first - weight
    local bucket_ms = (window + 29) / 30
    bucket_ms = bucket_ms - bucket_ms % 1
    local bucket = now / bucket_ms
    bucket = bucket - bucket % 1
    if not value then
      if left < 0 then break end
      written, live = pack('>BI6dI4dd', 112, stamp, weight, window, bucket, weight), life
      break
    end
    if #value % 2 == 0 then break end
    local begun, sum, kept_window, oldest = read('>I6dI4d', value, 2)
    local newest, amount = read('>dd', value, #value - 15)
    if kept_window ~= window or sum > left or oldest <= bucket - 31 or newest > bucket then break end
    local kept, total = sub(value, 20), weight
    if newest == bucket then kept, total = sub(value, 20, -17), amount + weight end
    written = pack('>BI6dI4c0dd', 112, begun, sum + weight, window, kept, bucket, total)
    live = life
    break
  end
  if op == 'b' then
    local base, most, forget = first + 0, second + 0, third + 0
    if not value then
      written, live, wait = pack('>I2I6I2I4I4I6I4', 0, 0, 1, forget, most, stamp, forget), life, base
      break
    end
    if #value >= 178 then break end
    local kept, last, grants, most_forget, most_wait = read('>I2I6I2I4I4', value)
    local kept_last = last
    if #value > 18 then last = read('>I6', value, #value - 9) end
    local passed = now - (last - last % 50) / 50
    if passed < most and passed < base * 2 ^ (grants - 1) then break end
    local forgotten = passed / forget
    if forgotten >= 1 then grants = grants - forgotten + forgotten % 1 end
    grants = grants > 0 and grants + 1 or 1
    if forget > most_forget then most_forget = forget end
    if most > most_wait then most_wait = most end
    live, wait = grants * most_forget, base * 2 ^ (grants - 1)
    -- See MAX_LIFE of the other way.
    live = (live > 315360000000 and 315360000000 or live > most_wait and live or most_wait) + spare
    if wait > most then wait = most end
    written = pack('>I2I6I2I4I4c0I6I4', kept, kept_last, grants, most_forget, most_wait, sub(value, 19), stamp, forget)
    break
  end
  if op == 's' then
    local limit, window, due = first + 0, second + 0, third + 0
    -- A due date may be any number; ten years are long enough for a key to live.
    local lasts = due + 3 * window - now
    if lasts > 315360000000 then lasts = 315360000000 elseif lasts < window then lasts = window end
    lasts = lasts + spare
    if not value then
      written, live = pack('>BI6dI4dd', 112, stamp, 1, window, due, 1), lasts
      break
    end
    local begun, sum, kept_window = read('>I6dI4', value, 2)
    local pair_at = #value - 15
    local newest, held = read('>dd', value, pair_at)
    if kept_window ~= window or newest > due then break end
    -- In this slot and the one before it; no message is due later.
    local from, slot_starts = due - due % window - window, due - due % window
    local slot_due, amount, before, within = newest, held, 0, 0
    while slot_due >= from do
      if slot_due < slot_starts then before = before + amount else within = within + amount end
      pair_at = pair_at - 16
      if pair_at < 20 then break end
      slot_due, amount = read('>dd', value, pair_at)
    end
    if within + before >= limit then break end
    local kept = sub(value, 20, -17)
    if newest < due then
      if #value >= 8211 then break end
      kept, held = sub(value, 20), 0
    end
    written, live = pack('>BI6dI4c0dd', 112, begun, sum + 1, window, kept, due, held + 1), lasts
    break
  end
  if value then break end
  if op == 'o' then
    local lease, window = third + 0, second + 0
    written, live = pack('>I6I4I4c16I6I4c16', stamp, lease, window, first, 0, 0, '----------------'), life
  elseif op == 'l' then
    local base, most, forget = first + 0, second + 0, third + 0
    local grant = pack('>I2I6I2I4I4I6I4', 0, 0, 1, forget, most, stamp, forget)
    written, live, wait = pack('>c16I2', life, #grant) .. grant, (most > forget and most or forget) + spare, base
  elseif op == 'r' or op == 'k' then
    written = true
  end
until true

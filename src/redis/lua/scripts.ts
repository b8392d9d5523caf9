// Written by ci/embed-lua.mjs from the .lua files beside it. Change those, and run it.

const CONSENT_LATEST_CHOICE = `local function latest(entries)
  local from = 0
  while true do
    local some = redis.call('ZREVRANGE', entries, from, from + 3, 'WITHSCORES')
    if #some == 0 then return nil end
    for at = 1, #some, 2 do
      if string.sub(some[at], 17, 17) ~= 'q' then return some[at], some[at + 1] end
    end
    from = from + 4
  end
end`;

const PRELUDE = `local KEYS, ARGV = KEYS, ARGV
local call, pack, read, byte, sub = redis.call, struct.pack, struct.unpack, string.byte, string.sub
local seconds, micros, spare = ARGV[1], ARGV[2], 3600000
if seconds == '' then
  local time = call('TIME')
  seconds, micros, spare = time[1], time[2], 1000
end
local stamp = seconds * 50000 + (micros - micros % 20) / 20
local now = seconds * 1000 + (micros - micros % 1000) / 1000
local per_rule = ARGV[3] + 0
local per_rule_arguments = 4 + per_rule
local values = call('MGET', unpack(KEYS))
local lives, alias, previous = {}, {}, {}`;

const HELPERS = `local max, min, format = math.max, math.min, string.format
local function floor(value)
  return value - value % 1
end
local function load(at, merge)
  at = alias[at] or at
  local value = values[at]
  if per_rule == 2 and values[at + 1] and not previous[at] then
    value = value and merge(value, values[at + 1]) or values[at + 1]
    values[at], previous[at] = value, true
  end
  return value
end
local function loaded(at)
  return values[alias[at] or at]
end
local function save(at, value, live)
  at = alias[at] or at
  values[at], lives[at] = value, max(1, live) + spare
end
local function ms_of(taken)
  return floor(taken / 50)
end`;

const BUCKET_CODEC = `local HEAD, PAIR = 15, 16
local function is_pairs(value)
  return #value % 2 == 1
end
local function join_pairs(first, sum, text)
  return 'p' .. pack('>I6d', first, sum) .. text
end
local function pair_of(value, index)
  for at = #value - PAIR + 1, HEAD + 1, -PAIR do
    local found, amount = read('>dd', value, at)
    if found == index then return amount end
    if found < index then return 0 end
  end
  return 0
end
local function add_pair(value, index, amount)
  local at, found, held = #value - PAIR + 1, -1, 0
  while at > HEAD do
    found, held = read('>dd', value, at)
    if found <= index then break end
    at = at - PAIR
  end
  local first, sum = read('>I6d', value, 2)
  if at <= HEAD or found < index then
    if amount < 0 then return value end
    local text = sub(value, HEAD + 1, at + PAIR - 1) .. pack('>dd', index, amount) .. sub(value, at + PAIR)
    return join_pairs(first, sum + amount, text)
  end
  local left = max(0, held + amount)
  local pair = left > 0 and pack('>dd', index, left) or ''
  local text = sub(value, HEAD + 1, at - 1) .. pair .. sub(value, at + PAIR)
  return join_pairs(first, sum + (left - held), text)
end
local function drop_pairs(value, least)
  local at, gone = HEAD + 1, 0
  while at < #value do
    local index, amount = read('>dd', value, at)
    if index >= least then break end
    at, gone = at + PAIR, gone + amount
  end
  if at == HEAD + 1 then return value end
  local first, sum = read('>I6d', value, 2)
  return join_pairs(first, sum - gone, sub(value, at))
end
local function merge_pairs(value, old)
  for at = HEAD + 1, #old, PAIR do value = add_pair(value, read('>dd', old, at)) end
  return value
end`;

const WINDOW = `local function width_of(window)
  if window <= 1073741824 then return 4, '>I4', 4294967296 end
  return 6, '>I6', 281474976710656
end
local function age_of(value, index, window)
  local width, shape, turn = width_of(window)
  local age = (now - read(shape, value, index * width + 1)) % turn
  if age >= turn / 2 then return age - turn end
  return age
end
local function insert_time(value, time, window)
  local width, shape, turn = width_of(window)
  local count = #value / width
  while count > 0 and age_of(value, count - 1, window) < now - time do count = count - 1 end
  return sub(value, 1, count * width) .. pack(shape, time % turn) .. sub(value, count * width + 1)
end
local function remove_time(value, time, window)
  local width = width_of(window)
  for index = #value / width - 1, 0, -1 do
    if age_of(value, index, window) == now - time then
      return sub(value, 1, index * width) .. sub(value, (index + 1) * width + 1)
    end
  end
  return value
end
local function live_times(value, window)
  local width = width_of(window)
  local dead, count = 0, #value / width
  while dead < count and age_of(value, dead, window) >= window do dead = dead + 1 end
  return dead > 0 and sub(value, dead * width + 1) or value, count - dead
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
local function save_window(at, value, window)
  if is_pairs(value) then
    if #value == HEAD then return save(at, false, 0) end
    local newest = read('>d', value, #value - PAIR + 1)
    return save(at, value, (newest + 31) * bucket_ms(window) - now)
  end
  if value == '' then return save(at, false, 0) end
  save(at, value, window - age_of(value, #value / width_of(window) - 1, window))
end
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
end`;

const SLOT = `local function save_slots(at, value, window)
  if #value == HEAD then return save(at, false, 0) end
  local last = read('>d', value, #value - PAIR + 1)
  save(at, value, min(315360000000, max(window, (last + 3) * window - now)))
end
local function count_slots(value, slot)
  local held = pair_of(value, slot)
  return held + max(pair_of(value, slot - 1), pair_of(value, slot + 1)), held
end`;

const BACKOFF = `local JOURNAL, GRANT, MAX_GRANTS = 18, 10, 16
local function decayed(grants, last, at, forget)
  return max(0, grants - max(0, floor((ms_of(at) - ms_of(last)) / forget)))
end
local function wait_of(grants, base, most)
  return min(most, base * 2 ^ (grants - 1))
end
local function read_backoff(value)
  if not value then return 0, 0, 0, 0, 0, 0 end
  local kept, kept_last, grants, forget, most = read('>I2I6I2I4I4', value)
  local last = kept_last
  if #value > JOURNAL then last = read('>I6', value, #value - GRANT + 1) end
  return grants, last, kept, kept_last, forget, most
end
local function one_more(grants, last, at, forget)
  return min(65535, decayed(grants, last, at, forget) + 1)
end
local function replay(kept, kept_last, forget, most, journal)
  local grants, last = kept, kept_last
  for at = 1, #journal, GRANT do
    local granted, forget_then = read('>I6I4', journal, at)
    grants, last = one_more(grants, last, granted, forget_then), granted
  end
  return pack('>I2I6I2I4I4', kept, kept_last, grants, forget, most) .. journal, grants, last
end
local function merge_backoff(value, old)
  local grants, last, _, _, forget, most = read_backoff(value)
  local more, old_last, _, _, old_forget, old_most = read_backoff(old)
  return (replay(min(65535, grants + more), max(last, old_last), max(forget, old_forget), max(most, old_most), ''))
end
local function save_backoff(at, value, grants, last, forget, most)
  save(at, grants > 0 and value, ms_of(last) + max(most, grants * forget) - now)
end
local function look_backoff(at, args)
  local value = load(at, merge_backoff)
  if not value then return 0, 0 end
  local grants, last = read_backoff(value)
  local wait = wait_of(grants, ARGV[args + 1] + 0, ARGV[args + 2] + 0)
  return decayed(grants, last, stamp, ARGV[args + 3] + 0), max(0, ms_of(last) + wait - now)
end`;

const ONCE = `local LEASE, NO_FINGERPRINT = 900000, string.rep('-', 16)
local function read_once(value)
  if not value then return 0, 0, 0, NO_FINGERPRINT, 0, 0, NO_FINGERPRINT, '' end
  local taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint = read('>I6I4I4c16I6I4c16', value)
  local result = sub(value, 57)
  if taken > 0 and lease == 0 and ms_of(taken) + LEASE <= now then
    return 0, 0, 0, NO_FINGERPRINT, ms_of(taken) + LEASE, window, fingerprint, ''
  end
  return taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint, result
end
local function save_once(at, taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint, result)
  if taken == 0 and settled == 0 then return save(at, false, 0) end
  local value = pack('>I6I4I4c16I6I4c16', taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint) .. result
  local open_live = taken > 0 and ms_of(taken) + LEASE + window - now or 0
  save(at, value, max(open_live, settled + kept_window - now))
end
local function merge_once(value)
  return value
end
local function is_same(fingerprint, args)
  return fingerprint == ARGV[args + 1] or (per_rule == 2 and fingerprint == ARGV[args + 5])
end
local function look_once(at, args)
  local value = load(at, merge_once)
  if not value then return end
  local taken, lease, _, fingerprint, settled, kept_window, kept_fingerprint, result = read_once(value)
  local lease_left = ms_of(taken) + lease - now
  if taken > 0 and (lease == 0 or lease_left > 0) then
    return is_same(fingerprint, args) and 'p' or 'c', lease > 0 and lease_left or nil
  end
  local left = settled + min(kept_window, ARGV[args + 2] + 0) - now
  if left <= 0 then return end
  if is_same(kept_fingerprint, args) then return 'd', left, result end
  return 'c', left
end`;

const BLOCK = `local ACTIVATION, MAX_ACTIVATIONS = 10, 8
local function end_of(value)
  local latest = read('>I6', value)
  for at = 7, #value, ACTIVATION do
    local activated, window = read('>I6I4', value, at)
    latest = max(latest, ms_of(activated) + window)
  end
  return latest
end
local function merge_block(value, old)
  return pack('>I6', max(read('>I6', value), end_of(old))) .. sub(value, 7)
end
local function look_block(at)
  local value = load(at, merge_block)
  return value and max(0, end_of(value) - now) or 0
end
local function save_block(at, value)
  local left = end_of(value) - now
  save(at, left > 0 and value, left)
end`;

const DISTINCT = `local function live_score(key, member, least)
  local score = call('ZSCORE', key, member)
  score = score and tonumber(score)
  return score and score >= least and score
end
local function members_of(at, least)
  local count = call('ZCOUNT', KEYS[at], least, '+inf')
  if per_rule == 2 then count = count + call('ZCOUNT', KEYS[at + 1], least, '+inf') end
  return count
end
local function wait_for_member(at, least, window, over)
  local scores = {}
  for key = at, at + per_rule - 1 do
    local found = call('ZRANGEBYSCORE', KEYS[key], least, '+inf', 'WITHSCORES', 'LIMIT', 0, over + 1)
    for index = 2, #found, 2 do scores[#scores + 1] = found[index] + 0 end
  end
  table.sort(scores)
  return ms_of(scores[over + 1]) + window - now
end
local function add_member(key, member, score, held, window)
  local least = (now - window + 1) * 50
  call('ZREMRANGEBYSCORE', key, '(' .. format('%.0f', -least), '(' .. format('%.0f', least))
  if held then
    local index = 0
    while index < 8 and call('ZSCORE', key, member .. ' ' .. index) do index = index + 1 end
    local earlier = min(held, score)
    score = max(held, score)
    if index < 8 then call('ZADD', key, -earlier, member .. ' ' .. index) else score = floor(score) + 0.5 end
  end
  call('ZADD', key, score, member)
  local live = max(1, ms_of(score) + window - now) + spare
  if call('PTTL', key) < live then call('PEXPIRE', key, live) end
end`;

const WINDOW_INSPECT = `function look.w(at, args)
  local window = ARGV[args + 2] + 0
  return look_window(load_window(at, window), ARGV[args + 1] + 0, window, 1)
end
look.a, look.v = look.w, look.w`;

const SLOT_INSPECT = `function look.s(at, args)
  local value = load(at, merge_pairs)
  if not value then return 0, 0 end
  local count = count_slots(value, ARGV[args + 3] + 0)
  if count >= ARGV[args + 1] + 0 then return count end
  return count, 0
end`;

const BACKOFF_INSPECT = `look.b = look_backoff`;

const ONCE_INSPECT = `function look.o(at, args)
  local reason, wait = look_once(at, args)
  if not reason then return 0, 0 end
  return 1, wait
end`;

const BLOCK_INSPECT = `function look.r(at)
  local left = look_block(at)
  return left > 0 and 1 or 0, left
end
look.x = look.r`;

const DISTINCT_INSPECT = `function look.d(at, args)
  local limit, window = ARGV[args + 1] + 0, ARGV[args + 2] + 0
  local least = (now - window + 1) * 50
  local count = members_of(at, least)
  if count < limit then return count, 0 end
  return count, wait_for_member(at, least, window, count - limit)
end`;

const FIND_ALIASES = `local first = {}
for at = 1, #KEYS do
  local key = KEYS[at]
  if first[key] then alias[at] = first[key] else first[key] = at end
end`;

const WINDOW_SETTLE = `function give_back.w(at, args, taken)
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
give_back.v, keep.v = give_back.w, keep.w`;

const SLOT_SETTLE = `function give_back.s(at, args, taken)
  local value = load(at, merge_pairs)
  if not value or taken < read('>I6', value, 2) then return end
  save_slots(at, add_pair(value, ARGV[args + 3] + 0, -1), ARGV[args + 2] + 0)
end`;

const BACKOFF_SETTLE = `function give_back.b(at, args, taken)
  local value = load(at, merge_backoff)
  if not value then return end
  local _, _, kept, kept_last, forget, most = read_backoff(value)
  for offset = #value - GRANT + 1, JOURNAL + 1, -GRANT do
    if read('>I6', value, offset) == taken then
      local journal = sub(value, JOURNAL + 1, offset - 1) .. sub(value, offset + GRANT)
      local left, grants, last = replay(kept, kept_last, forget, most, journal)
      return save_backoff(at, left, grants, last, forget, most)
    end
  end
end`;

const ONCE_SETTLE = `function give_back.o(at, args, taken)
  local value = load(at, merge_once)
  local open, _, _, _, settled, kept_window, kept_fingerprint, result = read_once(value)
  if open == taken then save_once(at, 0, 0, 0, NO_FINGERPRINT, settled, kept_window, kept_fingerprint, result) end
end
function keep.o(at, args, taken, _, result)
  local value = load(at, merge_once)
  local open, _, window, fingerprint = read_once(value)
  if open == taken then save_once(at, 0, 0, 0, NO_FINGERPRINT, now, window, fingerprint, result) end
end`;

const BLOCK_SETTLE = `function give_back.r() end
function give_back.x(at, args, taken)
  local value = load(at, merge_block)
  if not value then return end
  for index = #value - ACTIVATION + 1, 7, -ACTIVATION do
    local activated, window = read('>I6I4', value, index)
    if activated == taken and window == ARGV[args + 1] + 0 then
      return save_block(at, sub(value, 1, index - 1) .. sub(value, index + ACTIVATION))
    end
  end
end`;

const DISTINCT_SETTLE = `local function remove_take(key, member, taken)
  local score = call('ZSCORE', key, member)
  if not score then return end
  local is_latest = tonumber(score) == taken
  local latest, index = 0, nil
  for at = 0, 7 do
    local earlier = call('ZSCORE', key, member .. ' ' .. at)
    earlier = earlier and -tonumber(earlier)
    if earlier and not is_latest and earlier == taken then return call('ZREM', key, member .. ' ' .. at) end
    if earlier and earlier > latest then latest, index = earlier, at end
  end
  if not is_latest then return end
  if not index then return call('ZREM', key, member) end
  call('ZADD', key, latest, member)
  call('ZREM', key, member .. ' ' .. index)
end
local function distinct_place(at, args, taken)
  if per_rule == 2 and call('ZSCORE', KEYS[at + 1], ARGV[args + 5]) then return KEYS[at + 1], ARGV[args + 5] end
  return KEYS[at], ARGV[args + 3]
end
function give_back.d(at, args, taken)
  local key, member = distinct_place(at, args)
  remove_take(key, member, taken)
end
function keep.d(at, args, taken, moved)
  if not moved then return end
  local key, member = distinct_place(at, args)
  local window = ARGV[args + 2] + 0
  remove_take(key, member, taken)
  add_member(key, member, moved, live_score(key, member, (now - window + 1) * 50), window)
end`;

const FLUSH = `for at = 1, #KEYS do
  local live = lives[at]
  if live then
    local value = values[at]
    if value then call('PSETEX', KEYS[at], live, value) else call('DEL', KEYS[at]) end
    if previous[at] then call('DEL', KEYS[at + 1]) end
  end
end`;

const WINDOW_TAKE = `function check.w(at, args)
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
write.v = write.w`;

const SLOT_TAKE = `local MAX_SLOTS = 512
function check.s(at, args)
  local value = load(at, merge_pairs)
  if not value then return end
  local limit, window, slot = ARGV[args + 1] + 0, ARGV[args + 2] + 0, ARGV[args + 3] + 0
  local count, held = count_slots(value, slot)
  if count >= limit then return 'f', count end
  if held == 0 and #value >= HEAD + MAX_SLOTS * PAIR then
    value = drop_pairs(value, floor(now / window) - 2)
    values[alias[at] or at] = value
    if #value >= HEAD + MAX_SLOTS * PAIR then return 'n', count end
  end
end
function write.s(at, args)
  local value = loaded(at) or join_pairs(stamp, 0, '')
  save_slots(at, add_pair(value, ARGV[args + 3] + 0, 1), ARGV[args + 2] + 0)
end`;

const BACKOFF_TAKE = `function check.b(at, args)
  local count, wait = look_backoff(at, args)
  if wait > 0 then return 's', count, wait end
end
function write.b(at, args)
  local value = loaded(at)
  local forget = ARGV[args + 3] + 0
  local grants, last, kept, kept_last, longest, most = read_backoff(value)
  local journal = (value and sub(value, JOURNAL + 1) or '') .. pack('>I6I4', stamp, forget)
  if #journal > MAX_GRANTS * GRANT then
    local granted, forget_then = read('>I6I4', journal)
    kept, kept_last = one_more(kept, kept_last, granted, forget_then), granted
    journal = sub(journal, GRANT + 1)
  end
  grants = one_more(grants, last, stamp, forget)
  longest, most = max(longest, forget), max(most, ARGV[args + 2] + 0)
  local head = pack('>I2I6I2I4I4', kept, kept_last, grants, longest, most)
  save_backoff(at, head .. journal, grants, stamp, longest, most)
  return wait_of(grants, ARGV[args + 1] + 0, ARGV[args + 2] + 0)
end`;

const ONCE_TAKE = `function check.o(at, args)
  local reason, wait, result = look_once(at, args)
  if reason then return reason, 1, wait, result end
end
function write.o(at, args)
  local _, _, _, _, settled, kept_window, kept_fingerprint, result = read_once(loaded(at))
  local window, lease = ARGV[args + 2] + 0, ARGV[args + 3] + 0
  save_once(at, stamp, lease, window, ARGV[args + 1], settled, kept_window, kept_fingerprint, result)
end`;

const BLOCK_TAKE = `function check.r(at)
  local left = look_block(at)
  if left > 0 then return 'b', 1, left end
end
function write.r() end
function check.x(at)
  load(at, merge_block)
end
function write.x(at, args)
  local value = (loaded(at) or pack('>I6', 0)) .. pack('>I6I4', stamp, ARGV[args + 1] + 0)
  if #value > 6 + MAX_ACTIVATIONS * ACTIVATION then
    local kept, activated, window = read('>I6I6I4', value)
    value = pack('>I6', max(kept, ms_of(activated) + window)) .. sub(value, 7 + ACTIVATION)
  end
  save_block(at, value)
end`;

const DISTINCT_TAKE = `local function held_score(at, args, least)
  local held = live_score(KEYS[at], ARGV[args + 3], least)
  if per_rule == 2 then held = held or live_score(KEYS[at + 1], ARGV[args + 5], least) end
  return held
end
function check.d(at, args)
  local limit, window = ARGV[args + 1] + 0, ARGV[args + 2] + 0
  local least = (now - window + 1) * 50
  if held_score(at, args, least) then return end
  local count = members_of(at, least)
  if count >= limit then return 'f', count, wait_for_member(at, least, window, count - limit) end
end
function write.d(at, args)
  local window = ARGV[args + 2] + 0
  local held = held_score(at, args, (now - window + 1) * 50)
  add_member(KEYS[at], ARGV[args + 3], stamp, held, window)
  if per_rule == 2 then call('ZREM', KEYS[at + 1], ARGV[args + 5]) end
end`;

const FAST_PATH = `local TAG = 112
local function fast_path(op, value, args)
  if op == 'w' then
    local time = now % 4294967296
    if not value then return pack('>I4', time), ARGV[args + 4] end
    local length, limit, window = #value, ARGV[args + 1] + 0, ARGV[args + 2] + 0
    if length % 2 == 1 or length >= 4 * limit then return end
    if (time - read('>I4', value)) % 4294967296 >= window then return end
    if (time - read('>I4', value, length - 3)) % 4294967296 >= 2147483648 then return end
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
      return pack('>BI6ddd', TAG, stamp, weight, bucket, weight), ARGV[args + 4]
    end
    if #value % 2 == 0 then return end
    local first, sum, oldest = read('>I6dd', value, 2)
    local newest, amount = read('>dd', value, #value - 15)
    if sum > left or oldest <= bucket - 31 or newest > bucket then return end
    local kept, total = sub(value, 16), weight
    if newest == bucket then kept, total = sub(value, 16, -17), amount + weight end
    return pack('>BI6d', TAG, first, sum + weight) .. kept .. pack('>dd', bucket, total), ARGV[args + 4]
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
    return head .. sub(value, 19) .. pack('>I6I4', stamp, forget), (live > latest and live or latest) + spare, wait < most and wait or most
  end
  if op == 's' then
    local limit, window, slot = ARGV[args + 1] + 0, ARGV[args + 2] + 0, ARGV[args + 3] + 0
    local live = (slot + 3) * window - now
    if live > 315360000000 then live = 315360000000 elseif live < window then live = window end
    live = live + spare
    if not value then return pack('>BI6ddd', TAG, stamp, 1, slot, 1), live end
    local first, sum = read('>I6d', value, 2)
    local newest, held = read('>dd', value, #value - 15)
    local kept, before = value, 0
    if newest == slot then
      if #value > 31 then
        local index, amount = read('>dd', value, #value - 31)
        if index == slot - 1 then before = amount end
      end
      kept = sub(value, 16, -17)
    elseif newest < slot and #value < 8207 then
      if newest == slot - 1 then before = held end
      kept, held = sub(value, 16), 0
    else
      return
    end
    if held + before >= limit then return end
    return pack('>BI6d', TAG, first, sum + 1) .. kept .. pack('>dd', slot, held + 1), live
  end
  if value then return end
  if op == 'o' then
    local lease, window = ARGV[args + 3] + 0, ARGV[args + 2] + 0
    return pack('>I6I4I4c16I6I4c16', stamp, lease, window, ARGV[args + 1], 0, 0, '----------------'), ARGV[args + 4]
  end
  if op == 'r' then return true end
end`;

/** consent-append.lua */
export const CONSENT_APPEND = `if not redis.call('SET', KEYS[1], '1', 'PX', ARGV[1], 'NX') then return 0 end
local changes = (#KEYS - 3) / 2
local arrival = redis.call('INCRBY', KEYS[2], changes) - changes
local people = {}
for argument = 2, #ARGV, 4 do
  people[#people + 1], people[#people + 2] = '0', ARGV[argument]
  if #people == 1000 or argument + 4 > #ARGV then
    redis.call('ZADD', KEYS[3], unpack(people))
    people = {}
  end
end
local argument = 3
for index = 4, #KEYS, 2 do
  local at, member, message = ARGV[argument], ARGV[argument + 1], ARGV[argument + 2]
  argument, arrival = argument + 4, arrival + 1
  if message == '' or redis.call('SADD', KEYS[index + 1], message) == 1 then
    redis.call('ZADD', KEYS[index], at, string.format('%016.0f', arrival) .. member)
  end
end
return 1`;

/** consent-forget.lua */
export const CONSENT_FORGET = `${CONSENT_LATEST_CHOICE}
local member, at = latest(KEYS[3])
local kept_member, kept_at = latest(KEYS[5])
if kept_member and (not member or tonumber(kept_at) > tonumber(at)) then
  member, at = kept_member, kept_at
end
for index = 3, 6 do redis.call('DEL', KEYS[index]) end
redis.call('ZREM', KEYS[2], ARGV[1], ARGV[2])
if not member or string.sub(member, 17, 17) ~= 'o' then return 0 end
local scope = string.sub(member, 18, 18)
local name = scope == 'm' and 'marketing' or 'all'
local entry = '{"state":"opted-out","scope":"' .. name .. '","source":"forgotten","at":' .. at .. '}'
local arrival = string.format('%016.0f', redis.call('INCR', KEYS[1]))
redis.call('ZADD', KEYS[5], at, arrival .. 'o' .. scope .. entry)
redis.call('ZADD', KEYS[2], 0, ARGV[2])
return 1`;

/** consent-history.lua */
export const CONSENT_HISTORY = `return redis.call('ZRANGE', KEYS[1], 0, -1)`;

/** consent-latest.lua */
export const CONSENT_LATEST = `${CONSENT_LATEST_CHOICE}
local found = {}
for index, entries in ipairs(KEYS) do
  local member = latest(entries)
  found[index] = member and string.sub(member, 19) or ''
end
return found`;

/** consent-people.lua */
export const CONSENT_PEOPLE = `return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])`;

/** inspect.lua */
export const INSPECT = `${PRELUDE}
${HELPERS}
${BUCKET_CODEC}
${WINDOW}
${SLOT}
${BACKOFF}
${ONCE}
${BLOCK}
${DISTINCT}
local look = {}
${WINDOW_INSPECT}
${SLOT_INSPECT}
${BACKOFF_INSPECT}
${ONCE_INSPECT}
${BLOCK_INSPECT}
${DISTINCT_INSPECT}
local lines = {}
for rule = 0, #KEYS / per_rule - 1 do
  local args = 4 + rule * per_rule_arguments
  local count, wait = look[string.lower(ARGV[args])](1 + rule * per_rule, args)
  lines[#lines + 1] = format('%.0f', count) .. ' ' .. (wait and format('%.0f', wait) or '')
end
return table.concat(lines, '\\n')`;

/** lease.lua */
export const LEASE = `local KEYS, ARGV, call = KEYS, ARGV, redis.call
local max, min, floor, format = math.max, math.min, math.floor, string.format
local now, spare = tonumber(ARGV[1]), 3600000
if not now then
  local time = call('TIME')
  now, spare = time[1] * 1000000 + time[2], 1000
end
local waiting, is_slow = ARGV[3] + 0, ARGV[7] ~= ''
local free, paused, wide = 0, 0, 0
local text = call('GET', KEYS[1])
if text then
  local last
  free, paused, wide, last = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
  local back = max(0, last - now)
  free, paused, wide = free - back, paused - back, wide - back
end
if ARGV[10] + 0 > 0 then paused = max(paused, now + ARGV[10] * 1000) end
local first = max(free, now)
local space = (is_slow or first < wide) and ARGV[6] + 0 or ARGV[5] + 0
if ARGV[9] + 0 > 0 then
  first = first + ARGV[9] * space
  free = first
end
local count = 0
if waiting > 0 then
  local second = format('%.0f', now / 1000)
  call('ZREMRANGEBYSCORE', KEYS[2], '-inf', second - 1000)
  call('ZREMRANGEBYSCORE', KEYS[2], '(' .. second, '+inf')
  call('ZADD', KEYS[2], second, ARGV[2])
  call('PEXPIRE', KEYS[2], 1000 + spare)
  if paused <= now and first - now <= 2000000 then
    if first - now <= 20000 then waiting = waiting + ARGV[4] end
    count = min(waiting, max(1, floor(100000 / space / call('ZCARD', KEYS[2]))))
    free = first + count * space
    if is_slow then wide = max(wide, free + ARGV[8]) end
  end
end
local live = max(free, paused, wide, now) - now
call('SET', KEYS[1], format('%.0f %.0f %.0f %.0f', max(0, free), max(0, paused), max(0, wide), now), 'PX',
  format('%.0f', live / 1000 + spare))
return format('%.0f %.0f %.0f %d %.0f', now, first, space, count, max(0, paused - now))`;

/** recall.lua */
export const RECALL = `local before = redis.call('GET', KEYS[1])
if not before then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
return before`;

/** release.lua */
export const RELEASE = `if ARGV[1] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000
  if now > ARGV[1] + 0 then return now end
end
for at = 1, #KEYS do redis.call('DEL', KEYS[at]) end`;

/** server-probe.lua */
export const SERVER_PROBE = `redis.call('TIME')
redis.call('MGET', KEYS[1])
redis.call('PSETEX', KEYS[1], 1000, '')
redis.call('PEXPIRE', KEYS[1], 1000)
redis.call('DEL', KEYS[1])`;

/** settle.lua */
export const SETTLE = `${PRELUDE}
${FIND_ALIASES}
${HELPERS}
${BUCKET_CODEC}
${WINDOW}
${SLOT}
${BACKOFF}
${ONCE}
${BLOCK}
${DISTINCT}
local keep, give_back = {}, {}
local function nothing() end
keep.b, keep.r, keep.x, keep.s = nothing, nothing, nothing, nothing
${WINDOW_SETTLE}
${SLOT_SETTLE}
${BACKOFF_SETTLE}
${ONCE_SETTLE}
${BLOCK_SETTLE}
${DISTINCT_SETTLE}
local argument, mark = 5, 1
while ARGV[argument] do
  local count, settle = ARGV[argument] + 0, ARGV[argument + 1] == 'k' and keep or give_back
  local taken, moved = ARGV[argument + 2] + 0, tonumber(ARGV[argument + 3])
  local result = ARGV[argument + 4]
  local is_done = values[mark]
  for rule = 0, is_done and -1 or count - 1 do
    local args = argument + 5 + rule * per_rule_arguments
    local op = string.lower(ARGV[args])
    settle[op](mark + 1 + rule * per_rule, args, taken, moved, result)
    if op ~= 'o' then values[mark], lives[mark] = '', ARGV[4] end
  end
  argument, mark = argument + 5 + count * per_rule_arguments, mark + 1 + count * per_rule
end
${FLUSH}`;

/** take.lua */
export const TAKE = `${PRELUDE}
if values[1] then return '=' .. values[1] end
local time_text = seconds .. ' ' .. micros
if ARGV[4] ~= '' and now > ARGV[4] + 0 then return time_text .. '\\nlate' end
if ARGV[6] ~= '' then
${FIND_ALIASES}
end
local check, write
local function make_kinds()
  check, write = {}, {}
${HELPERS}
${BUCKET_CODEC}
${WINDOW}
${SLOT}
${BACKOFF}
${ONCE}
${BLOCK}
${DISTINCT}
${WINDOW_TAKE}
${SLOT_TAKE}
${BACKOFF_TAKE}
${ONCE_TAKE}
${BLOCK_TAKE}
${DISTINCT_TAKE}
end
local function decide(count, from, key)
  if not check then make_kinds() end
  local is_refused, over, findings = false, {}, ''
  for rule = 0, count - 1 do
    local args = from + rule * per_rule_arguments
    local op = ARGV[args]
    local kind = string.lower(op)
    local reason, observed, wait, result = check[kind](key + rule * per_rule, args)
    if reason then
      findings = findings .. string.format(';%d %s %.0f ', rule, reason, observed)
        .. (wait and string.format('%.0f', wait) or '') .. ' ' .. (result or '')
      if kind == op then is_refused = true else over[rule] = true end
    end
  end
  if is_refused then return 'r' .. findings end
  local longest = 0
  for rule = 0, count - 1 do
    if not over[rule] then
      local args = from + rule * per_rule_arguments
      local wait = write[string.lower(ARGV[args])](key + rule * per_rule, args)
      if wait and wait > longest then longest = wait end
    end
  end
  return 'g' .. (longest > 0 and string.format('%.0f', longest) or '') .. findings
end
${FAST_PATH}
local after, after_lives = {}, {}
local function decide_fast(count, args, key)
  local longest = 0
  for at = key, key + count - 1 do
    local index = alias[at] or at
    local value, live, wait = fast_path(ARGV[args], values[index], args)
    if not value then return end
    after[at], after_lives[at] = value, live
    if wait and wait > longest then longest = wait end
    args = args + per_rule_arguments
  end
  for at = key, key + count - 1 do
    local live = after_lives[at]
    if live then
      local index = alias[at] or at
      values[index], lives[index] = after[at], live
    end
  end
  return longest > 0 and 'g' .. string.format('%.0f', longest) or 'g'
end
local lines, line = { time_text }, 1
local argument, key, last = 7, 2, #ARGV
local from, count
while argument <= last do
  local times = 1
  if byte(ARGV[argument]) == 61 then
    times, argument = sub(ARGV[argument], 2) + 0, argument + 1
  else
    count, from = ARGV[argument] + 0, argument + 1
    argument = from + count * per_rule_arguments
  end
  for _ = 1, times do
    line = line + 1
    lines[line] = per_rule == 1 and decide_fast(count, from, key) or decide(count, from, key)
    key = key + count * per_rule
  end
end
if last < 7 then return time_text end
${FLUSH}
local reply = table.concat(lines, '\\n')
call('SET', KEYS[1], reply, 'PX', ARGV[5])
return reply`;

-- `distinct`: a sorted set of members, scored by the stamp of their latest take. Up to 8 earlier takes of a counted
-- member are kept under the name of the member, a space and a digit, with negative scores, in case the latest take is
-- given back. Beyond 8 the latest score gets half a unit, which no take has, so it can no longer be given back.
--
-- Operation `d`: limit, window, member; then the member under the previous secret. Written at once, not by flush.lua.

-- @section read
local function members_of(at, least)
  local count = call('ZCOUNT', KEYS[at], least, '+inf')
  if per_rule == 2 then count = count + call('ZCOUNT', KEYS[at + 1], least, '+inf') end
  return count
end

-- Milliseconds until `over + 1` members have left the window.
local function wait_for_member(at, least, window, over)
  local scores = {}
  for key = at, at + per_rule - 1 do
    local found = call('ZRANGEBYSCORE', KEYS[key], least, '+inf', 'WITHSCORES', 'LIMIT', 0, over + 1)
    for index = 2, #found, 2 do scores[#scores + 1] = found[index] + 0 end
  end
  table.sort(scores)
  return ms_of(scores[over + 1]) + window - now
end

-- @section write
local function live_score(key, member, least)
  local score = call('ZSCORE', key, member)
  score = score and tonumber(score)
  return score and score >= least and score
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
end

-- @section take
local function held_score(at, args, least)
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
end

-- @section settle
local function remove_take(key, member, taken)
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

local function key_and_member(at, args)
  if per_rule == 2 and call('ZSCORE', KEYS[at + 1], ARGV[args + 5]) then return KEYS[at + 1], ARGV[args + 5] end
  return KEYS[at], ARGV[args + 3]
end

function give_back.d(at, args, taken)
  local key, member = key_and_member(at, args)
  remove_take(key, member, taken)
end

function keep.d(at, args, taken, moved)
  if not moved then return end
  local key, member = key_and_member(at, args)
  local window = ARGV[args + 2] + 0
  remove_take(key, member, taken)
  add_member(key, member, moved, live_score(key, member, (now - window + 1) * 50), window)
end

-- @section inspect
function look.d(at, args)
  local limit, window = ARGV[args + 1] + 0, ARGV[args + 2] + 0
  local least = (now - window + 1) * 50
  local count = members_of(at, least)
  if count < limit then return count, 0 end
  return count, wait_for_member(at, least, window, count - limit)
end

-- `backoff`: number of grants and stamp of the last one before the journal, number of grants now, longest `forgetMs`
-- and `maxMs` seen; then a journal of the last 16 grants (stamp, `forgetMs`). The journal is replayed when a grant is
-- given back, in any order. Older grants are final.
--
-- Operation `b`: `baseMs`, `maxMs`, `forgetMs`.

local JOURNAL, GRANT = 18, 10

local function decayed(grants, last, at, forget)
  return max(0, grants - max(0, floor((ms_of(at) - ms_of(last)) / forget)))
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

-- Applies the journal to the final grants before it.
local function replay(kept, kept_last, forget, most, journal)
  local grants, last = kept, kept_last
  for at = 1, #journal, GRANT do
    local granted, forget_then = read('>I6I4', journal, at)
    grants, last = one_more(grants, last, granted, forget_then), granted
  end
  return pack('>I2I6I2I4I4', kept, kept_last, grants, forget, most) .. journal
end

local function merge_backoff(value, old)
  local grants, last, _, _, forget, most = read_backoff(value)
  local more, old_last, _, _, old_forget, old_most = read_backoff(old)
  return replay(min(65535, grants + more), max(last, old_last), max(forget, old_forget), max(most, old_most), '')
end

-- @section read
local function wait_of(grants, base, most)
  return min(most, base * 2 ^ (grants - 1))
end

-- Returns the grants that count, and the milliseconds that are left to wait.
local function look_wait(value, args)
  if not value then return 0, 0 end
  local grants, last = read_backoff(value)
  local wait = wait_of(grants, ARGV[args + 1] + 0, ARGV[args + 2] + 0)
  return decayed(grants, last, stamp, ARGV[args + 3] + 0), max(0, ms_of(last) + wait - now)
end

local function look_backoff(at, args)
  return look_wait(load(at, merge_backoff), args)
end

-- @section write
-- A thousand grants may take a century to be forgotten; ten years are long enough for a key to live.
local MAX_LIFE = 315360000000

local function live_backoff(value)
  local grants, last, _, _, forget, most = read_backoff(value)
  return grants > 0 and min(MAX_LIFE, ms_of(last) + max(most, grants * forget) - now) or 0
end

local function save_backoff(at, value)
  local live = live_backoff(value)
  save(at, live > 0 and value, live)
end

-- @section take
local MAX_GRANTS = 16

function check.b(at, args)
  local count, wait = look_backoff(at, args)
  if wait > 0 then return 's', count, wait end
end

-- Returns the value with one more grant, and the wait that begins.
local function with_grant(value, args)
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
  return head .. journal, wait_of(grants, ARGV[args + 1] + 0, ARGV[args + 2] + 0)
end

function write.b(at, args)
  local value, wait = with_grant(loaded(at), args)
  save_backoff(at, value)
  return wait
end

-- @section settle
-- Returns the value without that grant; nothing when it does not hold it.
local function without_grant(value, taken)
  local _, _, kept, kept_last, forget, most = read_backoff(value)
  for offset = #value - GRANT + 1, JOURNAL + 1, -GRANT do
    if read('>I6', value, offset) == taken then
      local journal = sub(value, JOURNAL + 1, offset - 1) .. sub(value, offset + GRANT)
      return replay(kept, kept_last, forget, most, journal)
    end
  end
end

function give_back.b(at, _, taken)
  local value = load(at, merge_backoff)
  local left = value and without_grant(value, taken)
  if left then save_backoff(at, left) end
end

-- @section inspect
look.b = look_backoff

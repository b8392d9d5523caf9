-- `slot`: pairs of slot and count, at most 512.
--
-- Operation `s`: limit, window, index of the slot.

-- @section read
local function count_slots(value, slot)
  local held = pair_of(value, slot)
  return held + max(pair_of(value, slot - 1), pair_of(value, slot + 1)), held
end

-- @section write
-- A due date may be any number; ten years are long enough for a key to live.
local function save_slots(at, value, window)
  if #value == HEAD then return save(at, false, 0) end
  local last = read('>d', value, #value - PAIR + 1)
  save(at, value, min(315360000000, max(window, (last + 3) * window - now)))
end

-- @section take
local MAX_SLOTS = 512

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
end

-- @section settle
function give_back.s(at, args, taken)
  local value = load(at, merge_pairs)
  if not value or taken < read('>I6', value, 2) then return end
  save_slots(at, add_pair(value, ARGV[args + 3] + 0, -1), ARGV[args + 2] + 0)
end

-- @section inspect
function look.s(at, args)
  local value = load(at, merge_pairs)
  if not value then return 0, 0 end
  local count = count_slots(value, ARGV[args + 3] + 0)
  if count >= ARGV[args + 1] + 0 then return count end
  return count, 0
end

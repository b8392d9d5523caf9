-- `slot`: pairs of due time in milliseconds and count, at most 512. Each call cuts time into slots of its own window.
--
-- Operation `s`: limit, window, due time.

local function with_window(value, window)
  return sub(value, 1, 15) .. pack('>I4', max(window, window_of_pairs(value))) .. sub(value, HEAD + 1)
end

local function merge_slots(value, old)
  return with_window(merge_pairs(value, old), window_of_pairs(old))
end

-- @section read
-- Returns the count in the slot and the fuller one of its neighbours, and the count at the due time.
local function count_slots(value, due, window)
  local slot, before, own, after, held = floor(due / window), 0, 0, 0, 0
  each_pair(value, function(index, amount)
    local distance = floor(index / window) - slot
    if distance == 0 then
      own = own + amount
      if index == due then held = amount end
    elseif distance == -1 then
      before = before + amount
    elseif distance == 1 then
      after = after + amount
    end
  end)
  return own + max(before, after), held
end

-- @section write
-- A due date may be any number; ten years are long enough for a key to live.
local function save_slots(at, value)
  if #value == HEAD then return save(at, false, 0) end
  local last, window = read('>d', value, #value - PAIR + 1), window_of_pairs(value)
  save(at, value, min(315360000000, max(window, last + 3 * window - now)))
end

-- @section take
local MAX_DUE_TIMES = 512

function check.s(at, args)
  local value = load(at, merge_slots)
  if not value then return end
  local limit, window, due = ARGV[args + 1] + 0, ARGV[args + 2] + 0, ARGV[args + 3] + 0
  local count, held = count_slots(value, due, window)
  if count >= limit then return 'f', count end
  if held == 0 and #value >= HEAD + MAX_DUE_TIMES * PAIR then
    value = drop_pairs(value, now - 3 * max(window, window_of_pairs(value)))
    values[alias[at] or at] = value
    if #value >= HEAD + MAX_DUE_TIMES * PAIR then return 'n', count end
  end
end

function write.s(at, args)
  local value, window = loaded(at), ARGV[args + 2] + 0
  value = value and with_window(value, window) or join_pairs(stamp, 0, window, '')
  save_slots(at, add_pair(value, ARGV[args + 3] + 0, 1))
end

-- @section settle
function give_back.s(at, args, taken)
  local value = load(at, merge_slots)
  if not value or taken < read('>I6', value, 2) then return end
  save_slots(at, add_pair(value, ARGV[args + 3] + 0, -1))
end

-- @section inspect
function look.s(at, args)
  local value = load(at, merge_slots)
  if not value then return 0, 0 end
  local count = count_slots(value, ARGV[args + 3] + 0, ARGV[args + 2] + 0)
  if count >= ARGV[args + 1] + 0 then return count end
  return count, 0
end

-- `block`: the latest end that is final, in milliseconds, then stamp and length of the last 8 activations.
--
-- Operations: `r` reads. `x` activates: window.

local ACTIVATION = 10

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

-- @section read
local function look_block(at)
  local value = load(at, merge_block)
  return value and max(0, end_of(value) - now) or 0
end

-- @section write
local function save_block(at, value)
  local left = end_of(value) - now
  save(at, left > 0 and value, left)
end

-- @section take
local MAX_ACTIVATIONS = 8

function check.r(at)
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
end

-- @section settle
function give_back.r() end

function give_back.x(at, args, taken)
  local value = load(at, merge_block)
  if not value then return end
  for index = #value - ACTIVATION + 1, 7, -ACTIVATION do
    local activated, window = read('>I6I4', value, index)
    if activated == taken and window == ARGV[args + 1] + 0 then
      return save_block(at, sub(value, 1, index - 1) .. sub(value, index + ACTIVATION))
    end
  end
end

-- @section inspect
function look.r(at)
  local left = look_block(at)
  return left > 0 and 1 or 0, left
end
look.x = look.r

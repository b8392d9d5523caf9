-- Amounts by whole number, for sub-buckets and slots: one byte that makes the length odd, the stamp of the first take,
-- the sum, the longest window that the counter was written with, then pairs of index and amount in order of index. A
-- take from before a release has an older stamp than the first one, so it cannot be given back to what came later.

local HEAD, PAIR = 19, 16

local function is_pairs(value)
  return #value % 2 == 1
end

local function window_of_pairs(value)
  return (read('>I4', value, 16))
end

local function join_pairs(first, sum, window, text)
  return 'p' .. pack('>I6dI4', first, sum, window) .. text
end

-- Calls `see` with the index and the amount of each pair.
local function each_pair(value, see)
  for at = HEAD + 1, #value, PAIR do
    local index, amount = read('>dd', value, at)
    see(index, amount)
  end
end

local function add_pair(value, index, amount)
  local at, found, held = #value - PAIR + 1, -1, 0
  while at > HEAD do
    found, held = read('>dd', value, at)
    if found <= index then break end
    at = at - PAIR
  end
  local first, sum, window = read('>I6dI4', value, 2)
  if at <= HEAD or found < index then
    if amount < 0 then return value end
    local text = sub(value, HEAD + 1, at + PAIR - 1) .. pack('>dd', index, amount) .. sub(value, at + PAIR)
    return join_pairs(first, sum + amount, window, text)
  end
  local left = max(0, held + amount)
  local pair = left > 0 and pack('>dd', index, left) or ''
  local text = sub(value, HEAD + 1, at - 1) .. pair .. sub(value, at + PAIR)
  -- The order matters: `sum + left` may exceed what a double holds exactly.
  return join_pairs(first, sum + (left - held), window, text)
end

local function merge_pairs(value, old)
  each_pair(old, function(index, amount) value = add_pair(value, index, amount) end)
  return value
end

-- @section write
local function drop_pairs(value, least)
  local at, gone = HEAD + 1, 0
  while at < #value do
    local index, amount = read('>dd', value, at)
    if index >= least then break end
    at, gone = at + PAIR, gone + amount
  end
  if at == HEAD + 1 then return value end
  local first, sum, window = read('>I6dI4', value, 2)
  return join_pairs(first, sum - gone, window, sub(value, at))
end

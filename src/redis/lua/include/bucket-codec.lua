-- Amounts by whole number, for sub-buckets and slots: one byte that makes the length odd, the stamp of the first take,
-- the sum, then pairs of index and amount in order of index. A take from before a release has an older stamp than the
-- first one, so it cannot be given back to what was taken later.

local HEAD, PAIR = 15, 16

local function is_pairs(value)
  return #value % 2 == 1
end

local function join_pairs(first, sum, text)
  return 'p' .. pack('>I6d', first, sum) .. text
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
  -- The order matters: `sum + left` may exceed what a double holds exactly.
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
end

-- @section read
local function pair_of(value, index)
  for at = #value - PAIR + 1, HEAD + 1, -PAIR do
    local found, amount = read('>dd', value, at)
    if found == index then return amount end
    if found < index then return 0 end
  end
  return 0
end

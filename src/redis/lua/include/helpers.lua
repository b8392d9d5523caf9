-- Functions that all kinds of rules share. TAKE runs them inside a function: a message on the fast path does not pay
-- for them.

local max, min, format = math.max, math.min, string.format

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

-- @section stamps
local function ms_of(taken)
  return floor(taken / 50)
end

-- @section write
local function loaded(at)
  return values[alias[at] or at]
end

-- @section save
local function save(at, value, live)
  at = alias[at] or at
  values[at], lives[at] = value, max(1, live) + spare
end

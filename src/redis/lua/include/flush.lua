-- Writes every counter that changed.

for at = 1, #KEYS do
  local live = lives[at]
  if live then
    local value = values[at]
    if value then call('PSETEX', KEYS[at], live, value) else call('DEL', KEYS[at]) end
    if previous[at] then call('DEL', KEYS[at + 1]) end
  end
end

-- @section shared
-- One list for all keys, and layouts by the number of sections: a batch has many keys.
local parts, layouts = {}, {}

-- Writes the only section of a key, which has no other.
local function flush_only(at)
  local slot = at + stride
  local value, live = values[slot], lives[slot]
  if not live then return end
  if not value then return call('DEL', KEYS[at]) end
  local ended = now + live
  ended = (ended - ended % 1000) / 1000 + 1
  call('PSETEX', KEYS[at], live, pack('>I2c8I4I2c0', 1, tag_of[1], ended, #value, value))
end

-- Writes the sections of a key, when one of them changed.
local function flush_value(at, is_changed)
  local size, latest, longest = 1, 0, nil
  for number = 1, #tag_of do
    local slot = at + stride * number
    local value, live = values[slot], lives[slot]
    if live then
      local ended = now + live
      ends_of[slot], is_changed = (ended - ended % 1000) / 1000 + 1, true
    end
    if value then
      local ended = ends_of[slot]
      parts[size + 1], parts[size + 2], parts[size + 3], parts[size + 4] = tag_of[number], ended, #value, value
      if ended > latest then latest, longest = ended, live end
      size = size + 4
    end
  end
  if not is_changed then return end
  if size == 1 then return call('DEL', KEYS[at]) end
  -- The life of a rule is a text, which Redis takes in a quarter of the time of a number.
  longest = longest or latest * 1000 - now
  if size == 5 then
    return call('PSETEX', KEYS[at], longest, pack('>I2c8I4I2c0', 1, parts[2], parts[3], parts[4], parts[5]))
  end
  parts[1] = (size - 1) / 4
  local layout = layouts[parts[1]]
  if not layout then
    layout = '>I2' .. string.rep('c8I4I2c0', parts[1])
    layouts[parts[1]] = layout
  end
  call('PSETEX', KEYS[at], longest, pack(layout, unpack(parts, 1, size)))
end

-- Sections that were merged with the ones under the previous secret leave its key, if any of the key is written.
local function flush_both(at)
  local is_changed, is_moved = false, false
  for number = 1, #tag_of do is_changed = is_changed or lives[at + stride * number] ~= nil end
  if not is_changed then return end
  for number = 1, #tag_of do
    local slot = at + stride * number
    if previous[slot] then
      if not lives[slot] and ends_of[slot + 1] > (ends_of[slot] or 0) then ends_of[slot] = ends_of[slot + 1] end
      values[slot + 1], is_moved = false, true
    end
  end
  flush_value(at, true)
  flush_value(at + 1, is_moved)
end

local flush = per_rule == 2 and flush_both or #tag_of == 1 and flush_only or flush_value
for at = 1, #KEYS do
  if opened[at] then flush(at) end
end

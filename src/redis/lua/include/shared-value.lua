-- The value of a number, an address or another text: a section for each rule that counts under it, so that a message writes
-- one key. A section is its tag, the second when it ends, its length and its value. The tag is the letter of the kind and 8
-- characters of the name of the rule; the kinds describe their values.
--
-- A section has a place among `values`, as a key has: the place of its key, and the number of keys for each tag before and
-- including its own.

local stride = #KEYS
local tags, tag_of, ends_of, opened = {}, {}, {}, {}

local function number_of(tag)
  local number = tags[tag]
  if not number then
    number = #tag_of + 1
    tags[tag], tag_of[number] = number, tag
  end
  return number
end

local function read_value(at)
  local value, from, count = values[at], 3, 0
  if not value then return end
  local tag, ended, section
  while from <= #value do
    tag, ended, section, from = read('>c8I4I2c0', value, from)
    count = count + 1
    -- The key lives as long as its last section.
    if ended * 1000 > now then
      local slot = at + stride * number_of(tag)
      values[slot], ends_of[slot] = section, ended
    end
  end
  -- A value that somebody cut would count too little.
  if byte(value, 2) ~= count % 256 then error('a damaged value') end
end

local function open_value(at)
  opened[at] = true
  read_value(at)
  if per_rule == 2 then read_value(at + 1) end
end

-- The place of a section.
local function section_at(at, tag)
  at = alias[at] or at
  if not opened[at] then open_value(at) end
  return at + stride * number_of(tag)
end

-- @section place
local TAG_AT, PLACE_AT = 4 + per_rule, 5 + per_rule

-- @section rules
-- The place of the counter of a rule.
local function counter_at(key, args)
  local at, tag = key + ARGV[args + PLACE_AT], ARGV[args + TAG_AT]
  return tag == '' and at or section_at(at, tag)
end

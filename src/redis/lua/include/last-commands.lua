-- The last commands of a number in its value, so that a command that is sent twice counts once without a key of its own.

-- Returns the reply to an earlier copy of a command.
local function reply_in(value, life)
  local from = 1
  while value and from <= #value do
    local known, taken, text
    known, taken, text, from = read(COMMAND, value, from)
    if known == command and stamp - taken < life * 50 then
      local rest = taken % 50000
      return string.format('%.0f %.0f\n', (taken - rest) / 50000, rest * 20) .. text
    end
  end
end

local function earlier_reply(at, life)
  local slot = section_at(at, COMMANDS)
  return reply_in(values[slot], life) or per_rule == 2 and reply_in(values[slot + 1], life) or nil
end

-- @section write
-- Adds a command to a value that is written anyway. Returns false when it needs a key of its own.
local function keep_command(at, life, text)
  local is_written = false
  for number = 1, #tag_of do is_written = is_written or lives[at + stride * number] ~= nil end
  if not is_written or #text > MAX_LINE then return false end
  local slot, from, first = section_at(at, COMMANDS), 1, 1
  local value = values[slot] or ''
  while from <= #value do
    local _, taken, _, following = read(COMMAND, value, from)
    if first == from and stamp - taken >= life * 50 then first = following end
    from = following
  end
  value = sub(value, first)
  if #value > MAX_COMMANDS then return false end
  values[slot], lives[slot] = value .. pack(COMMAND, command, stamp, #text, text), life + spare
  return true
end

-- Forgets counters, unless the command is late.
--
-- KEYS       of the rules
--
-- ARGV       see include/prelude.lua
-- text 4…    for each rule the tag of its section, or empty when it has a key of its own; and the place of its key
--
-- Reply: nil, or the server time in milliseconds when the command was late and forgot nothing.

-- @include prelude write
if ARGV[0] ~= '' and now > ARGV[0] + 0 then return now end
-- @include find-aliases
-- @include shared-value
for argument = 4, text_count, 2 do
  local tag, key = ARGV[argument], 1 + ARGV[argument + 1]
  if tag == '' then
    for at = key, key + per_rule - 1 do call('DEL', KEYS[at]) end
  else
    local at = section_at(key, tag)
    for slot = at, at + per_rule - 1 do values[slot], lives[slot] = false, spare end
  end
end
-- @include flush shared

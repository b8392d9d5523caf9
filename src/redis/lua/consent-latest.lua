-- Reads the latest choice of each person.
--
-- KEYS       entries of each person
--
-- Reply: for each person the entry as JSON, or an empty string.

-- @include consent-latest-choice
local found = {}
for index, entries in ipairs(KEYS) do
  local member = latest(entries)
  found[index] = member and string.sub(member, 19) or ''
end
return found

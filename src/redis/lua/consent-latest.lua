-- Reads the latest choice of each person.
--
-- KEYS       entries of each person
--
-- Reply: for each person the entry as JSON, or an empty string.

-- @include consent-latest-choice
local found = {}
for place, entries in ipairs(KEYS) do
  local member = latest(entries)
  found[place] = member and string.sub(member, 19) or ''
end
return found

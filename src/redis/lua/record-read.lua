-- Reads a record. KEYS and ARGV: see include/record.lua.
--
-- Reply: milliseconds until its end, version and text, with spaces between them; nil when there is none.

-- @include record
local ends, version, text = load()
if not ends then return false end
return string.format('%.0f', ends - now) .. ' ' .. version .. ' ' .. text

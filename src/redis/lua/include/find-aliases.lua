-- Maps a key that occurs twice to its first occurrence, so that both are one counter.

local first = {}
for at = 1, #KEYS do
  local key = KEYS[at]
  if first[key] then alias[at] = first[key] else first[key] = at end
end

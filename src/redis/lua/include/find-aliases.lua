-- Maps a key that occurs twice to its first occurrence, so that both are one counter.

local first_of = {}
for at = 1, #KEYS do
  local key = KEYS[at]
  if first_of[key] then alias[at] = first_of[key] else first_of[key] = at end
end

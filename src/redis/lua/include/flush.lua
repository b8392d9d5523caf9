-- Writes every counter that changed.

for at = 1, #KEYS do
  local live = lives[at]
  if live then
    local value = values[at]
    if value then call('PSETEX', KEYS[at], live, value) else call('DEL', KEYS[at]) end
    if previous[at] then call('DEL', KEYS[at + 1]) end
  end
end

-- Returns the latest member that is a choice, not a pending opt-in, and its score.

local function latest(entries)
  local from = 0
  while true do
    local some = redis.call('ZREVRANGE', entries, from, from + 3, 'WITHSCORES')
    if #some == 0 then return nil end
    for at = 1, #some, 2 do
      if string.sub(some[at], 17, 17) ~= 'q' then return some[at], some[at + 1] end
    end
    from = from + 4
  end
end

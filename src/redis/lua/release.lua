-- Deletes counters, unless the command is late.
--
-- KEYS       counters
-- ARGV[1]    server time in milliseconds after which the command is too late, or empty
--
-- Reply: nil, or the server time in milliseconds when the command was late and deleted nothing.

if ARGV[1] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000
  if now > ARGV[1] + 0 then return now end
end
for at = 1, #KEYS do redis.call('DEL', KEYS[at]) end

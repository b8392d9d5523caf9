-- Runs every command that the scripts use: a user may be allowed to run scripts but not those commands, and a server
-- may refuse to write. In a cluster a node is described only here, because a command without keys goes to any node.
--
-- KEYS[1]    a key of its own
--
-- ARGV       one command each; `$` stands for the key
--
-- Reply: the description of the server, or an empty text when it was denied; then, for each command that failed, its
-- name and the error.

local info = redis.pcall('INFO')
local reply = { type(info) == 'string' and info or '' }
for _, line in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(line, '%S+') do
    words[#words + 1] = word == '$' and KEYS[1] or word
  end
  local result = redis.pcall(unpack(words))
  if type(result) == 'table' and result.err then reply[#reply + 1] = words[1] .. ' ' .. result.err end
end
return reply

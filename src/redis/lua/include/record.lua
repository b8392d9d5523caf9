-- Records with a version. A value is the time when the record ends (server time in milliseconds), the version and the
-- text, with spaces between them.
--
-- KEYS[1]    the record
-- KEYS[2]    the record under the previous secret, while a secret is changed
-- ARGV[1]    seconds of a test clock, or empty
-- ARGV[2]    microseconds of a test clock, or empty

local seconds, micros = ARGV[1], ARGV[2]
if seconds == '' then
  local time = redis.call('TIME')
  seconds, micros = time[1], time[2]
end
local now = seconds * 1000 + (micros - micros % 1000) / 1000

-- Returns the end, the version and the text of the live record; nothing when there is none.
local function load()
  for at = 1, #KEYS do
    local value = redis.call('GET', KEYS[at])
    if value then
      local ends, version, text = string.match(value, '^(%d+) (%S+) (.*)$')
      if ends + 0 > now then return ends + 0, version, text end
    end
  end
end

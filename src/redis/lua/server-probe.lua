-- Calls every command that the scripts use: a user may be allowed to run scripts but not those commands.
--
-- KEYS[1]    a key of its own
--
-- Reply: none.

redis.call('TIME')
redis.call('MGET', KEYS[1])
redis.call('PSETEX', KEYS[1], 1000, '')
redis.call('PEXPIRE', KEYS[1], 1000)
redis.call('DEL', KEYS[1])

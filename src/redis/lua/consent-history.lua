-- Reads all entries of a person, oldest first.
--
-- KEYS[1]    entries of the person
--
-- Reply: the members.

return redis.call('ZRANGE', KEYS[1], 0, -1)

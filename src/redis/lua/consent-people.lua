-- Lists people, one page at a time.
--
-- KEYS[1]    people
-- ARGV[1]    lower bound, as in ZRANGEBYLEX
-- ARGV[2]    page size
--
-- Reply: keys of people.

return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])

-- The scripts of src/redis/lua, as ci/embed-lua.mjs puts them together: Lua 5.1 in the sandbox of Redis and Valkey.
stds.redis = { read_globals = { 'ARGV', 'KEYS', 'bit', 'redis', 'struct' } }
std = 'lua51+redis'
-- They share one file of functions, of which each uses a part.
files['doubt-*.lua'] = { ignore = { '211' } }

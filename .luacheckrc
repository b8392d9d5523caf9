-- The scripts of src/redis/lua, as ci/embed-lua.mjs puts them together: Lua 5.1 in the sandbox of Redis and Valkey.
stds.redis = { read_globals = { 'ARGV', 'KEYS', 'bit', 'redis', 'struct' } }
std = 'lua51+redis'
-- They share one file of functions, of which each uses a part.
files['doubt-*.lua'] = { ignore = { '211' } }
-- And these use a part of the beginning and of shared values.
for _, name in ipairs({ 'inspect', 'recall', 'release' }) do
  files[name .. '.lua'] = { ignore = { '211/per_rule_arguments', '211/previous', '211/stamp', '211/pack', '211/sub', '211/byte', '241/ends_of' } }
end

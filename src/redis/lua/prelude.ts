/**
 * What the scripts begin with. The text of a script never changes, so a server compiles it once.
 *
 * `ARGV[1]` and `ARGV[2]` are empty, or seconds and microseconds by the clock of a test. `ARGV[3]` is how many keys a
 * rule has: 1, or 2 while a secret is changed (the second is the same counter under the former secret). A rule takes
 * `4 + ARGV[3]` arguments: its operation, three numbers or names, how long its key lives at most, and then the former
 * name of what it names.
 *
 * A stamp is the server's time in units of 20 microseconds: 48 bits hold it until 2148, and two takes that a release
 * lies between do not have the same one, so it says which take it belongs to.
 *
 * Every key is read once, with one `MGET`, and written at the end: a batch reads and writes a shared counter once.
 */
export const PRELUDE = `
local KEYS, ARGV = KEYS, ARGV
local call, pack, read, byte, sub = redis.call, struct.pack, struct.unpack, string.byte, string.sub
local seconds, micros, spare = ARGV[1], ARGV[2], 3600000
if seconds == '' then
  local time = call('TIME')
  seconds, micros, spare = time[1], time[2], 1000
end
local stamp = seconds * 50000 + (micros - micros % 20) / 20
local now = seconds * 1000 + (micros - micros % 1000) / 1000
local per_rule = ARGV[3] + 0
local per_rule_arguments = 4 + per_rule
local values = call('MGET', unpack(KEYS))
local lives, alias, former = {}, {}, {}
`;

/** Ends a script: what was changed is written. */
export const FLUSH = `
for at = 1, #KEYS do
  local live = lives[at]
  if live then
    local value = values[at]
    if value then call('PSETEX', KEYS[at], live, value) else call('DEL', KEYS[at]) end
    if former[at] then call('DEL', KEYS[at + 1]) end
  end
end
`;

/** What the kinds share. Inside a function, so that a send that needs none of it does not pay for making it. */
export const SHARED = `
local max, min, format = math.max, math.min, string.format

local function floor(value)
  return value - value % 1
end

local function load(at, merge)
  at = alias[at] or at
  local value = values[at]
  if per_rule == 2 and values[at + 1] and not former[at] then
    value = value and merge(value, values[at + 1]) or values[at + 1]
    values[at], former[at] = value, true
  end
  return value
end

local function loaded(at)
  return values[alias[at] or at]
end

local function save(at, value, live)
  at = alias[at] or at
  values[at], lives[at] = value, max(1, live) + spare
end

local function ms_of(word)
  return floor(word / 50)
end
`;

/** A key that comes twice is one counter. */
export const FIND_ALIASES = `
local first = {}
for at = 1, #KEYS do
  local key = KEYS[at]
  if first[key] then alias[at] = first[key] else first[key] = at end
end
`;

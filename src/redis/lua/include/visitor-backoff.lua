-- `visitor-backoff`: for each visitor a name of 16 characters, a length, and the value of a `backoff`. The visitor with
-- the latest grant is at the end; beyond 32 the first one is forgotten.
--
-- Operation `l`: `baseMs`, `maxMs`, `forgetMs`, visitor; then the visitor under the previous secret.

local VISITOR = 18

local function merge_visitors(value, old)
  return old .. value
end

-- Calls `see` with the name of each visitor and the value of its wait.
local function each_visitor(value, see)
  local at = 1
  while at <= #value do
    local name, length = read('>c16I2', value, at)
    see(name, sub(value, at + VISITOR, at + VISITOR + length - 1))
    at = at + VISITOR + length
  end
end

local function is_visitor(name, args)
  return name == ARGV[args + 4] or (per_rule == 2 and name == ARGV[args + 5])
end

-- @section write
local MAX_VISITORS = 32

local function save_visitors(at, visitors)
  local parts, longest = {}, 0
  for index = max(1, #visitors - MAX_VISITORS + 1), #visitors do
    local name, wait = visitors[index][1], visitors[index][2]
    local live = live_backoff(wait)
    if live > 0 then
      parts[#parts + 1], longest = pack('>c16I2', name, #wait) .. wait, max(longest, live)
    end
  end
  save(at, #parts > 0 and table.concat(parts), longest)
end

-- @section take
local function visitor_wait(value, args)
  local found
  each_visitor(value or '', function(name, wait)
    if is_visitor(name, args) then found = wait end
  end)
  return found
end

function check.l(at, args)
  local count, wait = look_wait(visitor_wait(load(at, merge_visitors), args), args)
  if wait > 0 then return 's', count, wait end
end

function write.l(at, args)
  local visitors, found = {}, nil
  each_visitor(loaded(at) or '', function(name, wait)
    if is_visitor(name, args) then found = wait else visitors[#visitors + 1] = { name, wait } end
  end)
  local value, wait = with_grant(found, args)
  visitors[#visitors + 1] = { ARGV[args + 4], value }
  save_visitors(at, visitors)
  return wait
end

-- @section settle
function give_back.l(at, args, taken)
  local value = load(at, merge_visitors)
  if not value then return end
  local visitors = {}
  each_visitor(value, function(name, wait)
    local left = is_visitor(name, args) and without_grant(wait, taken)
    visitors[#visitors + 1] = { name, left or wait }
  end)
  save_visitors(at, visitors)
end

-- @section inspect
function look.l(at, args)
  local most, longest = 0, 0
  each_visitor(load(at, merge_visitors) or '', function(name, value)
    if ARGV[args + 4] ~= '' and not is_visitor(name, args) then return end
    local count, wait = look_wait(value, args)
    if wait > longest or (wait == longest and count > most) then most, longest = count, wait end
  end)
  return most, longest
end

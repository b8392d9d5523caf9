-- `known`: for each member a name of 16 characters and the end of its time in milliseconds. The member that was
-- remembered last is at the end; beyond 16 the first one is forgotten.
--
-- Operations: `k` reads: length of the time, member; then the member under the previous secret. `n` remembers.

-- @section read
local MEMBER = 22

local function merge_members(value, old)
  return old .. value
end

local function is_member(name, args)
  return name == ARGV[args + 2] or (per_rule == 2 and name == ARGV[args + 5])
end

-- Returns the number of members whose time is not over, and when that of this member ends.
local function look_known(at, args)
  local value, count, ends = load(at, merge_members) or '', 0, 0
  for index = 1, #value, MEMBER do
    local name, until_ms = read('>c16I6', value, index)
    if until_ms > now then
      count = count + 1
      if is_member(name, args) then ends = until_ms end
    end
  end
  return count, ends
end

-- @section take
local MAX_MEMBERS = 16

function check.k(at, args)
  local count, ends = look_known(at, args)
  if ends > 0 then return 'k', count, ends - now end
end
check.n = check.k

function write.k() end

function write.n(at, args)
  local ends, kept, longest = now + ARGV[args + 1], {}, 0
  local value = loaded(at) or ''
  for index = 1, #value, MEMBER do
    local name, until_ms = read('>c16I6', value, index)
    if is_member(name, args) then
      ends = max(ends, until_ms)
    elseif until_ms > now then
      kept[#kept + 1], longest = sub(value, index, index + MEMBER - 1), max(longest, until_ms)
    end
  end
  kept[#kept + 1] = pack('>c16I6', ARGV[args + 2], ends)
  if #kept > MAX_MEMBERS then table.remove(kept, 1) end
  save(at, table.concat(kept), max(longest, ends) - now)
end

-- @section settle
function give_back.k() end
function give_back.n() end

-- @section inspect
function look.k(at, args)
  return look_known(at, args), 0
end
look.n = look.k

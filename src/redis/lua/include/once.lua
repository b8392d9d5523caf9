-- `once`: the open take (stamp, lease, window, fingerprint), then the settled record (time in milliseconds, window,
-- fingerprint, result). A take may cover a settled record that has left its own shorter window; giving the take back
-- restores the record. An open take without a lease counts as settled after 15 minutes.
--
-- Operation `o`: fingerprint, window, lease or 0; then the fingerprint under the previous secret.

local LEASE, NO_FINGERPRINT = 900000, string.rep('-', 16)

local function read_once(value)
  if not value then return 0, 0, 0, NO_FINGERPRINT, 0, 0, NO_FINGERPRINT, '' end
  local taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint = read('>I6I4I4c16I6I4c16', value)
  local result = sub(value, 57)
  if taken > 0 and lease == 0 and ms_of(taken) + LEASE <= now then
    return 0, 0, 0, NO_FINGERPRINT, ms_of(taken) + LEASE, window, fingerprint, ''
  end
  return taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint, result
end

local function merge_once(value)
  return value
end

-- @section read
local function is_same(fingerprint, args)
  return fingerprint == ARGV[args + 1] or (per_rule == 2 and fingerprint == ARGV[args + 5])
end

-- Returns the reason for a refusal, the wait, and the kept result; nothing when the rule admits.
local function look_once(at, args)
  local value = load(at, merge_once)
  if not value then return end
  local taken, lease, _, fingerprint, settled, kept_window, kept_fingerprint, result = read_once(value)
  local lease_left = ms_of(taken) + lease - now
  if taken > 0 and (lease == 0 or lease_left > 0) then
    return is_same(fingerprint, args) and 'p' or 'c', lease > 0 and lease_left or nil
  end
  local left = settled + min(kept_window, ARGV[args + 2] + 0) - now
  if left <= 0 then return end
  if is_same(kept_fingerprint, args) then return 'd', left, result end
  return 'c', left
end

-- @section write
local function save_once(at, taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint, result)
  if taken == 0 and settled == 0 then return save(at, false, 0) end
  local head = pack('>I6I4I4c16I6I4c16', taken, lease, window, fingerprint, settled, kept_window, kept_fingerprint)
  local open_live = taken > 0 and ms_of(taken) + LEASE + window - now or 0
  save(at, head .. result, max(open_live, settled + kept_window - now))
end

-- @section take
function check.o(at, args)
  local reason, wait, result = look_once(at, args)
  if reason then return reason, 1, wait, result end
end

function write.o(at, args)
  local _, _, _, _, settled, kept_window, kept_fingerprint, result = read_once(loaded(at))
  local window, lease = ARGV[args + 2] + 0, ARGV[args + 3] + 0
  save_once(at, stamp, lease, window, ARGV[args + 1], settled, kept_window, kept_fingerprint, result)
end

-- @section settle
function give_back.o(at, _, taken)
  local value = load(at, merge_once)
  local open, _, _, _, settled, kept_window, kept_fingerprint, result = read_once(value)
  if open == taken then save_once(at, 0, 0, 0, NO_FINGERPRINT, settled, kept_window, kept_fingerprint, result) end
end

function keep.o(at, _, taken, _moved, result)
  local value = load(at, merge_once)
  local open, _, window, fingerprint = read_once(value)
  if open == taken then save_once(at, 0, 0, 0, NO_FINGERPRINT, now, window, fingerprint, result) end
end

-- @section inspect
function look.o(at, args)
  local reason, wait = look_once(at, args)
  if not reason then return 0, 0 end
  return 1, wait
end

-- Lists places in alert, of those that were in alert when they were last looked at.
--
-- KEYS[1]    places in alert
-- KEYS[2]    world
-- KEYS[3…]   pairs: a key, and the same under the previous secret or a name that no key has
--
-- ARGV       see include/prelude.lua
-- text 4     most places to name, or empty
-- text 5…    for each pair the place: letter, `1` or `2` for who passed a test, name
--
-- Reply: with text 4 the latest places, one a line. Otherwise, for each pair that is in alert now, its index from 0, doubt,
-- limit, age and wait for the next one.

-- @include prelude
-- @include helpers
if ARGV[4] ~= '' then return table.concat(call('ZREVRANGE', KEYS[1], 0, ARGV[4] - 1), '\n') end
-- @include doubt-formats
-- @include doubt letters
local everybody = holder_of(2, read_world, pack_world)
local is_asking = everybody.action == 97
per_day[P.POOL] = is_asking and P.POLICIES.ask.forgottenPerDay[6] or P.POLICIES.refuse.forgottenPerDay[6]
local fade = is_asking and P.POLICIES.ask.fade or P.POLICIES.refuse.fade
local lines = {}
for argument = 5, text_count do
  local at = 3 + 2 * (argument - 5)
  local place, index = find(LETTERS, sub(ARGV[argument], 1, 1), 1, true) - 1, sub(ARGV[argument], 2, 2) + 0
  values[at] = values[at] or values[at + 1]
  local holder
  if place == P.POOL then holder = everybody
  elseif place == P.COUNTRY then holder = read_country(values[at])
  elseif place == P.RANGE then holder = read_range(values[at])
  elseif place == P.ADDRESS then holder = read_address(values[at])
  elseif place == P.NUMBER then holder = read_person(values[at])
  else holder = read_block(values[at]) end
  local cell = holder[place == P.CROWD and index + 2 or index]
  if not cell or not cell.is_alert then
    call('ZREM', KEYS[1], ARGV[argument])
  else
    local doubt = doubt_of(cell, place)
    if doubt > cell.budget * (place == P.POOL and P.POOL_FADE or fade) then
      local factor = place == P.COUNTRY and not is_asking and P.POLICIES.refuse.countryFactor or 1
      lines[#lines + 1] = format('%d %.0f %.0f %.0f %.0f', argument - 5, floor(doubt), floor(cell.budget * factor),
        now - cell.since, math.ceil(max(0, cell.next - now)))
    else
      call('ZREM', KEYS[1], ARGV[argument])
    end
  end
end
return table.concat(lines, '\n')

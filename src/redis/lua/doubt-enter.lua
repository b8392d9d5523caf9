-- Records how a code ended. A command that is sent twice counts once: what is known of the number says that it was counted.
--
-- KEYS       as in include/doubt.lua, then pairs: two names of each further address and subject
--
-- ARGV       see include/prelude.lua
-- text 4     `e` entered, `o` the person got in another way, `f` fraud
-- text 5…    texts of the rule
-- then       for each pair `i` (address) or `s` (subject), and its names as include/doubt.lua stores them
--
-- Reply: empty; or `late` and the server time in milliseconds; or `again` and the pairs that are missing, one a line: nothing was recorded.

-- @include prelude write
if ARGV[0] ~= '' and now > ARGV[0] + 0 then return 'late ' .. string.format('%.0f', now) end
-- @include helpers save
local flush_doubt
-- @include doubt-formats cells
-- @include doubt figures siege write count new letters ends settled outcome
local addresses, subjects = {}, {}
read_rule(1, 5)
local pairs_at = rule.first + 6 + (rule.subject and per_rule or 0)
for argument = 5 + per_rule_arguments, text_count do
  local known = sub(ARGV[argument], 1, 1) == 'i' and addresses or subjects
  known[sub(ARGV[argument], 2)] = pairs_at
  if values[pairs_at + 1] then
    values[pairs_at], previous[pairs_at] = values[pairs_at] or values[pairs_at + 1], true
  end
  pairs_at = pairs_at + 2
end
aim()
local own = rule.subject and names_of(rule.subject) or ''
local missing = ''
local function want(letter, names, known)
  if names ~= '' and not known[names] then missing = missing .. '\n' .. letter .. names end
end
want('i', person.address, addresses)
if person.asked_address ~= person.address then want('i', person.asked_address, addresses) end
if ARGV[4] == 'e' and own ~= '' and person.other ~= own and is_live(person) then want('s', person.other, subjects) end
if missing ~= '' then return 'again' .. missing end
prepare()
if ARGV[4] == 'f' then
  accuse_doubt(addresses)
elseif not person.is_entered then
  local is_entered = ARGV[4] == 'e'
  if not person.is_known then
    settle_doubt(is_entered, addresses)
  elseif is_entered then
    world.known_entered = world.known_entered + 1
    touch(world)
  end
  person.is_entered = person.codes > 0
  person.asked, person.asked_at, person.asked_address = 0, 0, ''
  touch(person)
end
if ARGV[4] == 'e' then remember(subjects) end
flush_doubt()
-- @include flush
return ''

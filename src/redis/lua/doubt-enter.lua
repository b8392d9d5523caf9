-- Records how a code ended. A command that is sent twice counts once: what is known of the number says that it was counted.
--
-- KEYS       as in include/doubt.lua, then pairs: two names of each further address and subject
--
-- ARGV[1…3]  clock and keys per rule, see include/prelude.lua
-- ARGV[4]    server time in milliseconds after which the command is too late, or empty
-- ARGV[5]    `e` entered, `o` the person got in another way, `f` fraud
-- ARGV[6…]   arguments of the rule
-- then       for each pair `i` (address) or `s` (subject), and its names as include/doubt.lua stores them
--
-- Reply: empty; or `late` and the server time in milliseconds; or `again` and the pairs that are missing, one a line: nothing was recorded.

-- @include prelude write
if ARGV[4] ~= '' and now > ARGV[4] + 0 then return 'late ' .. string.format('%.0f', now) end
-- @include helpers save
local flush_doubt
-- @include doubt-formats cells
-- @include doubt figures siege write count new letters ends settled outcome
local addresses, subjects = {}, {}
read_rule(1, 6)
local pairs_at = rule.first + 6 + (rule.subject and per_rule or 0)
for argument = 6 + per_rule_arguments, #ARGV do
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
if ARGV[5] == 'e' and own ~= '' and person.other ~= own and is_live(person) then want('s', person.other, subjects) end
if missing ~= '' then return 'again' .. missing end
prepare()
if ARGV[5] == 'f' then
  accuse_doubt(addresses)
elseif not person.is_entered then
  local is_entered = ARGV[5] == 'e'
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
if ARGV[5] == 'e' then remember(subjects) end
flush_doubt()
-- @include flush
return ''

-- The keys that a rule of doubt has besides its first ones, from the arguments of the last rule of a message.

local function further_keys(args)
  local op = string.byte(ARGV[args])
  if op ~= 112 and op ~= 80 then return 0 end
  local flags = ARGV[args + 2]
  return 6 + (sub(flags, 4, 4) == 'i' and per_rule or 0) + (sub(flags, 5, 5) == 's' and per_rule or 0)
end

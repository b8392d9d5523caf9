import { BACKOFF, LOOK_BACKOFF, SETTLE_BACKOFF, TAKE_BACKOFF } from './backoff.ts';
import { BAR, LOOK_BAR, SETTLE_BAR, TAKE_BAR } from './bar.ts';
import { DISTINCT, LOOK_DISTINCT, SETTLE_DISTINCT, TAKE_DISTINCT } from './distinct.ts';
import { LOOK_ONCE, ONCE, SETTLE_ONCE, TAKE_ONCE } from './once.ts';
import { PAIRS } from './pairs.ts';
import { FIND_ALIASES, FLUSH, PRELUDE, SHARED } from './prelude.ts';
import { LOOK_SLOT, SETTLE_SLOT, SLOT, TAKE_SLOT } from './slot.ts';
import { PLAIN } from './usual-cases.ts';
import { LOOK_WINDOW, SETTLE_WINDOW, TAKE_WINDOW, WINDOW } from './window.ts';

const KINDS = SHARED + PAIRS + WINDOW + SLOT + BACKOFF + ONCE + BAR + DISTINCT;

/**
 * Takes a list of messages, each whole or not at all, in order.
 *
 * `KEYS[1]` is the record of this command: its answer, so that a command sent twice counts once. `ARGV[4]` is the server
 * time in milliseconds after which the command comes too late, or empty; `ARGV[5]` how long the record lives; `ARGV[6]`
 * is not empty when a key comes twice. Then comes for every message the number of its rules and their arguments, or `=` and
 * how many messages more have the same ones.
 *
 * The answer: seconds and microseconds of the server, then a line a message, `g` or `r`, with the wait that a backoff
 * has started; after `;` what each rule found: its index, reason, count, wait and result. `=` stands before the answer
 * to a command that came before.
 */
export const TAKE = `${PRELUDE}
if values[1] then return '=' .. values[1] end
local time_text = seconds .. ' ' .. micros
if ARGV[4] ~= '' and now > ARGV[4] + 0 then return time_text .. '\\nlate' end
if ARGV[6] ~= '' then ${FIND_ALIASES} end

local check, write
local function make_kinds()
  check, write = {}, {}
  ${KINDS}${TAKE_WINDOW}${TAKE_SLOT}${TAKE_BACKOFF}${TAKE_ONCE}${TAKE_BAR}${TAKE_DISTINCT}
end

-- Any message: everything is looked at before anything is written.
local function decide(count, from, key)
  if not check then make_kinds() end
  local is_refused, over, findings = false, {}, ''
  for rule = 0, count - 1 do
    local args = from + rule * per_rule_arguments
    local op = ARGV[args]
    local kind = string.lower(op)
    local reason, observed, wait, result = check[kind](key + rule * per_rule, args)
    if reason then
      findings = findings .. string.format(';%d %s %.0f ', rule, reason, observed)
        .. (wait and string.format('%.0f', wait) or '') .. ' ' .. (result or '')
      -- Upper case is monitor mode.
      if kind == op then is_refused = true else over[rule] = true end
    end
  end
  if is_refused then return 'r' .. findings end
  local longest = 0
  for rule = 0, count - 1 do
    if not over[rule] then
      local args = from + rule * per_rule_arguments
      local wait = write[string.lower(ARGV[args])](key + rule * per_rule, args)
      if wait and wait > longest then longest = wait end
    end
  end
  return 'g' .. (longest > 0 and string.format('%.0f', longest) or '') .. findings
end
${PLAIN}
local after, after_lives = {}, {}

-- A message of plain cases only; nothing when there is another.
local function decide_plain(count, args, key)
  local longest = 0
  for at = key, key + count - 1 do
    local place = alias[at] or at
    local value, live, wait = plain(ARGV[args], values[place], args)
    if not value then return end
    after[at], after_lives[at] = value, live
    if wait and wait > longest then longest = wait end
    args = args + per_rule_arguments
  end
  for at = key, key + count - 1 do
    local live = after_lives[at]
    if live then
      local place = alias[at] or at
      values[place], lives[place] = after[at], live
    end
  end
  return longest > 0 and 'g' .. string.format('%.0f', longest) or 'g'
end

local lines, line = { time_text }, 1
local argument, key, last = 7, 2, #ARGV
local from, count
while argument <= last do
  local times = 1
  if byte(ARGV[argument]) == 61 then
    times, argument = sub(ARGV[argument], 2) + 0, argument + 1
  else
    count, from = ARGV[argument] + 0, argument + 1
    argument = from + count * per_rule_arguments
  end
  for _ = 1, times do
    line = line + 1
    lines[line] = per_rule == 1 and decide_plain(count, from, key) or decide(count, from, key)
    key = key + count * per_rule
  end
end
if last < 7 then return time_text end
${FLUSH}
local answer = table.concat(lines, '\\n')
call('SET', KEYS[1], answer, 'PX', ARGV[5])
return answer
`;

/**
 * Keeps or gives back. For every settlement comes a key that marks it as done, for `ARGV[4]` milliseconds, and the number
 * of its rules, `k` or `r`, the stamp of its take, the stamp it moves to or nothing, the result or nothing, and the
 * arguments of the rules. Sent twice it counts once, in whatever company. A record of `once` knows its take by itself.
 */
export const SETTLE = `${PRELUDE}
${FIND_ALIASES}${KINDS}
local keep, give_back = {}, {}
local function nothing() end
keep.b, keep.r, keep.x, keep.s = nothing, nothing, nothing, nothing
${SETTLE_WINDOW}${SETTLE_SLOT}${SETTLE_BACKOFF}${SETTLE_ONCE}${SETTLE_BAR}${SETTLE_DISTINCT}
local argument, mark = 5, 1
while ARGV[argument] do
  local count, settle = ARGV[argument] + 0, ARGV[argument + 1] == 'k' and keep or give_back
  local taken, moved = ARGV[argument + 2] + 0, tonumber(ARGV[argument + 3])
  local result = ARGV[argument + 4]
  local is_done = values[mark]
  for rule = 0, is_done and -1 or count - 1 do
    local args = argument + 5 + rule * per_rule_arguments
    local op = string.lower(ARGV[args])
    settle[op](mark + 1 + rule * per_rule, args, taken, moved, result)
    if op ~= 'o' then values[mark], lives[mark] = '', ARGV[4] end
  end
  argument, mark = argument + 5 + count * per_rule_arguments, mark + 1 + count * per_rule
end
${FLUSH}
`;

/** Reads. One line a rule: what is counted, and the wait or nothing. */
export const INSPECT = `${PRELUDE}${KINDS}
local look = {}
${LOOK_WINDOW}${LOOK_SLOT}${LOOK_BACKOFF}${LOOK_ONCE}${LOOK_BAR}${LOOK_DISTINCT}
local lines = {}
for rule = 0, #KEYS / per_rule - 1 do
  local args = 4 + rule * per_rule_arguments
  local count, wait = look[string.lower(ARGV[args])](1 + rule * per_rule, args)
  lines[#lines + 1] = format('%.0f', count) .. ' ' .. (wait and format('%.0f', wait) or '')
end
return table.concat(lines, '\\n')
`;

/**
 * Asks what became of a take whose answer was lost. One that has not come yet is made to count nothing when it does:
 * `ARGV[1]` is how long that is remembered.
 */
export const RECALL = `
local before = redis.call('GET', KEYS[1])
if not before then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end
return before
`;

/** Forgets counters, unless it comes after `ARGV[1]`, in milliseconds, or empty; then it says what time it is. */
export const RELEASE = `
if ARGV[1] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000
  if now > ARGV[1] + 0 then return now end
end
for at = 1, #KEYS do redis.call('DEL', KEYS[at]) end
`;

import { randomUUID } from 'node:crypto';

import { jobIdOf } from './queue.mjs';

/**
 * The current owner of a job, and the token of `sendMany`. The server serialises taking over a job and saving a
 * token, so a worker that was considered dead and wakes up can no longer save a token; `sendMany` then sends nothing
 * more. Its last token covers everything that it sent before, and its successor has that token.
 */
const CLAIM = `
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
return redis.call('HGET', KEYS[1], 'token')
`;
/** What is known of a row gives way only to what is known better: its outcome begins with a digit that tells. */
const SAVE = `
for at = 3, #ARGV, 2 do
  local known = redis.call('HGET', KEYS[2], ARGV[at])
  if not known or string.sub(known, 1, 1) <= string.sub(ARGV[at + 1], 1, 1) then
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  end
end
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'token', ARGV[2])
return 1
`;

function keysOf(rows) {
  const id = jobIdOf(rows);
  return [`campaign:{${id}}:place`, `campaign:{${id}}:outcomes`];
}

function outcomeOf(result) {
  if (result.status === 'accepted') return result.repeated ? '3 before' : `3 accepted ${result.umid}`;
  if (result.status === 'failed') {
    return result.error.submission === 'unknown'
      ? `1 unknown ${result.error.code}`
      : `0 not-sent ${result.error.code}`;
  }
  return `2 ${result.status} ${result.error.code}`;
}

export async function claim(redis, rows) {
  const keys = keysOf(rows);
  const owner = randomUUID();
  const token = await redis.eval(CLAIM, 1, keys[0], owner);
  const noted = new Map();
  return {
    resumeFrom: typeof token === 'string' ? token : undefined,
    note(result) {
      noted.set(rows.from + result.index, outcomeOf(result));
    },
    async save(newToken) {
      const written = [...noted];
      const isMine = await redis.eval(SAVE, 2, ...keys, owner, newToken, ...written.flat());
      for (const [row] of written) noted.delete(row);
      if (isMine !== 1) throw new Error('Another worker has taken this job over.');
    },
  };
}

/** Outcomes of the rows of a job: one word each, by row number. */
export async function outcomesOf(redis, rows) {
  const outcomes = Object.entries(await redis.hgetall(keysOf(rows)[1]));
  return new Map(outcomes.map(([row, outcome]) => [Number(row), outcome.slice(2)]));
}

export async function forget(redis, rows) {
  await redis.unlink(...keysOf(rows));
}

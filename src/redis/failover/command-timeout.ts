import type { RedisCommands } from '../redis-commands.ts';

/**
 * Commands that fail when nothing is heard of them for `limitMs`: some clients forget a command when its connection
 * breaks, and its promise never ends. Nobody waits so long; it is about what is given back.
 */
export function limitCommands(commands: RedisCommands, limitMs: number): RedisCommands {
  return {
    evalsha: (sha, keys, args) => limit(commands.evalsha(sha, keys, args), limitMs),
    eval: (script, keys, args) => limit(commands.eval(script, keys, args), limitMs),
    call: (name, ...args) => limit(commands.call(name, ...args), limitMs),
  };
}

function limit<Answer>(asked: Promise<Answer>, limitMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('ETIMEDOUT no answer'));
    }, limitMs);
    // A program may end meanwhile. A number in browsers and Deno.
    if (typeof timer === 'object') timer.unref();
    asked.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

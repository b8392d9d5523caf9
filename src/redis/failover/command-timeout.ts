import type { RedisCommands } from '../redis-commands.ts';

/**
 * Commands that fail when nothing is heard of them for `limitMs`: some clients forget a command when its connection
 * breaks, and its promise never ends. Nobody waits so long; it is about what is given back.
 */
export function withCommandTimeout(commands: RedisCommands, timeoutMs: number): RedisCommands {
  return {
    evalsha: (sha, keys, args) => withTimeout(commands.evalsha(sha, keys, args), timeoutMs),
    eval: (script, keys, args) => withTimeout(commands.eval(script, keys, args), timeoutMs),
    call: (name, ...args) => withTimeout(commands.call(name, ...args), timeoutMs),
  };
}

function withTimeout<Reply>(pending: Promise<Reply>, timeoutMs: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('ETIMEDOUT no answer'));
    }, timeoutMs);
    // A program may end meanwhile. A number in browsers and Deno.
    if (typeof timer === 'object') timer.unref();
    pending.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

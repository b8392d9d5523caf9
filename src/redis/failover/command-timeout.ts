import type { RedisCommands } from '../redis-commands.ts';

/**
 * Makes commands fail without a reply for `timeoutMs`: some client libraries forget a command when its connection
 * breaks, and its promise never settles. No message waits that long; the failure matters for giving back.
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
      reject(new Error('ETIMEDOUT no reply'));
    }, timeoutMs);
    // The timer must not keep the program alive. It is a number in browsers and Deno.
    if (typeof timer === 'object') timer.unref();
    pending.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

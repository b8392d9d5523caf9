import type { RedisCommands } from '../redis-commands.ts';
import { causeOf, isServerCode } from './limits-event.ts';

/**
 * Milliseconds that a fresh process has to connect and to get its first reply, from its first call on. Our number: a
 * connection with TLS and a password needs several round trips, and a script is loaded by the first command.
 */
export const STARTUP_MS = 1_000;
/** Milliseconds between two tries of a command that a client refused because it is not connected. Our number. */
const RETRY_MS = 20;

/**
 * Lets a client connect before the first reply: without a queue for commands, client libraries refuse them until then.
 * Trying again is harmless, because a command that is sent twice counts once.
 */
export function waitForConnection(commands: RedisCommands, startupMs: number = STARTUP_MS): RedisCommands {
  let isReached = false;
  let endsMs: number | undefined;

  async function run(send: () => Promise<unknown>): Promise<unknown> {
    endsMs ??= performance.now() + startupMs;
    for (;;) {
      try {
        const reply = await send();
        isReached = true;
        return reply;
      } catch (error) {
        isReached ||= isServerCode(causeOf(error).cause);
        if (isReached || performance.now() + RETRY_MS >= endsMs) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  const first = (send: () => Promise<unknown>) => (isReached ? send() : run(send));
  return {
    evalsha: (sha, keys, args) => first(() => commands.evalsha(sha, keys, args)),
    eval: (script, keys, args) => first(() => commands.eval(script, keys, args)),
    call: (name, ...args) => first(() => commands.call(name, ...args)),
  };
}

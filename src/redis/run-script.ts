import { toHex } from '../internal/digest.ts';
import type { RedisCommands } from './redis-commands.ts';

/** Runs one constant script. */
export type RunScript = (keys: readonly string[], args: readonly string[]) => Promise<unknown>;

/**
 * Calls a script by its SHA-1, and by its text when the server does not know it: after a restart, a failover, `SCRIPT
 * FLUSH`, or on another cluster node. An unknown script has not run, so calling it twice counts once.
 */
export function createRunScript(commands: RedisCommands, script: string): RunScript {
  let sha: string | undefined;
  let isTextInFlight = false;

  async function sendText(keys: readonly string[], args: readonly string[]): Promise<unknown> {
    isTextInFlight = true;
    try {
      return await commands.eval(script, keys, args);
    } finally {
      isTextInFlight = false;
    }
  }

  return async (keys, args) => {
    // Once the hash is known there is no await, so calls are sent in order.
    if (sha === undefined) sha = await sha1Of(script);
    try {
      return await commands.evalsha(sha, keys, args);
    } catch (error) {
      throwUnlessNoScript(error);
    }
    // One copy of the text serves all commands behind it on one connection.
    if (isTextInFlight) {
      try {
        return await commands.evalsha(sha, keys, args);
      } catch (error) {
        // The text went to another node.
        throwUnlessNoScript(error);
      }
    }
    return await sendText(keys, args);
  };
}

function throwUnlessNoScript(error: unknown): void {
  if (!(error instanceof Error && error.message.includes('NOSCRIPT'))) throw error;
}

async function sha1Of(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)));
  return toHex(digest);
}

import { toHex } from '../digest.ts';
import type { RedisCommands } from './redis-commands.ts';

/** Runs one constant script. */
export type RunScript = (keys: readonly string[], args: readonly string[]) => Promise<unknown>;

/**
 * By its SHA-1, and with its text when the server does not know it: after a restart, a failover, `SCRIPT FLUSH`, or on
 * another node of a cluster. A script that is not known has not run, so asking twice counts once.
 */
export function createRunScript(commands: RedisCommands, script: string): RunScript {
  let sha: string | undefined;
  return async (keys, args) => {
    sha ??= await sha1Of(script);
    try {
      return await commands.evalsha(sha, keys, args);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return await commands.eval(script, keys, args);
    }
  };
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.includes('NOSCRIPT');
}

async function sha1Of(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)));
  return toHex(digest);
}

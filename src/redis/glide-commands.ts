import type { GlideLike, RedisCommands } from './redis-commands.ts';

/** The codes of the server for which GLIDE has names of its own; the names are those of its Rust core. */
const CODES: ReadonlyMap<string, string> = new Map([
  ['ResponseError', 'ERR'],
  ['ExecAbortError', 'EXECABORT'],
  ['BusyLoadingError', 'LOADING'],
  ['NoScriptError', 'NOSCRIPT'],
  ['Moved', 'MOVED'],
  ['Ask', 'ASK'],
  ['TryAgain', 'TRYAGAIN'],
  ['ClusterDown', 'CLUSTERDOWN'],
  ['CrossSlot', 'CROSSSLOT'],
  ['MasterDown', 'MASTERDOWN'],
  ['ReadOnly', 'READONLY'],
  ['PermissionDenied', 'NOPERM'],
]);
/** `An error was signalled by the server: - ReadOnly: You can't write …`; a code without a name comes first: `OOM: …`. */
const SERVER_ERROR = /^(?:An error was signalled by the server: - )?(\w+): /;
/** Selects a primary node of a cluster, because a replica may be asked otherwise. A standalone client ignores it. */
const TO_A_PRIMARY = { route: { type: 'primarySlotKey', key: '8x8g' } } as const;

/** Writes the server's code back in front of its text: the store recognises `NOSCRIPT`, and reports the others. */
function withCode(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [start, name = ''] = SERVER_ERROR.exec(error.message) ?? [];
  if (start === undefined) return error;
  return new Error(`${CODES.get(name) ?? name} ${error.message.slice(start.length)}`, { cause: error });
}

/** The commands of Valkey GLIDE, standalone and cluster. */
export function glideCommands(client: GlideLike): RedisCommands {
  const send = client.customCommand.bind(client) as (
    words: readonly string[],
    options?: typeof TO_A_PRIMARY,
  ) => Promise<unknown>;
  async function run(words: readonly string[], options?: typeof TO_A_PRIMARY): Promise<unknown> {
    try {
      return await send(words, options);
    } catch (error) {
      throw withCode(error);
    }
  }
  return {
    evalsha: (sha, keys, args) => run(['EVALSHA', sha, `${keys.length}`, ...keys, ...args]),
    eval: (script, keys, args) => run(['EVAL', script, `${keys.length}`, ...keys, ...args]),
    call: (...words) => run(words, TO_A_PRIMARY),
  };
}

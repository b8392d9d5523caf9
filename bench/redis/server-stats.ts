import type { Redis } from 'ioredis';

/** Work of the server since its statistics were reset. */
export interface CommandStats {
  readonly calls: number;
  /** Of a script, including everything it calls. */
  readonly microseconds: number;
}

/** By command name, in lower case. */
export async function commandStats(client: Redis): Promise<ReadonlyMap<string, CommandStats>> {
  const lines = (await client.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm);
  return new Map(
    Array.from(lines, ([, name = '', calls, micros]) => [
      name,
      { calls: Number(calls), microseconds: Number(micros) },
    ]),
  );
}

/** CPU microseconds of the server's thread since its start: scripts, commands and sockets. */
export async function serverCpu(client: Redis): Promise<number> {
  const text = await client.info('cpu');
  const secondsOf = (name: string): number => {
    const seconds = Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1]);
    if (!Number.isFinite(seconds)) throw new Error(`the server does not tell ${name}`);
    return seconds;
  };
  return (secondsOf('used_cpu_user_main_thread') + secondsOf('used_cpu_sys_main_thread')) * 1e6;
}

/** Bytes in use once the server has resized its tables, which it does between commands. */
export async function usedMemory(client: Redis): Promise<number> {
  let before = Number.NaN;
  for (let index = 0; index < 100; index += 1) {
    const bytes = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
    // This connection adds and frees a few bytes.
    if (Math.abs(bytes - before) < 4096) return bytes;
    before = bytes;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('the memory of the server does not come to rest');
}

/** Counts the commands of a separate connection, by name. */
export function countCommands(client: Redis): { readonly sent: Map<string, number>; stop(): void } {
  const sent = new Map<string, number>();
  const sendCommand = client.sendCommand;
  client.sendCommand = (command, stream) => {
    sent.set(command.name, (sent.get(command.name) ?? 0) + 1);
    return sendCommand.call(client, command, stream);
  };
  return {
    sent,
    stop() {
      client.sendCommand = sendCommand;
    },
  };
}

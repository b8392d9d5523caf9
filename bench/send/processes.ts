import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a program of this folder, and resolves with its first message. */
export async function start(
  file: string,
  args: readonly string[] = [],
  execPath = process.execPath,
): Promise<[child: ChildProcess, message: unknown]> {
  const path = fileURLToPath(new URL(`${file}.mjs`, import.meta.url));
  const child = fork(path, [...args], { execPath, execArgv: [] });
  return [child, await answerOf(child, `${file} ${args[0] ?? ''}`)];
}

async function answerOf(child: ChildProcess, name: string): Promise<unknown> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error(`${name} ended`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: ended.signal }), exit])) as [
      unknown,
    ];
    return message;
  } finally {
    ended.abort();
    exit.catch(() => {});
  }
}

/** Hands a message to a program, and resolves with its answer. */
export function ask(child: ChildProcess, name: string, message: object): Promise<unknown> {
  const answer = answerOf(child, name);
  child.send(message);
  return answer;
}

import type { Terminal } from './terminal.ts';

/** The text of a message: the argument, or standard input when it is missing or `-`. The last line break is not sent. */
export async function readText(given: string | undefined, { readInput }: Terminal): Promise<string> {
  if (given !== undefined && given !== '-') return given;
  return (await readInput()).replace(/\r?\n$/, '');
}

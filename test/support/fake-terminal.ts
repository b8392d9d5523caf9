import { createTerminal, type Terminal } from '../../src/cli/terminal.ts';

/** A terminal whose output a test reads, and which the test stops. */
export interface FakeTerminal {
  readonly terminal: Terminal;
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves when a pattern appears in the output. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Presses Ctrl+C. */
  stop(): void;
}

async function* inputOf(text: string): AsyncGenerator<string, void, void> {
  yield text;
}

export function createFakeTerminal(
  env: Record<string, string> = {},
  {
    isTTY = false,
    input = '',
    folder = process.cwd(),
  }: { readonly isTTY?: boolean; readonly input?: string; readonly folder?: string } = {},
): FakeTerminal {
  let [output, errors] = ['', ''];
  const waiting = new Set<() => void>();
  const controller = new AbortController();
  const stdout = {
    isTTY,
    hasColors: () => isTTY,
    write(text: string) {
      output += text;
      for (const look of waiting) look();
    },
  };
  const stderr = {
    isTTY,
    write(text: string) {
      errors += text;
    },
  };
  return {
    terminal: createTerminal({
      stdin: inputOf(input),
      stdout,
      stderr,
      env,
      folder,
      signal: controller.signal,
    }),
    output: () => output,
    errors: () => errors,
    until: (pattern) =>
      new Promise((resolve) => {
        const look = () => {
          const found = pattern.exec(output);
          if (found === null) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    stop: () => controller.abort('SIGINT'),
  };
}

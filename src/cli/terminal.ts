import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** The world of a command: its output, environment and end. */
export interface Terminal {
  /** Writes a line to standard output. */
  print(line?: string): void;
  /** Writes a line to standard error. */
  warn(line: string): void;
  /** Writes text as it is. */
  write(text: string): void;
  writeError(text: string): void;
  /** Whether a person watches: standard output is a terminal. */
  readonly isInteractive: boolean;
  /** Whether output may have colours: on a terminal, unless `NO_COLOR` is set. */
  readonly hasColours: boolean;
  /** Colours a text, where colours are allowed. */
  paint(format: Format, text: string): string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user presses Ctrl+C, or the process is asked to end. */
  readonly signal: AbortSignal;
}

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  hasColors?(environment: object): boolean;
}

/** The parts of `process` that a terminal needs. */
export interface TerminalSource {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Creates the terminal of a process. `NO_COLOR` with any value but the empty one switches colours off (no-color.org). */
export function createTerminal({ stdout, stderr, env, signal }: TerminalSource): Terminal {
  const isInteractive = stdout.isTTY === true;
  const isPlain = env.NO_COLOR !== undefined && env.NO_COLOR !== '';
  const hasColours = isInteractive && !isPlain && stdout.hasColors?.(env) === true;
  return {
    print: (line = '') => void stdout.write(`${line}\n`),
    warn: (line) => void stderr.write(`${line}\n`),
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    isInteractive,
    hasColours,
    // The stream was judged above.
    paint: (format, text) => (hasColours ? styleText(format, text, { validateStream: false }) : text),
    env,
    signal,
  };
}

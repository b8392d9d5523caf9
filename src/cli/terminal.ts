import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** The world of a command: its input, output, environment and end. */
export interface Terminal {
  /** Writes a line to standard output. */
  print(line?: string): void;
  /** Writes a line to standard error. */
  warn(line: string): void;
  /** Writes text as it is. */
  write(text: string): void;
  writeError(text: string): void;
  /** Reads standard input to its end. */
  readInput(): Promise<string>;
  /** Whether a person watches: standard output is a terminal. */
  readonly isInteractive: boolean;
  /** Whether standard error is a terminal, on which a progress bar may move. */
  readonly showsProgress: boolean;
  /** Width of the terminal in characters; 100 when there is none. */
  readonly columns: number;
  /** Whether output may have colours: on a terminal, unless `NO_COLOR` is set. */
  readonly hasColours: boolean;
  /** Colours a text, where colours are allowed. */
  paint(format: Format, text: string): string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder in which the command was called. */
  readonly folder: string;
  /** Aborts when the user presses Ctrl+C, or the process is asked to end. */
  readonly signal: AbortSignal;
}

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(environment: object): boolean;
}

/** The parts of `process` that a terminal needs. */
export interface TerminalSource {
  readonly stdin: AsyncIterable<string | Uint8Array>;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly signal: AbortSignal;
}

const DEFAULT_COLUMNS = 100;

async function readAll(stream: AsyncIterable<string | Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Creates the terminal of a process. `NO_COLOR` with any value but the empty one switches colours off (no-color.org). */
export function createTerminal({ stdin, stdout, stderr, env, folder, signal }: TerminalSource): Terminal {
  const isInteractive = stdout.isTTY === true;
  const isPlain = env.NO_COLOR !== undefined && env.NO_COLOR !== '';
  const hasColours = isInteractive && !isPlain && stdout.hasColors?.(env) === true;
  return {
    print: (line = '') => void stdout.write(`${line}\n`),
    warn: (line) => void stderr.write(`${line}\n`),
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    readInput: () => readAll(stdin),
    isInteractive,
    showsProgress: stderr.isTTY === true,
    columns: stdout.columns ?? stderr.columns ?? DEFAULT_COLUMNS,
    hasColours,
    // The stream was judged above.
    paint: (format, text) => (hasColours ? styleText(format, text, { validateStream: false }) : text),
    env,
    folder,
    signal,
  };
}

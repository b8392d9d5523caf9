import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/**
 * Adds a command to the program. Its action throws on failure, and calls `finish` when it ends with an exit code other than
 * 0.
 */
export type AddCommand = (program: Command, terminal: Terminal, finish: (exitCode: number) => void) => void;

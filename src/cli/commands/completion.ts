import { Argument } from 'commander';
import type { AddCommand } from '../command.ts';
import { completionScript, SHELL_NAMES, type Shell } from '../completion.ts';

/** `completion`: a script for a shell. */
export const addCompletionCommand: AddCommand = (program, terminal) => {
  program
    .command('completion')
    .description('Print a script that completes commands and options in a shell.')
    .addArgument(new Argument('<shell>', 'your shell').choices([...SHELL_NAMES]))
    .addHelpText(
      'after',
      '\nbash, zsh: eval "$(8x8-sms-guard completion bash)" in ~/.bashrc or ~/.zshrc\nfish:      8x8-sms-guard completion fish | source in config.fish',
    )
    .action((shell: Shell) => terminal.write(completionScript(shell, program)));
};

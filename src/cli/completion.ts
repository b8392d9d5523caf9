import type { Command, Option } from 'commander';

/** The words of one command that a shell can complete. */
interface CommandWords {
  readonly name: string;
  readonly description: string;
  /** Values of its arguments that are known: `grant`, `revoke`. */
  readonly values: readonly string[];
  readonly options: readonly OptionWords[];
}

interface OptionWords {
  readonly long: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

const PROGRAM = '8x8-sms-guard';

function toOption({ long, description, required, argChoices }: Option): OptionWords {
  return { long: long as string, description, takesValue: required, choices: argChoices ?? [] };
}

function toCommand(command: Command): CommandWords {
  return {
    name: command.name(),
    description: command.description(),
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    options: command.options.map(toOption),
  };
}

/** A text in single quotes of bash and zsh. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const names = (commands: readonly CommandWords[]) => commands.map(({ name }) => name).join(' ');

function bash(commands: readonly CommandWords[]): string {
  const cases = commands.flatMap(({ name, values, options }) => {
    const choices = options
      .filter((option) => option.choices.length > 0)
      .map(({ long, choices }) => `    ${name}:${long}) words='${choices.join(' ')}' ;;`);
    const files = options.filter(({ takesValue, choices }) => takesValue && choices.length === 0);
    // No words: the shell completes the name of a file.
    const free =
      files.length === 0 ? [] : [`    ${files.map(({ long }) => `${name}:${long}`).join('|')}) words='' ;;`];
    const words = [...values, ...options.map(({ long }) => long)].join(' ');
    return [...choices, ...free, `    ${name}:*) words='${words}' ;;`];
  });
  return [
    `# Completion of ${PROGRAM} for bash: eval "$(${PROGRAM} completion bash)"`,
    '_8x8_sms_guard() {',
    '  local words=',
    `  case "$([[ $COMP_CWORD == 1 ]] || echo "\${COMP_WORDS[1]}:\${COMP_WORDS[COMP_CWORD-1]}")" in`,
    `    '') words='${names(commands)}' ;;`,
    ...cases,
    '  esac',
    `  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`,
    '}',
    `complete -o default -F _8x8_sms_guard ${PROGRAM}`,
    '',
  ].join('\n');
}

/** A description in the brackets of `_arguments`. */
const inBrackets = (text: string): string => text.replace(/[[\]\\:]/g, '\\$&');

function zshOption({ long, description, takesValue, choices }: OptionWords): string {
  const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : '';
  return quote(`*${long}[${inBrackets(description)}]${value}`);
}

function zsh(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, values, options }) => {
    const rest = values.length > 0 ? `*:value:(${values.join(' ')})` : '*:value:_files';
    return `    ${name}) _arguments ${[...options.map(zshOption), quote(rest)].join(' ')} ;;`;
  });
  return [
    `#compdef ${PROGRAM}`,
    `# Completion of ${PROGRAM} for zsh: eval "$(${PROGRAM} completion zsh)"`,
    '_8x8_sms_guard() {',
    '  local -a commands',
    `  commands=(${commands.map(({ name, description }) => quote(`${name}:${description}`)).join(' ')})`,
    '  if (( CURRENT == 2 )); then _describe command commands; return; fi',
    '  shift words; (( CURRENT-- ))',
    '  case $words[1] in',
    ...cases,
    '  esac',
    '}',
    `compdef _8x8_sms_guard ${PROGRAM}`,
    '',
  ].join('\n');
}

/** A text in single quotes of fish. */
const quoteFish = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

function fish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, description, values, options }) => {
    const within = `complete -c ${PROGRAM} -n '__fish_seen_subcommand_from ${name}'`;
    const ofOption = ({ long, description: about, takesValue, choices }: OptionWords) => {
      const value = choices.length > 0 ? ` -xa ${quoteFish(choices.join(' '))}` : takesValue ? ' -r' : '';
      return `${within} -l ${long.slice(2)} -d ${quoteFish(about)}${value}`;
    };
    return [
      `complete -c ${PROGRAM} -f -n __fish_use_subcommand -a ${name} -d ${quoteFish(description)}`,
      ...(values.length > 0 ? [`${within} -a ${quoteFish(values.join(' '))}`] : []),
      ...options.map(ofOption),
    ];
  });
  return [`# Completion of ${PROGRAM} for fish: ${PROGRAM} completion fish | source`, ...lines, ''].join(
    '\n',
  );
}

const SHELLS = { bash, zsh, fish } as const;

/** The shells that have a completion. */
export type Shell = keyof typeof SHELLS;
export const SHELL_NAMES = Object.keys(SHELLS) as readonly Shell[];

/** The completion script of a shell, made from the commands of the program. */
export function completionScript(shell: Shell, program: Command): string {
  return SHELLS[shell](program.commands.map(toCommand));
}

import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and returns what it printed; with `stdoutOnly` without what it wrote to stderr. Throws, with
 * the whole output, when it exits with anything but 0 or is still running after `timeoutMs`.
 */
export function runProgram(
  command,
  programArguments,
  { cwd, env, timeoutMs = 120_000, stdoutOnly = false } = {},
) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, programArguments, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let printed = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        if (!stdoutOnly || stream === child.stdout) printed += chunk;
      });
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (exitCode) => {
      clearTimeout(timer);
      if (exitCode === 0) resolve(printed);
      else {
        const reason = timedOut ? `did not end within ${timeoutMs} ms` : `exited with ${exitCode}`;
        reject(new Error(`${command} ${programArguments.join(' ')}\n${reason}\n${output.slice(-4000)}`));
      }
    });
  });
}

/** This process's environment without the package's own variables, which would reach into the check. */
export function cleanEnvironment(extra = {}) {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('EIGHTBYEIGHT_'));
  return { ...Object.fromEntries(entries), ...extra };
}

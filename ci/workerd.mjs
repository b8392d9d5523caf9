import { spawn } from 'node:child_process';
import { runtimes } from './runtimes.mjs';

/** Serves a workerd configuration on a free port, sends it one GET and returns the text of the response. */
export function askWorkerd(configPath, { timeoutMs = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(runtimes.workerd, ['serve', configPath, '--control-fd=3'], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    let output = '';
    let answer;
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
      });
    }
    child.stdio[3].setEncoding('utf8').on('data', async (chunk) => {
      const port = /"port":(\d+)/.exec(chunk)?.[1];
      if (port === undefined) return;
      try {
        answer = await (await fetch(`http://127.0.0.1:${port}/`)).text();
      } catch (error) {
        output += String(error);
      }
      child.kill();
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      if (answer === undefined) reject(new Error(`workerd gave no answer\n${output.slice(-4000)}`));
      else resolve(answer);
    });
  });
}

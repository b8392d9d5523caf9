import { describe, expect, it } from 'vitest';
import { createRunScript } from '../../../src/redis/run-script.ts';
import { failureOf } from '../../support/transport.ts';

/** A server that runs commands in order, one per event loop turn. */
function serverOf(knows: 'no script' | 'never a script' | 'the script') {
  const sent: string[] = [];
  let known = knows === 'the script';
  const tick = () => new Promise((resolve) => setImmediate(resolve));
  async function evalsha(_sha: string, keys: readonly string[]): Promise<string> {
    sent.push(`evalsha ${keys[0]}`);
    await tick();
    if (!known) throw new Error('NOSCRIPT No matching script. Please use EVAL.');
    return `answer to ${keys[0]}`;
  }
  async function evaluate(_script: string, keys: readonly string[]): Promise<string> {
    sent.push(`eval ${keys[0]}`);
    await tick();
    known = knows !== 'never a script';
    return `answer to ${keys[0]}`;
  }
  return {
    sent,
    forget: () => {
      known = false;
    },
    commands: { evalsha, eval: evaluate, call: async () => undefined },
  };
}

describe('createRunScript', () => {
  const names = Array.from({ length: 64 }, (_, at) => `k${at}`);
  const texts = (sent: readonly string[]) => sent.filter((each) => each.startsWith('eval ')).length;

  it('sends the text once when many are on their way to a server that has forgotten it', async () => {
    const server = serverOf('the script');
    const run = createRunScript(server.commands, 'return 1');
    await run(['first'], []);
    server.forget();
    const answers = await Promise.all(names.map((name) => run([name], [])));
    expect(answers).toEqual(names.map((name) => `answer to ${name}`));
    expect(texts(server.sent)).toBe(1);
    // Later it forgets the script again.
    server.forget();
    expect(await run(['last'], [])).toBe('answer to last');
    expect(texts(server.sent)).toBe(2);
  });

  it('sends it with every command where what was sent before has not brought it, as to other nodes', async () => {
    const server = serverOf('never a script');
    const run = createRunScript(server.commands, 'return 1');
    expect(await Promise.all(names.map((name) => run([name], [])))).toEqual(
      names.map((name) => `answer to ${name}`),
    );
    expect(texts(server.sent)).toBe(names.length);
    expect(server.sent.length).toBeLessThanOrEqual(3 * names.length);
  });

  it('asks no second time after another failure: it may have run', async () => {
    const server = serverOf('no script');
    const failing = { ...server.commands, eval: () => Promise.reject(new Error('Connection is closed.')) };
    const run = createRunScript(failing, 'return 1');
    expect(await failureOf(run(['only'], []))).toMatchObject({ message: 'Connection is closed.' });
    expect(server.sent).toEqual(['evalsha only']);
  });
});

import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { runProcess } from '../../../src/cli/run-process.ts';

function fakeProcess(...given: string[]) {
  const events = new EventEmitter();
  const stdout = new PassThrough({ encoding: 'utf8' });
  const own = Object.assign(events, {
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough({ encoding: 'utf8' }),
    env: {},
    argv: ['node', '8x8-sms-guard', ...given],
    cwd: () => '/',
    exit: (exitCode: number) => events.emit('end', exitCode),
  });
  return { own: own as unknown as NodeJS.Process, ended: once(events, 'end'), stdout };
}

describe('the process of the command', () => {
  test('ends with the exit code after its output', async () => {
    const { own, ended, stdout } = fakeProcess('--version');
    await runProcess(own);
    expect(await ended).toEqual([0]);
    expect(stdout.read()).toMatch(/^\d+\.\d+\.\d+\n$/);
    const wrong = fakeProcess('sandbox', '--port', 'x');
    await runProcess(wrong.own);
    expect(await wrong.ended).toEqual([2]);
  });

  test.each(['SIGINT', 'SIGTERM'])('ends after %s', async (signal) => {
    const { own, ended, stdout } = fakeProcess('sandbox', '--port', '0');
    const running = runProcess(own);
    while (!`${stdout.read() ?? ''}`.includes('Ctrl+C stops it')) await once(stdout, 'readable');
    own.emit(signal as 'SIGINT', signal as 'SIGINT');
    await running;
    expect(await ended).toEqual([0]);
  });

  test.each([
    ['EPIPE', 0],
    ['EIO', 1],
  ])('ends when nobody reads its output any more: %s', async (code, exitCode) => {
    const { own, ended, stdout } = fakeProcess('--version');
    const running = runProcess(own);
    stdout.emit('error', Object.assign(new Error('pipe'), { code }));
    expect(await ended).toEqual([exitCode]);
    await running;
  });
});

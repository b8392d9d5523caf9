import { describe, expect, it } from 'vitest';
import { glideCommands } from '../../src/redis/glide-commands.ts';
import { toRedisCommands } from '../../src/redis/to-redis-commands.ts';

/** The commands of a client that fails like this. */
function failing(error: unknown) {
  return glideCommands({ customCommand: () => Promise.reject(error) });
}

describe('the commands of Valkey GLIDE', () => {
  it('carry keys and arguments, and send commands without keys to a primary', async () => {
    const sent: unknown[][] = [];
    const commands = toRedisCommands({
      async customCommand(...args) {
        sent.push(args);
      },
    });
    await commands.evalsha('sha', ['k1', 'k2'], ['a']);
    await commands.eval('return 1', ['k'], []);
    await commands.call('INFO', 'memory');
    expect(sent).toEqual([
      [['EVALSHA', 'sha', '2', 'k1', 'k2', 'a'], undefined],
      [['EVAL', 'return 1', '1', 'k'], undefined],
      [['INFO', 'memory'], { route: { type: 'primarySlotKey', key: '8x8g' } }],
    ]);
  });

  // The texts are those of GLIDE 2.5.2 for errors of a server.
  it.each([
    [
      'An error was signalled by the server: - NoScriptError: No matching script.',
      'NOSCRIPT No matching script.',
    ],
    ["An error was signalled by the server: - ReadOnly: You can't write", "READONLY You can't write"],
    ['An error was signalled by the server: - PermissionDenied: this user', 'NOPERM this user'],
    ['An error was signalled by the server: - ResponseError: unknown command', 'ERR unknown command'],
    ['OOM: command not allowed', 'OOM command not allowed'],
  ])('say with the code of the server why it refused: %s', async (message, expected) => {
    const original = new Error(message);
    const error = await failing(original)
      .evalsha('sha', [], [])
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expected, cause: original });
  });

  it.each([new Error('Unable to execute requests; the client is closed.'), 'not an error'])(
    'leave other errors as they are: %s',
    async (original) => {
      await expect(failing(original).call('PING')).rejects.toBe(original);
    },
  );
});

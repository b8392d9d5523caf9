import { describe, expect, it, vi } from 'vitest';
import { serialise } from '../../../src/transport/serialise.ts';

describe('the body of a request', () => {
  const items = Array.from({ length: 2_000 }, (_, index) => ({ index, text: 'é"' }));

  it.each([
    ['a short list', { a: 1, messages: items.slice(0, 3) }],
    ['a long list', { a: undefined, messages: items, 'b"': 'c' }],
    ['a hole in a long list', { messages: [undefined, ...items] }],
    ['no object', 'text'],
    ['null', null],
    ['a list', items],
    ['nothing', undefined],
  ])('is what JSON.stringify makes of it: %s', async (_, body) => {
    expect(await serialise(body)).toBe(JSON.stringify(body));
  });

  it('lets other work run between the items of a long list', async () => {
    const turns = vi.spyOn(globalThis, 'setImmediate');
    await serialise({ messages: items });
    expect(turns.mock.calls.length).toBeGreaterThanOrEqual(3);
    turns.mockRestore();
  });

  it.each([[{ n: 1n }], [{ messages: [...items, 1n] }]])(
    'is refused when it cannot be written',
    async (body) => {
      await expect((async () => serialise(body))()).rejects.toMatchObject({
        code: 'validation',
        path: 'body',
      });
    },
  );
});

import { describe, expect, it } from 'vitest';
import { findAllSlowness } from '../support/linear-time.ts';

const TEXTS = [{ unit: 'ab' }];

/** Does so much for every character that the sum cannot be mistaken for noise. */
function readCharacters(text: string, times: number): number {
  let sum = 0;
  for (let time = 0; time < times; time += 1) {
    for (let at = 0; at < text.length; at += 1) sum = (sum + text.charCodeAt(at)) | 0;
  }
  return sum;
}

describe('findAllSlowness', () => {
  it('lets linear work pass', async () => {
    expect(await findAllSlowness((text) => readCharacters(text, 20), TEXTS)).toEqual([]);
  });

  it('reports work that grows with the square of the length', async () => {
    const found = await findAllSlowness((text) => readCharacters(text, text.length), TEXTS, 1_000);
    expect(found).toEqual([expect.stringMatching(/^\{"unit":"ab"\}: .* ms for \d+ /)]);
  });

  it('reports linear work that takes hundreds of times too long', async () => {
    const found = await findAllSlowness((text) => readCharacters(text, 20_000), TEXTS, 1_000);
    expect(found).toEqual([expect.stringMatching(/^\{"unit":"ab"\}: .* ms for 1000 characters/)]);
  });
});

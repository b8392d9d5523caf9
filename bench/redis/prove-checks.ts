import type { Contender } from './six-checks.ts';

const ADDRESS = '192.0.2.1';
/** Longer than the wait after a message. */
const wait = () => new Promise((resolve) => setTimeout(resolve, 3));

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the six checks: ${what}`);
}

/**
 * Each contender must refuse what it claims to refuse, or its speed means nothing: the eleventh message to a number, a
 * known key, a second message at once, the sixty-first from one address. Budget and daily limit have room for every
 * run.
 */
export async function proveChecks({ decide, name }: Contender): Promise<void> {
  const granted: boolean[] = [];
  for (let index = 0; index < 11; index += 1) {
    granted.push(await decide({ number: 6_598_000_000, address: ADDRESS, order: `eleven-${index}` }));
    await wait();
  }
  expect(granted.indexOf(false) === 10, `${name} counts a number wrong`);

  expect(await decide({ number: 6_598_000_001, address: ADDRESS, order: 'known' }), `${name} refuses a key`);
  expect(
    !(await decide({ number: 6_598_000_002, address: ADDRESS, order: 'known' })),
    `${name} takes a known key`,
  );

  // Two concurrent messages may fall on either side of such a short wait, but not twenty times.
  let refused = 0;
  for (let index = 0; index < 20; index += 1) {
    const both = [`a-${index}`, `b-${index}`].map((order) =>
      decide({ number: 6_598_000_100 + index, address: ADDRESS, order }),
    );
    refused += (await Promise.all(both)).filter((isGranted) => !isGranted).length;
  }
  expect(refused > 0, `${name} does not wait`);

  const fromOne: boolean[] = [];
  for (let index = 0; index < 61; index += 1) {
    fromOne.push(
      await decide({ number: 6_598_001_000 + index, address: '192.0.2.99', order: `one-${index}` }),
    );
  }
  expect(fromOne.indexOf(false) === 60, `${name} counts an address wrong`);
}

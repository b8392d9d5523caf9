import { expect } from 'vitest';

// The package loads its own parts, and ky, with their first use: no test with a fake clock waits for them. Unit tests are spared
// both, which would be most of their time; ./load-ky.ts comes with the clients and transports of ./.
const { testPath = '' } = expect.getState();
if (!/[\\/]test[\\/]unit[\\/]/.test(testPath)) {
  await import('./load-ky.ts');
  const { parts } = await import('../../src/parts/parts.ts');
  await Promise.all(Object.values(parts).map((part) => part.load()));
}

import { expect } from 'vitest';
import { loadKy } from '../../src/transport/wire.ts';

// The package loads ky and its own parts with their first use: no test with a fake clock waits for them. Unit tests that make no
// client are spared the parts, which would be most of their time.
await loadKy();
const { testPath = '' } = expect.getState();
if (!/[\\/]test[\\/]unit[\\/]/.test(testPath)) {
  const { parts } = await import('../../src/parts/parts.ts');
  await Promise.all(Object.values(parts).map((part) => part.load()));
}

import { describe, expect, it } from 'vitest';
import { contractDirectory, hasContract } from './contract.ts';

/**
 * A suite that needs the contract. Without it the suite fails in CI; elsewhere it prints that it was not run, and reports one
 * skipped test.
 */
export function describeContract(name: string, suite: () => void): void {
  if (hasContract()) {
    describe(name, suite);
    return;
  }
  const missing = `8x8's contract is not at ${contractDirectory()} (set CONTRACT_DIR)`;
  console.warn(`${name}: NOT RUN. ${missing}`);
  describe(name, () => {
    it.runIf(Boolean(process.env.CI))(`NOT RUN: ${missing}`, () => {
      expect(hasContract(), missing).toBe(true);
    });
  });
}

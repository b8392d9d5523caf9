/**
 * Put in place of the global by the bundler. p-throttle makes one at import, and Workers with a compatibility date
 * before May 2025 have none; it only matters for a signal of p-throttle's own, which this package does not use.
 */
const Registry =
  globalThis.FinalizationRegistry ??
  class {
    register() {}
  };

export { Registry as FinalizationRegistry };

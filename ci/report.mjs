/**
 * Counts the checks of a CI script. Prints one line per check, and as the last line `N passed, N failed`, which
 * `.ci/run` adds up.
 */
export function createReport() {
  let passed = 0;
  let failed = 0;
  return {
    /** Runs one check. A check fails by throwing; a string that it returns is printed after its name. */
    async check(name, run) {
      const startedMs = performance.now();
      try {
        const note = await run();
        passed += 1;
        const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
        console.log(`pass  ${name}${note ? `: ${note}` : ''} (${seconds} s)`);
      } catch (error) {
        failed += 1;
        const text = error instanceof Error ? error.message : String(error);
        console.log(`FAIL  ${name}\n${text.trim().replace(/^/gm, '      ')}`);
      }
    },
    /** Prints the last line and sets the exit code. */
    finish() {
      console.log(`${passed} passed, ${failed} failed`);
      process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
    },
  };
}

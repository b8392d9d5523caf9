/**
 * A vitest reporter: prints `N passed, N failed` for `.ci/run` to add up. A skipped test counts as failed, because
 * nothing that CI runs may be skipped.
 */
export default class VitestCounts {
  onTestRunEnd(testModules, unhandledErrors) {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of testModules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        if (test.result().state === 'passed') passed += 1;
        else failed += 1;
      }
    }
    console.log(`${passed} passed, ${failed} failed`);
  }
}

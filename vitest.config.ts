import { defineConfig } from 'vitest/config';

const all = (percent: number) => ({
  lines: percent,
  branches: percent,
  functions: percent,
  statements: percent,
});

/** Coverage slows these tests down, up to ten times, and they reach little code that others do not. */
const LONG = [
  'test/linear-time/**/*.test.ts',
  'test/redis/{acl,conformance,connecting,same-as-memory,same-verdicts,server-troubles,sharded,shared-state}.test.ts',
  'test/redis/{start-server,worker-threads}.test.ts',
  'test/redis/failover/{clients,conformance,redis-limits,topology}.test.ts',
  'test/redis/{pace,processes}/**/*.test.ts',
  'test/unit/audit/every-edit.test.ts',
  'test/unit/phone/{readings,separate-digits}.test.ts',
  'test/unit/redis/sharded-conformance.test.ts',
];

export default defineConfig({
  test: {
    // `npm test` runs both. CI measures the coverage of the first alone.
    projects: [
      {
        extends: true,
        test: {
          name: 'covered',
          include: ['test/**/*.test.ts'],
          exclude: LONG,
        },
      },
      { extends: true, test: { name: 'long', include: LONG } },
    ],
    // Room for the oracle and property tests on a busy machine. Tests of linear time measure CPU time, with a wide margin.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: 'test/support/load-parts.ts',
    // Tests make the team's own code throw thousands of times, and the default `onError` prints each exception.
    onConsoleLog: (log) => !/^8x8-sms-guard: [\w.]+ threw/.test(log),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // They run in a browser and in a process of their own: ci/sandbox.mjs tests them.
      exclude: ['src/sandbox/page/**', 'src/cli/main.ts'],
      reporter: [['text', { skipFull: true }], 'text-summary', 'json-summary'],
      // Else a gap hides behind a test that fails, until the next run.
      reportOnFailure: true,
      thresholds: {
        ...all(95),
        'src/{guards,limits,transport}/**/*.ts': all(100),
        'src/errors.ts': all(100),
        'src/config/{options,resolve-options}.ts': all(100),
        // Feeds the guards, so it is held to their figure.
        'src/webhooks/apply-receipt.ts': all(100),
        // What is left, alone: the figure for everything would hide it behind the parts at 100 %.
        'src/!(guards|limits|transport)/**/*.ts': all(95),
        'src/!(errors).ts': all(95),
      },
    },
  },
});

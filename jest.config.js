const common = {
  testEnvironment: '<rootDir>/test/support/worker-environment.cjs',
  runtime: '<rootDir>/test/support/shared-modules-runtime.cjs',
  transform: { '\\.ts$': '<rootDir>/test/support/swc-transform.cjs' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

export default {
  // More than the cores of a small machine: the tests wait for services most of their time.
  maxWorkers: 4,
  testSequencer: '<rootDir>/test/support/slowest-first-sequencer.cjs',
  // In milliseconds; the tests of a project cannot have their own. Starting everything takes its time on a busy machine.
  testTimeout: 60_000,
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts'] },
    {
      ...common,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      // `npm run test:runbooks` sets it.
      testPathIgnorePatterns: process.env.TEST_RUNBOOKS === undefined ? ['<rootDir>/test/runbooks/'] : [],
      globalSetup: '<rootDir>/test/harness/global-setup.ts',
      globalTeardown: '<rootDir>/test/harness/global-teardown.ts',
    },
  ],
};

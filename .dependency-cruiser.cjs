/** The import rules of docs/architecture.md: apps → libs, libraries through their index, contracts imports libs/json alone, timing nothing of ours. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'folders-import-one-way',
      comment: 'two folders that import each other are one folder, or a third is missing',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'apps-are-islands',
      comment: 'standalone alone runs both services',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/standalone/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'libs-do-not-know-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^(apps|test|bench)/' } },
    {
      name: 'contracts-imports-json-alone',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(apps|libs)/', pathNot: '^libs/(contracts|json)/' },
    },
    {
      name: 'timing-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^libs/timing/' },
      to: { path: '^(apps|libs)/', pathNot: '^libs/timing/' },
    },
    {
      name: 'libs-through-the-front-door',
      severity: 'error',
      from: { path: '^(apps|test|bench)/' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)' },
    },
    {
      name: 'libs-through-each-others-front-door',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: '^libs/$1/' },
    },
    {
      name: 'product-does-not-know-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'discord-through-its-library',
      severity: 'error',
      from: { path: '^(apps|libs|test|bench)/', pathNot: '^libs/discord/' },
      to: { path: '(^|/)node_modules/@discordjs/|^@discordjs/' },
    },
    {
      name: 'doubles-know-no-product',
      comment: 'a double that shares code with what it tests shares its mistakes',
      severity: 'error',
      from: { path: '^test/doubles/' },
      to: { path: '^(apps|libs)/' },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['serverstats-source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.d.ts'],
    },
  },
};

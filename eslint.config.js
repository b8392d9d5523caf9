// Biome lints and formats. Promises that nobody awaits need real types, so this one rule pair is typescript-eslint's:
// biome 2.5 missed floating promises of the platform's own types (`response.text()`, `stream.cancel()`).
import plugin from '@typescript-eslint/eslint-plugin';
import parser from '@typescript-eslint/parser';

export default [
  { ignores: ['dist/', 'coverage/', '**/node_modules/', '**/*.{js,mjs,cjs}', 'ci/', '.cache/'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': plugin },
    // Comments that switch the rules of other tools off are not for this one.
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
];

import { fileURLToPath } from 'node:url';

const inRuntimes = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));

/** Paths of the programs that `npm ci --prefix ci` installs. */
export const runtimes = {
  node20: inRuntimes('node-20/bin/node'),
  node22: inRuntimes('node-22/bin/node'),
  node24: inRuntimes('node-24/bin/node'),
  node26: inRuntimes('node-26/bin/node'),
  bun: inRuntimes('@oven/bun-linux-x64/bin/bun'),
  deno: inRuntimes('@deno/linux-x64-glibc/deno'),
  workerd: inRuntimes('@cloudflare/workerd-linux-64/bin/workerd'),
  jest: inRuntimes('jest/bin/jest.js'),
  jestJsdom: inRuntimes('jest-environment-jsdom/build/index.js'),
  pnpm: inRuntimes('pnpm/bin/pnpm.cjs'),
  yarn: inRuntimes('@yarnpkg/cli-dist/bin/yarn.js'),
  playwright: inRuntimes('playwright-core/index.mjs'),
  axe: inRuntimes('axe-core/axe.min.js'),
  next: inRuntimes('next/dist/bin/next'),
  typescript5: inRuntimes('typescript-5/bin/tsc'),
  typescript6: fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url)),
};

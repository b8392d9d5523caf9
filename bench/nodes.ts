import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Versions of Node to measure on: those that `npm ci --prefix ci` installed, else the current one. */
export function nodesOf(
  versions: readonly string[],
): readonly { readonly name: string; readonly path: string }[] {
  const nodes = versions.map((name) => ({
    name,
    path: fileURLToPath(new URL(`../ci/node_modules/node-${name}/bin/node`, import.meta.url)),
  }));
  if (nodes.every(({ path }) => existsSync(path))) return nodes;
  return [{ name: process.versions.node.split('.')[0] ?? '', path: process.execPath }];
}

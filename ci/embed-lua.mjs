// Redis runs Lua, and a package runs no build step on its own sources: tests, examples and benches start `src` with plain
// node. So the scripts of src/redis/lua are written into one TypeScript module, without their comments.
//
//   node ci/embed-lua.mjs            writes src/redis/lua/scripts.ts
//   node ci/embed-lua.mjs --check    fails when that file is out of date, or luacheck finds something in a script
//
// `-- @include name` stands for include/name.lua up to its first `-- @section`, `-- @include name part` for the section
// `part` of that file.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'src/redis/lua');
const target = join(folder, 'scripts.ts');
const INCLUDE = /^\s*-- @include (\S+)(?: (\S+))?$/;
const SECTION = /^-- @section (\S+)$/;

const luaFilesOf = (path) =>
  readdirSync(path)
    .filter((name) => name.endsWith('.lua'))
    .sort();
const nameOf = (file) =>
  file
    .replace(/\.lua$/, '')
    .replaceAll('-', '_')
    .toUpperCase();

/** The lines of each section of a file; those before the first one are the section `undefined`. */
function sectionsOf(path) {
  const sections = new Map([[undefined, []]]);
  let current;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const section = SECTION.exec(line)?.[1];
    if (section === undefined) sections.get(current).push(line);
    else {
      current = section;
      sections.set(section, []);
    }
  }
  return sections;
}

/** A line of Lua without its comment. Long brackets could hold one over several lines, so the scripts have none. */
function withoutComment(line) {
  if (/\[=*\[/.test(line)) throw new Error(`a long bracket: ${line}`);
  let quote;
  for (let index = 0; index < line.length; index += 1) {
    const char = line[index];
    if (quote !== undefined) {
      if (char === '\\') index += 1;
      else if (char === quote) quote = undefined;
    } else if (char === "'" || char === '"') quote = char;
    else if (char === '-' && line[index + 1] === '-') return line.slice(0, index).trimEnd();
  }
  return line.trimEnd();
}

const includes = new Map(
  luaFilesOf(join(folder, 'include')).flatMap((file) =>
    [...sectionsOf(join(folder, 'include', file))].map(([section, lines]) => {
      const name = file.replace(/\.lua$/, '');
      return [section === undefined ? name : `${name} ${section}`, lines];
    }),
  ),
);

function includeOf(line) {
  const found = INCLUDE.exec(line);
  if (found === null) return undefined;
  const key = found[2] === undefined ? found[1] : `${found[1]} ${found[2]}`;
  if (!includes.has(key)) throw new Error(`nothing to include: ${line.trim()}`);
  return key;
}

const constantOf = (key) => nameOf(key.replace(' ', '-'));

/** The text of a template literal. */
function templateOf(lines) {
  const texts = lines.flatMap((line) => {
    const key = includeOf(line);
    if (key !== undefined) return [`\${${constantOf(key)}}`];
    const code = withoutComment(line);
    return code === '' ? [] : [code.replace(/[\\`]|\$\{/g, '\\$&')];
  });
  return `\`${texts.join('\n')}\``;
}

function moduleText() {
  const scripts = luaFilesOf(folder).map((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n');
    return { file, lines };
  });
  const used = new Set(scripts.flatMap(({ lines }) => lines.flatMap((line) => includeOf(line) ?? [])));
  const unused = [...includes].find(
    ([key, lines]) => !used.has(key) && lines.some((line) => withoutComment(line) !== ''),
  );
  if (unused !== undefined) throw new Error(`nobody includes ${unused[0]}`);
  const parts = [
    '// Written by ci/embed-lua.mjs from the .lua files beside it. Change those, and run it.',
    ...[...used].map((key) => `const ${constantOf(key)} = ${templateOf(includes.get(key))};`),
    ...scripts.map(
      ({ file, lines }) => `/** ${file} */\nexport const ${nameOf(file)} = ${templateOf(lines)};`,
    ),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A script with its comments, as a server would get it. */
function assembled(lines, from) {
  return lines.flatMap((line) => {
    const key = includeOf(line);
    return key === undefined ? [line] : assembled(includes.get(key), `${from} > ${key}`);
  });
}

function luacheck() {
  const scratch = mkdtempSync(join(tmpdir(), 'lua-'));
  try {
    for (const file of luaFilesOf(folder)) {
      const lines = assembled(readFileSync(join(folder, file), 'utf8').split('\n'), file);
      writeFileSync(join(scratch, file), lines.join('\n'));
    }
    const { status, error } = spawnSync(
      'luacheck',
      ['--config', join(root, '.luacheckrc'), '--no-cache', scratch],
      { stdio: 'inherit' },
    );
    if (error !== undefined)
      throw new Error(`luacheck is not installed (Debian: lua-check): ${error.message}`);
    return status === 0;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

if (process.argv.includes('--check')) {
  const isCurrent = readFileSync(target, 'utf8') === moduleText();
  console.log(isCurrent ? 'scripts.ts is up to date' : 'scripts.ts is out of date: node ci/embed-lua.mjs');
  if (!luacheck() || !isCurrent) process.exitCode = 1;
} else {
  writeFileSync(target, moduleText());
}

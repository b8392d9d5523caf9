import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodesOf } from './nodes.ts';
import { comparedRow, goalRow, median, quantile, type Row } from './row.ts';
import { start } from './send/processes.ts';

const ROUNDS = 9;
const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** Modules that a fresh process imports; the first process imports none. */
const IMPORTS = {
  bare: '',
  ours: "await import('./dist/index.js');",
  resend: "await import('resend');",
  twilio: "await import('twilio');",
  telnyx: "await import('telnyx');",
};
type Name = keyof typeof IMPORTS;
const NAMES = Object.keys(IMPORTS) as Name[];

const MAX_IMPORT_MS = 30;
const MAX_IMPORT_OF_RESEND = 2;
const MAX_FIRST_OF_RESEND = 1.3;
const MAX_RSS_MB = 14;

/** The numbers that a program prints. */
async function numbersOf(node: string, program: string): Promise<readonly number[]> {
  const { stdout } = await run(node, ['--input-type=module', '-e', program], { cwd: root });
  return stdout.trim().split(' ').map(Number);
}

async function measure(node: string, origin: string) {
  const imports = new Map(NAMES.map((name) => [name, [] as number[]]));
  const memory = new Map(NAMES.map((name) => [name, [] as number[]]));
  const sends = new Map(NAMES.map((name) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of NAMES) {
      const [ms = Number.NaN, bytes = Number.NaN] = await numbersOf(
        node,
        `const at = performance.now(); ${IMPORTS[name]} console.log(performance.now() - at, process.memoryUsage.rss());`,
      );
      imports.get(name)?.push(ms);
      memory.get(name)?.push(bytes / 2 ** 20);
      if (name === 'bare') continue;
      // From the start of the process, which is where its clock begins.
      const [sentMs = Number.NaN] = await numbersOf(
        node,
        `const { contenders } = await import('./bench/send/contenders.mjs'); const send = await contenders.${name}('${origin}'); await send(1); console.log(performance.now()); process.exit();`,
      );
      sends.get(name)?.push(sentMs);
    }
  }
  const figure = (figures: ReadonlyMap<Name, number[]>) => (name: Name) =>
    quantile(figures.get(name) ?? [], 0.25);
  return {
    importMs: figure(imports),
    rssMb: (name: Name) => median(memory.get(name) ?? []),
    firstMs: figure(sends),
  };
}

async function rowsOf(node: ReturnType<typeof nodesOf>[number], origin: string): Promise<Row[]> {
  const { importMs, rssMb, firstMs } = await measure(node.path, origin);
  const above = (name: Name) => rssMb(name) - rssMb('bare');
  const rows = NAMES.filter((name) => name !== 'bare' && name !== 'ours').flatMap((name) => {
    const [ofImport, ofFirst] = [importMs('ours') / importMs(name), firstMs('ours') / firstMs(name)];
    const isResend = name === 'resend';
    return [
      comparedRow(
        `import, Node ${node.name}, fresh processes`,
        `${importMs('ours').toFixed(0)} ms`,
        `${name} ${importMs(name).toFixed(0)} ms`,
        `${ofImport.toFixed(2)} of its`,
        isResend
          ? { text: `at most ${MAX_IMPORT_OF_RESEND}`, met: ofImport <= MAX_IMPORT_OF_RESEND }
          : undefined,
      ),
      comparedRow(
        `first message of a process, from its start, Node ${node.name}`,
        `${firstMs('ours').toFixed(0)} ms`,
        `${name} ${firstMs(name).toFixed(0)} ms`,
        `${ofFirst.toFixed(2)} of its`,
        isResend
          ? { text: `at most ${MAX_FIRST_OF_RESEND}`, met: ofFirst <= MAX_FIRST_OF_RESEND }
          : undefined,
      ),
      comparedRow(
        `memory of an import above bare Node ${node.name}`,
        `${above('ours').toFixed(1)} MB`,
        `${name} ${above(name).toFixed(1)} MB`,
        `${(above('ours') / above(name)).toFixed(2)} of its`,
        isResend ? { text: `at most ${MAX_RSS_MB} MB`, met: above('ours') <= MAX_RSS_MB } : undefined,
      ),
    ];
  });
  return [
    goalRow(
      `import, Node ${node.name}`,
      `${importMs('ours').toFixed(0)} ms`,
      `at most ${MAX_IMPORT_MS} ms`,
      importMs('ours') <= MAX_IMPORT_MS,
    ),
    ...rows,
  ];
}

/** Import, first message and memory of a fresh process, with the built package beside its peers, in turn. */
export async function benchCold(): Promise<Row[]> {
  const [server, port] = await start('server');
  try {
    const rows: Row[] = [];
    for (const node of nodesOf(['20', '24', '26']))
      rows.push(...(await rowsOf(node, `http://127.0.0.1:${port}`)));
    return rows;
  } finally {
    server.disconnect();
  }
}

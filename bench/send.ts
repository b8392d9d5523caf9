import type { ChildProcess } from 'node:child_process';
import { nodesOf } from './nodes.ts';
import { comparedRow, goalRow, median, quantile, type Row } from './row.ts';
import { ask, start } from './send/processes.ts';

type Node = ReturnType<typeof nodesOf>[number];
/** Below that, V8 has not compiled a send for good. */
const WARM_UP = 30_000;
const FIRST = 1_000;
const ROUNDS = 7;
const SLICE_MS = 150;
/** 8x8's own limit on the requests of a sub-account. */
const REQUESTS_PER_SECOND = 1_800;
const NAMES = ['ours', 'twilio', 'telnyx', 'resend', 'ky', 'fetch', 'undici.Pool'] as const;
type Name = (typeof NAMES)[number];

/** One slice of a contender's work, per send. */
interface Slice {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly gcUs: number;
  readonly longestGcMs: number;
}

const GOALS: readonly {
  readonly node: string;
  readonly atOnce: number;
  readonly than: Name;
  readonly least: number;
}[] = [
  { node: '24', atOnce: 1, than: 'twilio', least: 2 },
  { node: '24', atOnce: 1, than: 'fetch', least: 1.5 },
  { node: '24', atOnce: 64, than: 'twilio', least: 3 },
  { node: '24', atOnce: 64, than: 'fetch', least: 2 },
  { node: '20', atOnce: 1, than: 'twilio', least: 1.3 },
  { node: '20', atOnce: 64, than: 'twilio', least: 1.3 },
];
const MAX_CPU_OF_POOL = 2.5;
const MAX_GC_US = 12;
const MAX_CORE = 0.2;

/** The work of a contender that its process does next. */
interface Task {
  readonly atOnce: number;
  readonly ms?: number;
  readonly count?: number;
}

const work = (child: ChildProcess, name: Name, task: Task) => ask(child, name, task) as Promise<Slice>;

/** The slices of all contenders in one rotation, and the first messages of each process. */
async function measure(path: string, origin: string) {
  const children = new Map<Name, ChildProcess>();
  const first = new Map<Name, Slice>();
  const slices = new Map<string, Slice[]>();
  try {
    for (const name of NAMES) {
      const [child] = await start('contender', [name, origin], path);
      children.set(name, child);
      first.set(name, await work(child, name, { atOnce: 1, count: FIRST }));
      await work(child, name, { atOnce: 64, count: WARM_UP - FIRST });
    }
    for (const atOnce of [1, 64]) {
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [name, child] of children) {
          const key = `${name} ${atOnce}`;
          slices.set(key, [...(slices.get(key) ?? []), await work(child, name, { atOnce, ms: SLICE_MS })]);
        }
      }
    }
  } finally {
    for (const child of children.values()) child.disconnect();
  }
  return { first, of: (name: Name, atOnce: number) => slices.get(`${name} ${atOnce}`) ?? [] };
}

const cpu = (slices: readonly Slice[]) =>
  quantile(
    slices.map(({ cpuUs }) => cpuUs),
    0.2,
  );
const rate = (slices: readonly Slice[]) =>
  quantile(
    slices.map(({ perSecond }) => perSecond),
    0.8,
  );
const gc = (slices: readonly Slice[]) => median(slices.map(({ gcUs }) => gcUs));
const show = (slices: readonly Slice[]) =>
  `${Math.round(rate(slices))}/s, ${cpu(slices).toFixed(0)} µs CPU, ${gc(slices).toFixed(0)} µs GC, longest ${Math.max(...slices.map(({ longestGcMs }) => longestGcMs)).toFixed(1)} ms`;

async function rowsOf({ name: node, path }: Node, origin: string): Promise<Row[]> {
  const { of, first } = await measure(path, origin);
  const others = NAMES.filter((name) => name !== 'ours');
  const rows = [1, 64].flatMap((atOnce) => {
    const ours = of('ours', atOnce);
    const measured = `send, Node ${node}, ${atOnce} at once`;
    const compared = others.map((other): Row => {
      const theirs = of(other, atOnce);
      const ratio = median(
        ours.map(({ perSecond }, index) => perSecond / (theirs[index]?.perSecond ?? Number.NaN)),
      );
      const goal = GOALS.find((each) => each.node === node && each.atOnce === atOnce && each.than === other);
      return comparedRow(
        measured,
        show(ours),
        `${other} ${show(theirs)}`,
        `${ratio.toFixed(2)}x`,
        goal && { text: `at least ${goal.least}x`, met: ratio >= goal.least },
      );
    });
    const ofPool = cpu(ours) / cpu(of('undici.Pool', atOnce));
    const cpuRow = comparedRow(
      `CPU per ${measured}`,
      `${cpu(ours).toFixed(0)} µs`,
      `undici.Pool ${cpu(of('undici.Pool', atOnce)).toFixed(0)} µs`,
      `${ofPool.toFixed(2)} of its`,
      atOnce === 64 ? { text: `at most ${MAX_CPU_OF_POOL}`, met: ofPool <= MAX_CPU_OF_POOL } : undefined,
    );
    return [...compared, cpuRow];
  });
  const warm = of('ours', 64);
  const core = (cpu(of('ours', 1)) * REQUESTS_PER_SECOND) / 1e6;
  const firstOf = (name: Name) => first.get(name)?.cpuUs ?? Number.NaN;
  return [
    ...rows,
    goalRow(
      `garbage collection per send, Node ${node}, 64 at once`,
      `${gc(warm).toFixed(1)} µs`,
      `at most ${MAX_GC_US} µs`,
      gc(warm) <= MAX_GC_US,
    ),
    goalRow(
      `a core at 1,800 sends/s, Node ${node}: CPU of one at a time × 1,800`,
      `${(core * 100).toFixed(0)} %`,
      `at most ${MAX_CORE * 100} %`,
      core <= MAX_CORE,
    ),
    ...others.map((other) =>
      comparedRow(
        `CPU per send, the first ${FIRST} of a process, Node ${node}`,
        `${firstOf('ours').toFixed(0)} µs`,
        `${other} ${firstOf(other).toFixed(0)} µs`,
        `${(firstOf('ours') / firstOf(other)).toFixed(2)} of its`,
      ),
    ),
  ];
}

/**
 * Messages sent one at a time and 64 at once by this package and its peers: a process for each, warm, in slices that take turns, to a
 * server that is never the limit.
 */
export async function benchSend(): Promise<Row[]> {
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

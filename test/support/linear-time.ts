/** A text that keeps a parser busy: `unit` repeated. */
export interface HostileText {
  readonly head?: string;
  readonly unit: string;
  readonly tail?: string;
}

/** Characters of the small text; the large one has eight times as many. */
const SMALL = 12_500;
const GROWTH = 8;
/** Linear work takes 8 times as long, quadratic work 64 times. */
const MAX_GROWTH = 24;
/** Below this multiple of counting 100,000 characters, garbage collection is larger than the measured time. */
const NOISE_TIMES_COUNTING = 2;
/**
 * CPU time of 100,000 characters, as a multiple of what this machine needs to count them, in this run: a busy machine and coverage
 * slow both down. Linear work stays far below it; quadratic work takes a hundred times more.
 */
const MAX_TIMES_COUNTING = 250;
const COUNTED = 'one text of "100,000" characters,\n'.repeat(3_000).slice(0, 100_000);

/** Runs of each attempt: garbage collection on a busy machine looks like steep growth, but not in each of many runs. */
const RUNS = [2, 5, 20];

/** Texts that provoke expressions and scanners of every kind: runs, near misses, unclosed brackets, marks to be sorted. */
export const HOSTILE_RUNS: readonly HostileText[] = [
  ...['a', '1', ' ', '\n', '\t', '"', ',', '{', '%', '+', '.', '/', ':', '-', '*', '=', '\\', '\0'],
  ...['1   1   1   1   1   1   x', '1 ', '1%2B%2B', '1%20', '+1', '1.', 'x1   ', '1   ', ' x', 'a ', 'ab'],
  ...['{{', '{{ ', '{{url:', '{{url}}', '{a}', '""', '"a', '"a,', 'x"', '\r\n', '\r', '[', '{"a":', 'a,'],
  ...['a@', 'a.', 'a-', '://', '::', 'stop ', 's.t.o.p ', 'ppp', '\\u0041', '&#', '<a ', "'"],
  ...[
    'é',
    'e\u0301',
    '\u0301\u0323',
    '\uff9e\u05b0',
    '中',
    'ﷺ',
    '😀',
    '\ud800',
    '\u200b',
    '٦',
    '𝟗 ',
    '\u2028',
  ],
].map((unit) => ({ unit }));

/** The same, and each with a beginning or an end that may turn a match into a near miss. */
const HOSTILE_TEXTS: readonly HostileText[] = HOSTILE_RUNS.flatMap(({ unit }) => [
  { unit },
  { unit, tail: 'x!' },
  { head: '1', unit, tail: ' ' },
]);

function writeHostile({ head = '', unit, tail = '' }: HostileText, length: number): string {
  const room = length - head.length - tail.length;
  return head + unit.repeat(Math.ceil(room / unit.length)).slice(0, room) + tail;
}

/** CPU time of the fastest of several runs: other processes and pauses do not count. */
async function measure(work: () => unknown, runs: number): Promise<number> {
  let quickest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs && quickest > noiseMs(); run += 1) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    quickest = Math.min(quickest, (user + system) / 1_000);
  }
  return quickest;
}

function countCharacters(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return counts;
}

/** The unit in which CPU time is judged: what this machine needs now to count 100,000 characters, in milliseconds. */
export function measureCounting(): number {
  let quickest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run += 1) {
    const start = process.cpuUsage();
    countCharacters(COUNTED);
    const { user, system } = process.cpuUsage(start);
    quickest = Math.min(quickest, (user + system) / 1_000);
  }
  // A clock that counts in ticks shows nothing for less than one.
  return Math.max(quickest, 0.5);
}

let countingMs = measureCounting();
const noiseMs = () => NOISE_TIMES_COUNTING * countingMs;

async function compare(
  work: (text: string) => unknown,
  [small, large]: readonly [string, string],
  runs: number,
): Promise<string | undefined> {
  const limit = ({ length }: string) => (length / 100_000) * MAX_TIMES_COUNTING * countingMs;
  const smallMs = await measure(() => work(small), runs);
  if (smallMs > limit(small)) return `${smallMs} ms for ${small.length} characters`;
  const largeMs = await measure(() => work(large), runs);
  if (largeMs > limit(large)) return `${largeMs} ms for ${large.length} characters`;
  const isTooSteep = largeMs > MAX_GROWTH * Math.max(smallMs, noiseMs());
  return isTooSteep ? `${smallMs} ms, and ${largeMs} ms for ${GROWTH} times the length` : undefined;
}

/**
 * Returns the reason why the time of `work` is not linear in the length of a hostile text; undefined when it is.
 * `work` gets a text of `small` characters, and then, unless that took too long already, one of eight times as many.
 * A suspicion is checked again with more runs, and with the speed that the machine has by then.
 */
async function findSlowness(
  work: (text: string) => unknown,
  hostile: HostileText,
  small = SMALL,
): Promise<string | undefined> {
  const texts = [writeHostile(hostile, small), writeHostile(hostile, small * GROWTH)] as const;
  let slowness: string | undefined;
  for (const runs of RUNS) {
    slowness = await compare(work, texts, runs);
    if (slowness === undefined) return undefined;
    countingMs = measureCounting();
  }
  return `${JSON.stringify(hostile).slice(0, 100)}: ${slowness}`;
}

/** Every reason why `work` is slow on the texts, as {@link findSlowness}. */
export async function findAllSlowness(
  work: (text: string) => unknown,
  texts: readonly HostileText[] = HOSTILE_TEXTS,
  small?: number,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const text of texts) {
    const slowness = await findSlowness(work, text, small);
    if (slowness !== undefined) found.push(slowness);
  }
  return found;
}

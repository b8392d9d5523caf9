import { getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import type { PhoneInput } from '../src/phone/normalise-phone.ts';
import { normalisePhones } from '../src/phone/normalise-phones.ts';
import { median, type Row } from './row.ts';

const NUMBERS = 10_000;
/** The last five digits are varied: more rounds would draw numbers that are too long. */
const ROUNDS = 4;
const MAX_RATIO = 0.15;
const MAX_BLOCK_MS = 15;

type ExampleCountry = keyof typeof examples;

/**
 * Mobile numbers made from the example number of each country, the last five digits varied; never the same one twice. Small
 * countries whose numbers do not exist then are left out: a number that does not exist is read by the parser on both sides.
 */
function numberSource(countries: readonly ExampleCountry[]): () => PhoneInput[] {
  const stems = countries
    .map((country) => getExampleNumber(country, examples)?.number.slice(0, -5))
    .filter((stem) => parsePhoneNumberFromString(`${stem}00100`, { extract: false })?.isValid());
  let drawn = 0;
  const next = (): PhoneInput => {
    drawn += 1;
    const ending = String(Math.floor(drawn / stems.length)).padStart(5, '0');
    return { raw: `${stems[drawn % stems.length]}${ending}` };
  };
  return () => Array.from({ length: NUMBERS }, next);
}

/** CPU time of this thread, so that other work on the machine does not count as ours. */
function threadMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function milliseconds(work: () => unknown): Promise<number> {
  const startedAt = threadMilliseconds();
  await work();
  return threadMilliseconds() - startedAt;
}

function parseBare(items: readonly PhoneInput[]): void {
  for (const { raw } of items) parsePhoneNumberFromString(String(raw), { extract: false })?.getType();
}

/** Longest time in which the event loop could do nothing else while a batch is normalised. */
async function longestBlock(items: readonly PhoneInput[]): Promise<number> {
  let longest = 0;
  let lastTick = threadMilliseconds();
  let isRunning = true;
  const tick = (): void => {
    const now = threadMilliseconds();
    longest = Math.max(longest, now - lastTick);
    lastTick = now;
    if (isRunning) setImmediate(tick);
  };
  setImmediate(tick);
  await normalisePhones(items);
  isRunning = false;
  tick();
  return longest;
}

/** A batch and the bare parser in turns, each on numbers of its own, the one that starts changing every round. */
async function compareWithParser(measure: string, countries: readonly ExampleCountry[]): Promise<Row> {
  const draw = numberSource(countries);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const batch = draw();
    const bareBatch = draw();
    const runOurs = async () => ours.push(await milliseconds(() => normalisePhones(batch)));
    const runBare = async () => bare.push(await milliseconds(() => parseBare(bareBatch)));
    if (round % 2 === 0) await runOurs();
    await runBare();
    if (round % 2 === 1) await runOurs();
  }
  const ratio = median(ours.map((time, round) => time / (bare[round] ?? Number.NaN)));
  return {
    measure,
    ours: format(median(ours)),
    compared: `bare parser ${format(median(bare))}`,
    ratio: ratio.toFixed(2),
    target: `at most ${MAX_RATIO}`,
    met: ratio <= MAX_RATIO,
  };
}

function blockRow(measure: string, block: number): Row {
  return {
    measure,
    ours: format(block),
    compared: '-',
    ratio: '-',
    target: `at most ${MAX_BLOCK_MS} ms`,
    met: block <= MAX_BLOCK_MS,
  };
}

function format(value: number): string {
  return `${value.toFixed(1)} ms`;
}

/**
 * A batch of 10,000 numbers never seen before beside the bare parser: `libphonenumber-js/max`, parse
 * and type, which is what it takes to know whether a number may get an SMS. And the longest block of the event loop,
 * first in a process that has not compiled anything yet.
 */
export async function benchPhone(): Promise<Row[]> {
  const world = Object.keys(examples) as ExampleCountry[];
  const draw = numberSource(world);
  const cold = await longestBlock(draw());
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round++) warm.push(await longestBlock(draw()));
  return [
    await compareWithParser('10,000 new mobile numbers, all countries', world),
    await compareWithParser('10,000 new mobile numbers, Singapore', ['SG']),
    blockRow('longest block of the loop by 10,000 numbers, cold process', cold),
    blockRow('longest block of the loop by 10,000 numbers, median', median(warm)),
  ];
}

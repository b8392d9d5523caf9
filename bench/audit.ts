import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AuditLog, auditLog, memorySalts, verifyAudit } from '../src/audit/index.ts';
import { memoryLimits, presets, SmsClient } from '../src/index.ts';
import { best, median, type Row } from './row.ts';

const MESSAGES = 2_000;
const ROUNDS = 7;
const SECRET = 'a-secret-of-the-bench-0123456789abcdef';
/** Between two messages, so that no guard refuses one. */
const STEP_MS = 4 * 3_600_000;
/** A message was admitted, it was sent, and once a day nobody had entered a code. */
const MAX_RECORDS = 2.2;

/** 8x8's answer to every message, at once. */
async function answer(): Promise<Response> {
  return Response.json({
    umid: '0f8fad5b-d9cb-469f-a165-70867728950e',
    destination: '6591234567',
    encoding: 'GSM7',
    status: { code: 'QUEUED', description: 'ok' },
  });
}

type Kind = 'no log' | 'log, salts in memory' | 'log and salts in files' | 'log in files, each person new';

/** Microseconds per message, one after the other, the writing of the records included. */
async function sendAll(kind: Kind, folder: string, round: number): Promise<number> {
  const file = join(folder, `${round}-${kind.length}.jsonl`);
  const inMemory = { writer: () => {}, salts: memorySalts() };
  let skippedMs = 0;
  const clock = { now: () => Date.now() + skippedMs, monotonic: () => performance.now() + skippedMs };
  const audit: AuditLog | undefined =
    kind === 'no log'
      ? undefined
      : auditLog({ secret: SECRET, ...(kind === 'log, salts in memory' ? inMemory : { file }) });
  const sms = new SmsClient({
    apiKey: 'bench-key',
    subAccountId: 'bench',
    fetch: answer,
    pace: false,
    clock,
    limits: memoryLimits({ clock }),
    guards: presets.otp({ countries: ['SG'], budgetPerDay: false }),
    ...(audit && { audit }),
  });
  const people = kind === 'log in files, each person new' ? MESSAGES : 50;
  const send = (index: number) => {
    skippedMs += STEP_MS;
    return sms.messages.send({
      destination: `+6591${String(index % people).padStart(6, '0')}`,
      text: 'Your code is 4711',
      purpose: 'otp',
    });
  };
  for (let index = 0; index < people; index += 1) await send(index);
  await audit?.flush();
  const before = audit?.head()?.seq ?? 0;
  const startedAt = performance.now();
  for (let index = 0; index < MESSAGES; index += 1)
    await send(kind === 'log in files, each person new' ? index + people : index);
  await audit?.flush();
  const spentUs = ((performance.now() - startedAt) * 1000) / MESSAGES;
  const records = ((audit?.head()?.seq ?? 0) - before) / MESSAGES;
  if (records > MAX_RECORDS) throw new Error(`${records} records of a message: a guard spoke`);
  await audit?.close();
  await sms.close();
  return spentUs;
}

/** Microseconds per record of `verifyAudit`. */
async function verifyAll(): Promise<number> {
  const pieces: string[] = [];
  const log = auditLog({ secret: SECRET, salts: memorySalts(), writer: (lines) => void pieces.push(lines) });
  for (let index = 0; index < 20_000; index += 1) {
    log.record(
      { type: 'message-admitted', at: index },
      { person: `+6591${String(index % 50).padStart(6, '0')}`, context: undefined },
    );
  }
  await log.close();
  const startedAt = performance.now();
  const { ok, records } = await verifyAudit({
    sources: [{ name: 'log', chunks: pieces }],
    secrets: { 1: SECRET },
  });
  if (!ok) throw new Error('the log does not verify');
  return ((performance.now() - startedAt) * 1000) / records;
}

/** The cost of an audit log in front of the whole preset for one-time passwords: single sends through an answer that takes no time. */
export async function benchAudit(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-audit-'));
  try {
    const kinds = [
      'no log',
      'log, salts in memory',
      'log and salts in files',
      'log in files, each person new',
    ] as const;
    const times = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const kind of kinds) times.get(kind)?.push(await sendAll(kind, folder, round));
    }
    const plain = times.get('no log') as number[];
    const rows = kinds.slice(1).map((kind): Row => {
      const audited = times.get(kind) as number[];
      const ratio = best(audited) / best(plain);
      const limit = kind === 'log in files, each person new' ? 4 : 2;
      return {
        measure: `otp preset with audit: ${kind}, per message of 2 records`,
        ours: `${best(audited).toFixed(0)} µs (median ${median(audited).toFixed(0)} µs)`,
        compared: `without a log ${best(plain).toFixed(0)} µs (median ${median(plain).toFixed(0)} µs)`,
        ratio: ratio.toFixed(2),
        target: `at most ${limit}`,
        met: ratio <= limit,
      };
    });
    const verifying = await verifyAll();
    return [
      ...rows,
      {
        measure: 'verifyAudit, per record',
        ours: `${verifying.toFixed(1)} µs`,
        compared: '-',
        ratio: '-',
        target: 'at most 100 µs',
        met: verifying <= 100,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.table(await benchAudit());
}

import { StoreError, ValidationError } from '../errors.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { canonicalKey } from '../phone/canonical-key.ts';
import { type AuditKeys, createAuditKeys } from './audit-keys.ts';
import { type AuditLogOptions, checkAuditOptions } from './audit-options.ts';
import type { AuditEvent, AuditSink } from './audit-sink.ts';
import { type AuditHead, type Chain, wholeMs } from './chain.ts';
import { createChainWriter } from './chain-writer.ts';
import { fileOutput } from './file-output.ts';
import { fileSalts } from './file-salts.ts';
import { type AuditOutput, type AuditWriter, writerOutput } from './output.ts';
import { createPersonIds } from './person-ids.ts';
import { isRecorded, recordFields } from './record-fields.ts';
import type { SaltStore } from './salts.ts';

/** A log of decisions, for `SmsClientOptions.audit`. */
export interface AuditLog extends AuditSink {
  /**
   * Waits until everything that was recorded so far is written, and forced to the disk.
   *
   * @throws StoreError it cannot be written; the log retries on its own
   * @example await audit.flush()
   */
  flush(): Promise<void>;
  /**
   * Ends the log: writes what waits, and a last record that says so. Close the clients first. What is recorded later is lost.
   *
   * @throws StoreError it cannot be written; call it again
   * @example process.once('SIGTERM', async () => { await sms.close(); await audit.close(); })
   */
  close(): Promise<void>;
  /**
   * The last record that was written. Kept in another place, it shows later whether the end of the log was cut off: give it to
   * `verifyAudit` as `expect`. Undefined before the first record.
   *
   * @example await save(audit.head())
   */
  head(): AuditHead | undefined;
  /**
   * The IDs under which a person is recorded, to find their records; empty when there are none, or the person was forgotten.
   *
   * @param number in E.164, for example `+6591234567`
   * @throws ValidationError it is no number in E.164
   * @example const ids = await audit.personIds('+6591234567')
   */
  personIds(number: string): Promise<readonly string[]>;
}

/** A record: its chain, and its number there. */
type Place = Pick<AuditHead, 'chain' | 'seq'>;

/** Records that are not in the log: their number, and the times of the first and the last. */
interface Loss {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

interface EventItem {
  readonly kind: 'event';
  readonly event: AuditEvent;
  readonly person: string | undefined;
  readonly actor: string | undefined;
  /** The record that the last attempt made of it. */
  written?: Place;
  /** The failed attempt had written it whole, or counted it as lost. */
  isDone?: boolean;
}
/** Work between two records, in their order. */
interface TaskItem {
  readonly kind: 'task';
  readonly run: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
type Item = EventItem | TaskItem;

/** Records per write; a write of this many takes about 10 ms of computing. */
const MAX_BATCH = 500;
const [FIRST_RETRY_MS, MAX_RETRY_MS] = [500, 30_000];
/** A send waits for room in the queue for as long, and then goes out. */
const ROOM_MS = 1_000;
const MAX_ACTOR = 200;

/**
 * Creates a tamper-evident log: JSON lines, each with a code that covers itself and the line before it. Reads no
 * clock and opens nothing before the first record.
 *
 * @throws ConfigurationError an option is missing, unknown or invalid
 * @example
 * ```ts
 * const audit = auditLog({ file: '/var/log/sms/audit.jsonl', secret: process.env.EIGHTBYEIGHT_AUDIT_SECRET });
 * const sms = new SmsClient({ audit });
 * ```
 */
export function auditLog(options: AuditLogOptions): AuditLog {
  checkAuditOptions(options);
  const { file, signer, onError = showWithoutMessage, actorOf } = options;
  const { headEvery = 1_000, fsyncMs = 1_000, maxFileBytes = 134_217_728, maxQueued = 50_000 } = options;
  const isRequired = options.whenUnavailable === 'refuse';
  const now = () => (options.clock === undefined ? Date.now() : wholeMs(options.clock.now()));
  const secrets = [
    { keyId: options.keyId ?? '1', secret: options.secret as string },
    ...(options.previous ?? []),
  ];
  const keys = secrets.map(createAuditKeys) as [AuditKeys, ...AuditKeys[]];
  const output: AuditOutput =
    file === undefined ? writerOutput(options.writer as AuditWriter) : fileOutput(file);
  const people = createPersonIds(keys, options.salts ?? (fileSalts(`${file}.salts`) satisfies SaltStore));

  let queue: Item[] = [];
  let waiting = 0;
  let isRunning = false;
  let isClosed = false;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let nextSync: ReturnType<typeof setTimeout> | undefined;
  let lost: Loss | undefined;
  /** The last record of a loss, until its write succeeds. */
  let lossRecord: { readonly loss: Loss; readonly place: Place } | undefined;
  let lastError: unknown;
  let roomWaiters: (() => void)[] = [];

  function report(error: unknown): void {
    try {
      onError(error, { lost: lost?.count ?? 0 });
    } catch {
      // The last resort has failed.
    }
  }

  function giveRoom(isForced: boolean): void {
    if (!isForced && waiting > maxQueued / 2) return;
    for (const resolve of roomWaiters) resolve();
    roomWaiters = [];
  }

  const chains = createChainWriter({
    output,
    isFile: file !== undefined,
    keys: keys[0],
    signer,
    headEvery,
    syncsEachWrite: fsyncMs === 0,
    now,
    report,
    onRecovered(last) {
      for (const item of queue) {
        if (item.kind === 'event' && item.written?.chain === last.chain) {
          item.isDone = item.written.seq <= last.seq;
        }
      }
      const place = lossRecord?.place;
      if (place?.chain === last.chain && place.seq <= last.seq) lossIsRecorded();
    },
  });

  function syncSoon(): void {
    nextSync = undefined;
    queue.push({ kind: 'task', run: chains.sync, resolve() {}, reject() {} });
    wake();
  }

  /** Undefined for an event that no JSON or no line can hold: it is lost, and those after it are not. */
  function toLine(
    to: Chain,
    { event, actor, person }: EventItem,
    ids: ReadonlyMap<string, string>,
  ): Uint8Array | undefined {
    try {
      const id = person === undefined ? undefined : ids.get(person);
      return to.add(event.at, event.type, { person: id, actor, data: recordFields(event) });
    } catch (error) {
      report(error);
      lose(event.at);
      return undefined;
    }
  }

  /** Writes the records of some events; on failure all of them stay in the queue. */
  async function writeEvents(batch: readonly EventItem[]): Promise<void> {
    const open = await chains.open();
    const ids = new Map<string, string>();
    const known = new Set(batch.flatMap(({ person }) => person ?? []));
    await Promise.all(
      [...known].map(async (person) => void ids.set(person, await people.idOf(person, now()))),
    );
    const lines: Uint8Array[] = [];
    for (const item of batch) {
      if (item.isDone === true) continue;
      const line = toLine(open, item, ids);
      if (line === undefined) {
        item.isDone = true;
        continue;
      }
      lines.push(line);
      item.written = open.head;
      const head = await chains.countedHead(open);
      if (head !== undefined) lines.push(head);
    }
    if (lost !== undefined) {
      lines.push(open.add(now(), 'lost', { data: { ...lost } }));
      lossRecord = { loss: lost, place: open.head };
    }
    const head = await chains.timedHead(open);
    if (head !== undefined) lines.push(head);
    if (lines.length > 0) await chains.write(lines, open);
    if (fsyncMs !== false && fsyncMs > 0) nextSync ??= later(fsyncMs, syncSoon);
    lossIsRecorded();
    if (file !== undefined && chains.bytes >= maxFileBytes) await chains.finish();
  }

  function fail(error: unknown): void {
    lastError = error;
    failures += 1;
    const tasks = queue.filter((item) => item.kind === 'task');
    queue = queue.filter((item) => item.kind === 'event');
    for (const { reject } of tasks) reject(error);
    giveRoom(true);
    retry ??= later(Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MAX_RETRY_MS), () => {
      retry = undefined;
      wake();
    });
    report(error);
  }

  async function run(): Promise<void> {
    try {
      // Records of one turn of the event loop are written together.
      await Promise.resolve();
      while (queue.length > 0) {
        const [first] = queue;
        if (first?.kind === 'task') {
          await first.run();
          queue.shift();
          first.resolve();
        } else {
          const end = queue.findIndex(({ kind }) => kind === 'task');
          const count = Math.min(end < 0 ? queue.length : end, MAX_BATCH);
          await writeEvents(queue.slice(0, count) as EventItem[]);
          queue.splice(0, count);
          waiting -= count;
          giveRoom(false);
        }
        failures = 0;
      }
    } catch (error) {
      fail(error);
    } finally {
      isRunning = false;
    }
  }

  function wake(): void {
    if (isRunning || retry !== undefined || queue.length === 0) return;
    isRunning = true;
    void run();
  }

  /** Work after everything that was recorded before. */
  function afterRecords(work: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      queue.push({ kind: 'task', run: work, resolve, reject });
      wake();
    });
  }

  function tryNow(): void {
    clearTimeout(retry);
    retry = undefined;
  }

  async function flushAnd(work: () => Promise<void>): Promise<void> {
    tryNow();
    try {
      await afterRecords(async () => {
        if (lost !== undefined) await writeEvents([]);
        await work();
      });
    } catch {
      throw new StoreError(
        'The audit log cannot be written, and the write is retried. onError receives the reason.',
      );
    }
  }

  /** Leaves later losses for the next record. */
  function lossIsRecorded(): void {
    if (lossRecord === undefined || lost === undefined) return;
    const { loss } = lossRecord;
    const more = lost.count - loss.count;
    lost = more > 0 ? { count: more, from: loss.to, to: lost.to } : undefined;
    lossRecord = undefined;
  }

  function lose(at: number): false {
    const isFirst = lost === undefined;
    lost = { count: (lost?.count ?? 0) + 1, from: lost?.from ?? at, to: at };
    if (isFirst)
      report(new StoreError(isClosed ? 'The audit log is closed.' : 'The queue of the audit log is full.'));
    return false;
  }

  function readActor(context: unknown): string | undefined {
    try {
      const actor = actorOf?.(context);
      return typeof actor === 'string' ? actor.slice(0, MAX_ACTOR) : undefined;
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  return {
    record(event, { person, context }) {
      if (!isRecorded(event)) return true;
      if (isClosed || waiting >= maxQueued) return lose(event.at);
      queue.push({ kind: 'event', event, person, actor: readActor(context) });
      waiting += 1;
      wake();
      return true;
    },
    ready({ signal }) {
      if (!isRequired) {
        if (waiting <= maxQueued / 2 || retry !== undefined) return undefined;
        const room = () => new Promise<void>((resolve) => roomWaiters.push(resolve));
        return withTimeLimit(ROOM_MS, signal, room).then(() => {});
      }
      if (retry !== undefined) return Promise.reject(lastError);
      if (isClosed || lost !== undefined) return Promise.reject(new StoreError('Records were lost.'));
      return waiting === 0 ? undefined : afterRecords(async () => {});
    },
    async forget(person) {
      tryNow();
      await afterRecords(() => people.forget(person));
    },
    flush: () => flushAnd(chains.sync),
    async close() {
      isClosed = true;
      try {
        await flushAnd(chains.finish);
      } catch (error) {
        isClosed = false;
        throw error;
      }
      clearTimeout(nextSync);
      nextSync = undefined;
    },
    head: () => chains.written,
    async personIds(number) {
      if (typeof number !== 'string' || !/^\+[1-9]\d{6,14}$/.test(number)) {
        throw new ValidationError('personIds needs a number in E.164, for example +6591234567.', 'number');
      }
      return people.find(`+${canonicalKey(number.slice(1))}`);
    },
  };
}

/** A timer that does not keep the process alive. */
function later(ms: number, work: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(work, ms);
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** Messages of errors may hold paths and more; name and code say enough for a log. */
function showWithoutMessage(error: unknown, { lost }: { readonly lost: number }): void {
  const { name = 'error', code = '' } = (error ?? {}) as { readonly name?: string; readonly code?: string };
  const loss = lost === 0 ? '' : ` ${lost} records are lost.`;
  console.error(
    `8x8-sms-guard: the audit log failed (${`${name} ${code}`.trim()}).${loss} Set onError to get the error.`,
  );
}

import { StoreError, ValidationError } from '../errors.ts';
import { toBase64Url } from '../internal/base64url.ts';
import { concatBytes } from '../internal/concat-bytes.ts';
import { toHex } from '../internal/digest.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { VERSION } from '../internal/version.ts';
import { canonicalKey } from '../phone/canonical-key.ts';
import { type AuditKeys, createAuditKeys } from './audit-keys.ts';
import { type AuditLogOptions, checkAuditOptions } from './audit-options.ts';
import type { AuditEvent, AuditSink } from './audit-sink.ts';
import { type AuditHead, type Chain, createChain, NO_MAC, wholeMs } from './chain.ts';
import { fileOutput } from './file-output.ts';
import { fileSalts } from './file-salts.ts';
import { type AuditAnchor, type AuditOutput, type AuditWriter, writerOutput } from './output.ts';
import { createPersonIds } from './person-ids.ts';
import { isRecorded, recordFields } from './record-fields.ts';
import type { SaltStore } from './salts.ts';

/** A log of decisions, for `SmsClientOptions.audit`. */
export interface AuditLog extends AuditSink {
  /**
   * Waits until everything that was recorded so far is written, and forced to the disk.
   *
   * @throws StoreError it cannot be written; it is tried again by itself
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

interface EventItem {
  readonly kind: 'event';
  readonly event: AuditEvent;
  readonly person: string | undefined;
  readonly actor: string | undefined;
  /** The record that the last attempt made of it. */
  written?: { readonly chain: string; readonly seq: number };
  /** The failed attempt had written it whole. */
  isKept?: boolean;
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
const SIGN_TIMEOUT_MS = 5_000;
/** A signer that fails is not asked again for this long. */
const SIGN_PAUSE_MS = 10_000;
/** A quiet log is signed with the first record after this time. */
const HEAD_MS = 60_000;
/** A send waits for room in the queue for as long, and then goes out. */
const ROOM_MS = 1_000;
const CHAIN_BYTES = 10;
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
  let chain: Chain | undefined;
  let written: AuditHead | undefined;
  /** The chain whose write failed. */
  let broken: AuditHead | undefined;
  let bytes = 0;
  let isRunning = false;
  let isClosed = false;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let nextSync: ReturnType<typeof setTimeout> | undefined;
  let lost: { count: number; readonly from: number; to: number } | undefined;
  let lastError: unknown;
  let signedAt = 0;
  let signAfter = 0;
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

  async function sign(data: Uint8Array<ArrayBuffer>): Promise<string> {
    const signing = withTimeLimit(SIGN_TIMEOUT_MS, undefined, (signal) => signer?.sign(data, { signal }));
    const outcome = await signing;
    const signature = outcome.inTime ? outcome.value : undefined;
    if (!(signature instanceof Uint8Array) || signature.length !== 64) {
      throw new TypeError(outcome.inTime ? 'signer.sign gave no 64 bytes' : 'signer.sign took too long');
    }
    return toBase64Url(signature);
  }

  /** A record that is signed where there is a signer, and plain while the signer fails. */
  async function signedLine(to: Chain, type: string, fields: object): Promise<Uint8Array> {
    const at = now();
    if (signer !== undefined && at >= signAfter) {
      try {
        const line = await to.addSigned(at, type, fields, sign, signer.keyId);
        signedAt = at;
        return line;
      } catch (error) {
        signAfter = at + SIGN_PAUSE_MS;
        report(error);
      }
    }
    return to.add(at, type, fields);
  }

  async function write(lines: readonly Uint8Array[], to: Chain): Promise<void> {
    try {
      const joined = concatBytes(lines);
      await output.write(joined);
      if (fsyncMs === 0) await output.sync();
      bytes += joined.length;
      written = to.head;
    } catch (error) {
      giveUp();
      throw error;
    }
    if (fsyncMs !== false && fsyncMs > 0) nextSync ??= later(fsyncMs, syncSoon);
  }

  function syncSoon(): void {
    nextSync = undefined;
    queue.push({ kind: 'task', run: sync, resolve() {}, reject() {} });
    wake();
  }

  async function sync(): Promise<void> {
    try {
      await output.sync();
    } catch (error) {
      giveUp();
      throw error;
    }
  }

  /** After a failure it is unknown how much of a chain is in the log. */
  function giveUp(): void {
    if (chain !== undefined) broken = written;
    chain = undefined;
  }

  /** Whether a failed write may have left the piece of a line in the stream. What it left in a file is in that file. */
  const isAfterPiece = () => broken !== undefined && file === undefined;

  /** The chains that the next one names. This process knows how far its own last one went, whoever has cut its file since. */
  function withOwn(found: readonly AuditAnchor[]): readonly AuditAnchor[] {
    const own = broken ?? written;
    if (own === undefined) return found;
    const onDisk = found.find(({ chain: each }) => each === own.chain);
    const named = onDisk !== undefined && onDisk.seq > own.seq ? onDisk : { ...onDisk, ...own };
    const others = found.filter((each) => each !== onDisk);
    return [...others, isAfterPiece() ? { ...named, interrupted: true } : named];
  }

  async function begin(): Promise<Chain> {
    const name = toHex(crypto.getRandomValues(new Uint8Array(CHAIN_BYTES)));
    const found = await output.begin(name, now());
    const after = withOwn(found);
    const kept = found.find((each) => each.chain === broken?.chain);
    for (const item of queue) {
      if (item.kind === 'event' && kept !== undefined && item.written?.chain === kept.chain) {
        item.isKept = item.written.seq <= kept.seq;
      }
    }
    const next = createChain(name, keys[0]);
    const line = await signedLine(next, 'start', { by: VERSION, after });
    bytes = 0;
    // The piece of a line must not join this one.
    const lines = isAfterPiece() ? [LINE_END, line] : [line];
    // It stays broken when this write fails, too: the first line may be in the log, whole or in part.
    broken ??= { chain: name, seq: 0, mac: NO_MAC };
    await write(lines, next);
    broken = undefined;
    chain = next;
    return next;
  }

  async function finish(): Promise<void> {
    // The next chain tells of the failure, and is the one that ends.
    if (chain === undefined && broken !== undefined) await begin();
    if (chain === undefined) return;
    const last = chain;
    await write([await signedLine(last, 'end', {})], last);
    await sync();
    chain = undefined;
    await output.end();
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
    const open = chain ?? (await begin());
    const ids = new Map<string, string>();
    const known = new Set(batch.flatMap(({ person }) => person ?? []));
    await Promise.all(
      [...known].map(async (person) => void ids.set(person, await people.idOf(person, now()))),
    );
    const lines: Uint8Array[] = [];
    for (const item of batch) {
      if (item.isKept === true) continue;
      const line = toLine(open, item, ids);
      if (line === undefined) continue;
      lines.push(line);
      item.written = { chain: open.head.chain, seq: open.head.seq };
      if (signer !== undefined && open.unsigned >= headEvery) lines.push(await signedLine(open, 'head', {}));
    }
    const loss = lost;
    if (loss !== undefined) lines.push(open.add(now(), 'lost', { data: { ...loss } }));
    const isDue = signer !== undefined && open.unsigned > 0 && now() - signedAt >= HEAD_MS;
    if (isDue && now() >= signAfter) lines.push(await signedLine(open, 'head', {}));
    if (lines.length > 0) await write(lines, open);
    if (lost !== undefined && loss !== undefined) {
      const more = lost.count - loss.count;
      lost = more > 0 ? { count: more, from: loss.to, to: lost.to } : undefined;
    }
    if (file !== undefined && bytes >= maxFileBytes) await finish();
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
      throw new StoreError('The audit log cannot be written; it is tried again. onError gets the reason.');
    }
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
    flush: () => flushAnd(sync),
    async close() {
      isClosed = true;
      try {
        await flushAnd(finish);
      } catch (error) {
        isClosed = false;
        throw error;
      }
      clearTimeout(nextSync);
      nextSync = undefined;
    },
    head: () => written,
    async personIds(number) {
      if (typeof number !== 'string' || !/^\+[1-9]\d{6,14}$/.test(number)) {
        throw new ValidationError('personIds needs a number in E.164, for example +6591234567.', 'number');
      }
      return people.find(`+${canonicalKey(number.slice(1))}`);
    },
  };
}

const LINE_END = Uint8Array.of(10);

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

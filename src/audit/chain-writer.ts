import { toBase64Url } from '../internal/base64url.ts';
import { concatBytes } from '../internal/concat-bytes.ts';
import { toHex } from '../internal/digest.ts';
import { withTimeLimit } from '../internal/time-limit.ts';
import { VERSION } from '../internal/version.ts';
import type { AuditKeys } from './audit-keys.ts';
import { type AuditHead, type AuditSigner, type Chain, createChain, NO_MAC } from './chain.ts';
import type { AuditAnchor, AuditOutput } from './output.ts';

const SIGN_TIMEOUT_MS = 5_000;
/** A signer that fails is not asked again for this long. */
const SIGN_PAUSE_MS = 10_000;
/** A quiet log is signed with the first record after this time. */
const HEAD_MS = 60_000;
const CHAIN_BYTES = 10;
const LINE_END = Uint8Array.of(10);

/** Writes the chains of a log one after the other: after any failure the next one begins, and names the one that broke. */
export interface ChainWriter {
  /** The last record that was written. */
  readonly written: AuditHead | undefined;
  /** Bytes of the chain so far. */
  readonly bytes: number;
  /** The chain to which records may be added; a new one where there is none. */
  open(): Promise<Chain>;
  /** The line of a head after `headEvery` records without one; undefined when none is due, and while the signer fails. */
  countedHead(of: Chain): Promise<Uint8Array | undefined>;
  /** The same after a quiet time. */
  timedHead(of: Chain): Promise<Uint8Array | undefined>;
  /** Writes lines that were added to the chain. */
  write(lines: readonly Uint8Array[], to: Chain): Promise<void>;
  sync(): Promise<void>;
  /** Ends the chain with a last record. One whose write failed is named by another, which then ends. */
  finish(): Promise<void>;
}

export interface ChainWriterOptions {
  readonly output: AuditOutput;
  /** False for a stream, in which the piece of a line may be left. */
  readonly isFile: boolean;
  readonly keys: AuditKeys;
  readonly signer: AuditSigner | undefined;
  /** Records between two signed heads. */
  readonly headEvery: number;
  /** Whether each write is forced to the disk. */
  readonly syncsEachWrite: boolean;
  readonly now: () => number;
  readonly report: (error: unknown) => void;
  /** Told how far the chain went whose write had failed, before the next one begins. */
  readonly onRecovered: (last: AuditHead) => void;
}

export function createChainWriter(options: ChainWriterOptions): ChainWriter {
  const { output, isFile, keys, signer, headEvery, syncsEachWrite, now, report, onRecovered } = options;
  let chain: Chain | undefined;
  let written: AuditHead | undefined;
  /** The chain whose write failed. */
  let broken: AuditHead | undefined;
  let bytes = 0;
  let signedAt = 0;
  let signAfter = 0;

  async function sign(data: Uint8Array<ArrayBuffer>): Promise<string> {
    const signing = withTimeLimit(SIGN_TIMEOUT_MS, undefined, (signal) => signer?.sign(data, { signal }));
    const outcome = await signing;
    const signature = outcome.inTime ? outcome.value : undefined;
    if (!(signature instanceof Uint8Array) || signature.length !== 64) {
      throw new TypeError(outcome.inTime ? 'signer.sign gave no 64 bytes' : 'signer.sign took too long');
    }
    return toBase64Url(signature);
  }

  /** The line of a record that is signed; undefined without a signer, and while it fails. */
  async function trySigned(to: Chain, type: string, fields: object): Promise<Uint8Array | undefined> {
    const at = now();
    if (signer === undefined || at < signAfter) return undefined;
    try {
      const line = await to.addSigned(at, type, fields, sign, signer.keyId);
      signedAt = at;
      return line;
    } catch (error) {
      signAfter = at + SIGN_PAUSE_MS;
      report(error);
      return undefined;
    }
  }

  /** A record that is signed where there is a signer, and plain while the signer fails. */
  async function signedLine(to: Chain, type: string, fields: object): Promise<Uint8Array> {
    return (await trySigned(to, type, fields)) ?? to.add(now(), type, fields);
  }

  async function write(lines: readonly Uint8Array[], to: Chain): Promise<void> {
    try {
      const joined = concatBytes(lines);
      await output.write(joined);
      if (syncsEachWrite) await output.sync();
      bytes += joined.length;
      written = to.head;
    } catch (error) {
      giveUp();
      throw error;
    }
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
  const isAfterPiece = () => broken !== undefined && !isFile;

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
    const last = found.find((each) => each.chain === broken?.chain);
    if (last !== undefined) onRecovered(last);
    const next = createChain(name, keys);
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

  return {
    get written() {
      return written;
    },
    get bytes() {
      return bytes;
    },
    open: async () => chain ?? (await begin()),
    async countedHead(of) {
      return of.unsigned >= headEvery ? await trySigned(of, 'head', {}) : undefined;
    },
    async timedHead(of) {
      const isDue = of.unsigned > 0 && now() - signedAt >= HEAD_MS;
      return isDue ? await trySigned(of, 'head', {}) : undefined;
    },
    write,
    sync,
    async finish() {
      // The next chain tells of the failure, and is the one that ends.
      if (chain === undefined && broken !== undefined) await begin();
      if (chain === undefined) return;
      const last = chain;
      await write([await signedLine(last, 'end', {})], last);
      await sync();
      chain = undefined;
      await output.end();
    },
  };
}

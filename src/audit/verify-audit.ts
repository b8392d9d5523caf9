import { ConfigurationError } from '../errors.ts';
import { toBase64Url } from '../internal/base64url.ts';
import { sha256 } from '../internal/noble-hashes.ts';
import {
  boolean,
  type Fields,
  integer,
  list,
  object,
  objectWith,
  recordOf,
  text,
  unknown,
  validate,
} from '../schema.ts';
import { type AuditKeys, createAuditKeys } from './audit-keys.ts';
import type { AuditReport } from './audit-report.ts';
import type { AuditHead } from './chain.ts';
import { auditFiles } from './file-output.ts';
import { nodeFiles } from './node-files.ts';
import type { AuditAnchor } from './output.ts';
import { readLines } from './read-lines.ts';
import { type AuditRecord, readRecord } from './read-record.ts';
import { type Ed25519Key, importPublicKey } from './signer.ts';
import {
  type ChainVerifier,
  createChainVerifier,
  type Place,
  type PlacedProblem,
  type VerifierKeys,
} from './verify-chain.ts';

/** Lines of a log, from anywhere. */
export interface AuditSource {
  /** Name for the report. */
  readonly name: string;
  /** The bytes, or pieces of text, in their order. */
  readonly chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;
}

/** Options of {@link verifyAudit}. `files` or `sources`, and `secrets` or `publicKeys`, are required; both may be given. */
export interface VerifyAuditOptions {
  /** Files, or paths as they were given to `auditLog`, which name all files of the log. Node, Bun and Deno only. */
  readonly files?: readonly string[] | undefined;
  /** Lines from anywhere else. Those of one chain in their order. */
  readonly sources?: readonly AuditSource[] | undefined;
  /** Secrets by key ID, for example `{ 1: secret }`. Every single record is verified. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** Public keys of signed heads by key ID, each a PEM or a JSON Web Key. Everything up to the last signed head is verified. */
  readonly publicKeys?: Readonly<Record<string, Ed25519Key>> | undefined;
  /** Records that must be there: what `head()` returned, or a report. @default none */
  readonly expect?: readonly AuditHead[] | undefined;
  /** Lets chains be absent that others name, when older files are in an archive. The report lists them. @default false */
  readonly partial?: boolean | undefined;
  /** Ends the verification. */
  readonly signal?: AbortSignal | undefined;
}

const headField = objectWith(['chain', 'seq', 'mac'], {
  chain: text({ max: 64 }),
  seq: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  mac: text({ max: 64 }),
});
const fields: Fields<VerifyAuditOptions> = {
  files: list(text({ max: 4_096 }), { max: 1_000_000 }),
  sources: list(objectWith(['name', 'chunks'], { name: text({ max: 4_096 }), chunks: unknown() }), {
    max: 1_000_000,
  }),
  secrets: recordOf(text({ max: 8 }), text({ min: 32, max: 1_024 }), 'an object of secrets by key ID'),
  publicKeys: recordOf(text({ max: 32 }), unknown(), 'an object of public keys by key ID'),
  expect: list(headField, { max: 100_000 }),
  partial: boolean(),
  signal: unknown(),
};
const schema = object(fields, 'an object of options');

async function readKeys({ secrets, publicKeys }: VerifyAuditOptions): Promise<VerifierKeys> {
  const ofSecret = ([keyId, secret]: [string, string]): [string, AuditKeys] => [
    keyId,
    createAuditKeys({ keyId, secret }),
  ];
  const imported = Object.entries(publicKeys ?? {}).map(
    async ([keyId, key]): Promise<[string, CryptoKey]> => [
      keyId,
      await importPublicKey(key, `publicKeys.${keyId}`),
    ],
  );
  return {
    secrets: secrets && new Map(Object.entries(secrets).map(ofSecret)),
    publicKeys: publicKeys && new Map(await Promise.all(imported)),
  };
}

async function openFiles(paths: readonly string[]): Promise<readonly AuditSource[]> {
  const { createReadStream, promises } = nodeFiles();
  const { stat } = promises;
  const found = await Promise.all(
    paths.map(async (path) => {
      const isFile = await stat(path).then(
        (status) => status.isFile(),
        () => false,
      );
      const files = isFile ? [path] : await auditFiles(path).catch(() => []);
      if (files.length === 0)
        throw new ConfigurationError(`verifyAudit: this file of the log does not exist: ${path}`, 'files');
      return files;
    }),
  );
  // A file is opened when it is its turn.
  return [...new Set(found.flat())].map((name) => ({
    name,
    chunks: { [Symbol.asyncIterator]: () => createReadStream(name)[Symbol.asyncIterator]() },
  }));
}

/** The piece of a line at the end of a source, until a start is found that has recorded it. */
interface TornEnd {
  readonly place: Place;
  readonly verifier: ChainVerifier | undefined;
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads a whole log once. */
class LogReader {
  readonly chains = new Map<string, ChainVerifier>();
  readonly loose: PlacedProblem[] = [];
  readonly anchors: { readonly anchor: AuditAnchor; readonly by: string }[] = [];
  readonly tornEnds: TornEnd[] = [];
  lost = 0;
  /** Lines before a restart that are no records: left in a stream by failed writes. */
  pieces = 0;
  readonly #keys: VerifierKeys;
  readonly #expect: readonly AuditHead[];

  constructor(keys: VerifierKeys, expect: readonly AuditHead[]) {
    this.#keys = keys;
    this.#expect = expect;
  }

  #report(verifier: ChainVerifier | undefined, message: string, place: Place): void {
    if (verifier !== undefined) verifier.spoil({ kind: 'altered', message }, place);
    else this.loose.push({ kind: 'altered', message, ...place });
  }

  #verifierOf({ chain, seq }: AuditRecord, current: ChainVerifier | undefined, place: Place): ChainVerifier {
    const known = this.chains.get(chain);
    if (known !== undefined) return known;
    // Its number is the next of the chain that it is in the middle of: only its chain was changed.
    if (seq > 1 && current?.expected === seq) {
      current.spoil({ kind: 'altered', message: `Record ${seq} was altered.` }, place);
    }
    const expected = this.#expect.filter((head) => head.chain === chain);
    const verifier = createChainVerifier(chain, this.#keys, expected);
    this.chains.set(chain, verifier);
    return verifier;
  }

  async read(
    { name, chunks }: AuditSource,
    sourceIndex: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let current: ChainVerifier | undefined;
    let unreadable: { readonly first: Place; count: number; mayBePiece: boolean } | undefined;
    for await (const { number, bytes, isWhole, isTooLong } of readLines(chunks)) {
      signal?.throwIfAborted();
      const place = { source: name, sourceIndex, line: number };
      if (!isWhole) {
        const torn = { bytes: bytes.length, sha256: toBase64Url(sha256(bytes)) };
        this.tornEnds.push({ place, verifier: current, ...torn });
        break;
      }
      const record = isTooLong ? undefined : readRecord(bytes);
      if (record === undefined) {
        unreadable ??= { first: place, count: 0, mayBePiece: true };
        unreadable.count += 1;
        if (isTooLong || isJson(bytes)) unreadable.mayBePiece = false;
        continue;
      }
      const verifier = this.#verifierOf(record, current, place);
      const line = new Uint8Array(bytes.length + 1);
      line.set(bytes);
      line[bytes.length] = 10;
      const isGenuine = await verifier.take(record, line, place);
      const isRestart =
        isGenuine && record.seq === 1 && record.after.some(({ interrupted }) => interrupted === true);
      // The rest of failed writes in a stream comes right before the start that tells of the failure.
      if (unreadable?.mayBePiece === true && isRestart) this.pieces += unreadable.count;
      else if (unreadable !== undefined) this.#report(current, UNREADABLE, unreadable.first);
      unreadable = undefined;
      current = verifier;
      if (!isGenuine) continue;
      this.lost += record.lost;
      if (record.type === 'start') {
        for (const anchor of record.after) this.anchors.push({ anchor, by: record.chain });
      }
    }
    if (unreadable !== undefined) this.#report(current, UNREADABLE, unreadable.first);
  }

  /** Compares the chains with what others say about them. Returns the names of those that are absent. */
  compare(isPartial: boolean, lastSource: Omit<Place, 'line'>): ReadonlySet<string> {
    const absent = new Set<string>();
    const require = (head: AuditHead, by: string, isOptional: boolean) => {
      const verifier = this.chains.get(head.chain);
      if (verifier !== undefined) verifier.require(head, by);
      else if (head.seq === 0 || absent.has(head.chain)) return;
      else {
        absent.add(head.chain);
        if (isOptional) return;
        const message = `The chain ${head.chain} is missing: ${by} names its record ${head.seq}.`;
        this.loose.push({ kind: 'missing', chain: head.chain, seq: 1, message, line: 1, ...lastSource });
      }
    };
    for (const head of this.#expect) require(head, 'the expected head', false);
    for (const { anchor, by } of this.anchors) require(anchor, `the start of chain ${by}`, isPartial);
    return absent;
  }

  /** Pieces of lines that a start has recorded; the others are problems. */
  settleTornEnds(): number {
    const recorded = new Set(
      this.anchors.map(({ anchor }) =>
        JSON.stringify([anchor.chain, anchor.torn?.bytes, anchor.torn?.sha256]),
      ),
    );
    const byChain = new Map([...this.chains].map(([chain, verifier]) => [verifier, chain]));
    let torn = this.pieces;
    for (const { place, verifier, bytes, sha256: hash } of this.tornEnds) {
      const chain = verifier === undefined ? CHAIN_IN_NAME.exec(place.source)?.[1] : byChain.get(verifier);
      if (recorded.has(JSON.stringify([chain, bytes, hash]))) torn += 1;
      else if (verifier === undefined) this.loose.push({ kind: 'torn', message: TORN, ...place });
      else verifier.spoil({ kind: 'torn', message: TORN }, place);
    }
    return torn;
  }
}

/** A record that somebody has changed is JSON; the beginning of one, which a failed write leaves, is not. */
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}

const CHAIN_IN_NAME = /-([0-9a-f]{20})\.jsonl$/;
const UNREADABLE = 'A line is no record.';
const TORN = 'The last line is incomplete, and no later start has recorded that.';

/**
 * Verifies a log, and names the first record that was altered, left out, moved, doubled or cut off. Reads every line once; memory
 * grows with the number of chains, not of records. Chains of several processes may be in any files, in any order, as long as the
 * lines of each are in theirs.
 *
 * A cut at the end of the newest chain leaves no trace in the files: give the last known heads as `expect` to find it.
 *
 * @throws ConfigurationError an option is missing, unknown or invalid, or a file cannot be found
 * @example
 * ```ts
 * const { ok, first } = await verifyAudit({ files: ['/var/log/sms/audit.jsonl'], secrets: { 1: secret } });
 * if (!ok) console.error(first?.message);
 * ```
 */
export async function verifyAudit(options: VerifyAuditOptions): Promise<AuditReport> {
  const flaw = validate(schema, options);
  if (flaw !== undefined) throw new ConfigurationError(`verifyAudit: ${flaw.message}`, flaw.path);
  const { files = [], sources = [], expect = [], partial = false, signal } = options;
  if (options.secrets === undefined && options.publicKeys === undefined) {
    throw new ConfigurationError('verifyAudit: give secrets, publicKeys or both.', 'secrets');
  }
  if (files.length + sources.length === 0) {
    throw new ConfigurationError('verifyAudit: give files or sources.', 'files');
  }
  const keys = await readKeys(options);
  const all = [...(files.length === 0 ? [] : await openFiles(files)), ...sources];
  const reader = new LogReader(keys, expect);
  for (const [index, source] of all.entries()) await reader.read(source, index, signal);
  for (const verifier of reader.chains.values()) verifier.finish();
  const torn = reader.settleTornEnds();
  const absent = reader.compare(partial, { source: all.at(-1)?.name ?? '', sourceIndex: all.length });
  const verifiers = [...reader.chains.values()];
  const problems = [...reader.loose, ...verifiers.flatMap(({ problem }) => problem ?? [])]
    .sort((one, other) => one.sourceIndex - other.sourceIndex || one.line - other.line)
    .map(({ sourceIndex: _index, ...problem }) => problem);
  const chains = verifiers
    .flatMap((verifier) => verifier.describe() ?? [])
    .sort((one, other) => one.from - other.from);
  const [first] = problems;
  return {
    ok: first === undefined,
    ...(first && { first }),
    problems,
    chains,
    records: chains.reduce((sum, { records }) => sum + records, 0),
    lost: reader.lost,
    torn,
    absent: [...absent],
  };
}

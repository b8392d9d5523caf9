import { integer, list, objectWith, pattern, text, unknown, validate } from '../schema.ts';
import type { AuditAnchor } from './output.ts';

/** The parts of a line that the verifier needs. */
export interface AuditRecord {
  readonly chain: string;
  readonly seq: number;
  /** The `keyId` of the secret that it was made with. */
  readonly kid: string;
  readonly at: number;
  readonly type: string;
  readonly mac: string;
  /** The bytes that the code covers. */
  readonly content: Uint8Array;
  readonly signature: AuditSignature | undefined;
  /** The chains that were there; only in a `start`. */
  readonly after: readonly AuditAnchor[];
  /** The number of lost records; only in a `lost`. */
  readonly lost: number;
}

export interface AuditSignature {
  readonly digest: string;
  readonly signer: string;
  readonly sig: string;
  /** The bytes that the digest covers last. */
  readonly content: Uint8Array;
}

/** `,"mac":"` with 43 characters and `"}`. */
const MAC_LENGTH = 53;
const MAC = /^,"mac":"([\w-]{43})"\}$/;
const SIGNED = /,"digest":"([\w-]{43})","signer":"([\w.-]{1,32})","sig":"([\w-]{86})"$/;
/** Longest match of {@link SIGNED}. */
const SIGNED_LENGTH = 220;
const SIGNED_TYPES: ReadonlySet<string> = new Set(['start', 'head', 'end']);

const count = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const name = text({ max: 64 });
/** Both stand in the messages of the report, so no control characters get into them. */
const chainName = pattern(/^[0-9a-f]{20}$/, 'the name of a chain');
const keyId = pattern(/^[0-9A-Za-z]{1,8}$/, 'the keyId of a secret');
const anchor = objectWith(['chain', 'seq', 'mac'], {
  chain: chainName,
  seq: count,
  mac: name,
  torn: objectWith(['bytes', 'sha256'], { bytes: count, sha256: name }),
  interrupted: unknown(),
});
const record = objectWith(['v', 'chain', 'seq', 'kid', 'at', 'type', 'mac'], {
  v: integer({ min: 1, max: 1 }),
  chain: chainName,
  seq: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  kid: keyId,
  at: integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  type: name,
  person: name,
  actor: text({ min: 0, max: 200 }),
  by: name,
  data: unknown(),
  after: list(anchor, { max: 200 }),
  digest: name,
  signer: name,
  sig: text({ max: 100 }),
  mac: name,
});

/** Reads a line; undefined when it is no record. Its code and signature are not verified yet. */
export function readRecord(bytes: Uint8Array): AuditRecord | undefined {
  const decoder = new TextDecoder();
  const cut = bytes.length - MAC_LENGTH;
  const mac = cut > 0 ? MAC.exec(decoder.decode(bytes.subarray(cut)))?.[1] : undefined;
  if (mac === undefined) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
  if (validate(record, fields) !== undefined) return undefined;
  const { chain, seq, kid, at, type, after = [], data } = fields as AuditRecord & { readonly data?: unknown };
  const content = bytes.subarray(0, cut);
  const lost = type === 'lost' ? Number((data as { readonly count?: unknown } | undefined)?.count ?? 0) : 0;
  const signature = SIGNED_TYPES.has(type) ? readSignature(content) : undefined;
  return { chain, seq, kid, at, type, mac, content, signature, after, lost };
}

function readSignature(content: Uint8Array): AuditSignature | undefined {
  const tail = new TextDecoder().decode(content.subarray(Math.max(0, content.length - SIGNED_LENGTH)));
  const found = SIGNED.exec(tail);
  if (found === null) return undefined;
  const [match, digest, signer, sig] = found as unknown as readonly [string, string, string, string];
  return { digest, signer, sig, content: content.subarray(0, content.length - match.length) };
}

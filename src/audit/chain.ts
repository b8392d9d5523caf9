import { toBase64Url } from '../internal/base64url.ts';
import { sha256 } from '../internal/noble-hashes.ts';
import type { AuditKeys } from './audit-keys.ts';

/** The last record of a chain: names every record before it. */
export interface AuditHead {
  /** The chain: one run of one process. */
  readonly chain: string;
  /** Number of the record, and of all records up to it; 1 for the first. */
  readonly seq: number;
  /** Its authentication code. */
  readonly mac: string;
}

/** Every line is shorter; the last whole line of a file is looked for in its last bytes. */
export const MAX_LINE_BYTES = 65_536;
/** The rest of a line behind its content: signature, code and line end. */
const MAX_TAIL_BYTES = 512;

/** The place of the record before the first. */
export const NO_MAC = 'start';

/** Signs heads, so that anyone with the public key can verify a log without its secret. */
export interface AuditSigner {
  /** Names the key pair: 1 to 32 letters, digits and `._-`. */
  readonly keyId: string;
  /** Returns the Ed25519 signature, 64 bytes. A key management service may do it. At most 5 s. */
  sign(
    data: Uint8Array<ArrayBuffer>,
    options: {
      /** Fires after 5 s. */
      readonly signal: AbortSignal;
    },
  ): Promise<Uint8Array>;
}

/** The text that a head signs. */
export function signedText(chain: string, seq: number, digest: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`8x8-sms-guard audit 1 ${chain} ${seq} ${digest}`);
}

/** The digest of all lines since the head before, and of that head, so that one signature vouches for everything up to it. */
export interface RunningDigest {
  /** A line with its end, as it is in the log. */
  add(line: Uint8Array): void;
  /** The digest of a head whose text ends before `,"digest"`. */
  at(content: Uint8Array): string;
  /** Begins the next stretch with the line of the head. */
  next(digest: string, line: Uint8Array): void;
}

export function createRunningDigest(): RunningDigest {
  let running = sha256.create();
  return {
    add: (line) => void running.update(line),
    at: (content) => toBase64Url(running.clone().update(content).digest()),
    next(digest, line) {
      running = sha256.create().update(new TextEncoder().encode(digest)).update(line);
    },
  };
}

/** A time as records hold it. A clock with fractions, or one that gives no number, must spoil no record. */
export function wholeMs(time: number): number {
  const whole = Math.floor(time);
  return Number.isSafeInteger(whole) ? whole : 0;
}

/** Turns records into the lines of one chain. */
export interface Chain {
  /** The last record. */
  readonly head: AuditHead;
  /** Records since the last signed head. */
  readonly unsigned: number;
  /**
   * Adds a record; returns its line.
   *
   * @throws TypeError no JSON can hold it
   * @throws RangeError the verifier would not read a line of this length
   */
  add(at: number, type: string, fields: object): Uint8Array;
  /** Adds a record that is signed. */
  addSigned(
    at: number,
    type: string,
    fields: object,
    sign: (data: Uint8Array<ArrayBuffer>) => Promise<string>,
    signer: string,
  ): Promise<Uint8Array>;
}

/** @param name the chain: unique over all processes */
export function createChain(name: string, keys: AuditKeys): Chain {
  const encoder = new TextEncoder();
  const digest = createRunningDigest();
  let [seq, mac, unsigned] = [0, NO_MAC, 0];

  /** The text of a record without its closing brace. */
  function contentOf(time: number, type: string, fields: object): string {
    const record = { v: 1, chain: name, seq: seq + 1, kid: keys.keyId, at: wholeMs(time), type, ...fields };
    return JSON.stringify(record).slice(0, -1);
  }

  function close(content: string): Uint8Array {
    const bytes = encoder.encode(content);
    if (bytes.length > MAX_LINE_BYTES - MAX_TAIL_BYTES) throw new RangeError('The record is too long.');
    mac = keys.mac(mac, bytes);
    seq += 1;
    return encoder.encode(`${content},"mac":"${mac}"}\n`);
  }

  return {
    get head() {
      return { chain: name, seq, mac };
    },
    get unsigned() {
      return unsigned;
    },
    add(at, type, fields) {
      const line = close(contentOf(at, type, fields));
      digest.add(line);
      unsigned += 1;
      return line;
    },
    async addSigned(at, type, fields, sign, signer) {
      const content = contentOf(at, type, fields);
      const value = digest.at(encoder.encode(content));
      const signature = await sign(signedText(name, seq + 1, value));
      const line = close(`${content},"digest":"${value}","signer":"${signer}","sig":"${signature}"`);
      digest.next(value, line);
      unsigned = 0;
      return line;
    },
  };
}

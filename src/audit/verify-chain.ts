import { fromBase64, toBase64Url } from '../internal/base64url.ts';
import type { AuditKeys } from './audit-keys.ts';
import type { AuditChain, AuditProblem } from './audit-report.ts';
import { type AuditHead, createRunningDigest, NO_MAC, signedText } from './chain.ts';
import type { AuditRecord, AuditSignature } from './read-record.ts';

/** Where a line is. */
export interface Place {
  readonly source: string;
  readonly sourceIndex: number;
  readonly line: number;
}

/** A problem with its place in the order of the sources. */
export interface PlacedProblem extends AuditProblem {
  readonly sourceIndex: number;
}

export interface VerifierKeys {
  /** By key ID; undefined when codes are not verified. */
  readonly secrets: ReadonlyMap<string, AuditKeys> | undefined;
  /** By key ID; undefined when signatures are not verified. */
  readonly publicKeys: ReadonlyMap<string, CryptoKey> | undefined;
}

type Trouble = Pick<AuditProblem, 'kind' | 'message'> & { readonly seq?: number };

/** Verifies the records of one chain, one after the other. Its memory does not grow with their number. */
export interface ChainVerifier {
  /** The next record that is expected. */
  readonly expected: number;
  readonly problem: PlacedProblem | undefined;
  /** Takes the next record of the chain. True when it is genuine and in its place. */
  take(record: AuditRecord, line: Uint8Array, place: Place): Promise<boolean>;
  /** Reports a line that is no record, in the place of the expected one. */
  spoil(trouble: Trouble, place: Place): void;
  /** Compares the end of the chain with a record that it must have. */
  require(head: AuditHead, namedBy: string): void;
  /** Reports what only the end shows. */
  finish(): void;
  /** The verified part of the chain; undefined when there is none. */
  describe(): AuditChain | undefined;
}

export function createChainVerifier(
  chain: string,
  { secrets, publicKeys }: VerifierKeys,
  expectedHeads: readonly AuditHead[],
): ChainVerifier {
  const digest = createRunningDigest();
  let [expected, mac, from, to, isClosed] = [1, NO_MAC, 0, 0, false];
  let signed = 0;
  let problem: PlacedProblem | undefined;
  /** The first record that came too early, and the one after it. */
  let gap: { readonly place: Place; readonly seq: number; second?: number } | undefined;
  let last: Place | undefined;

  function spoil({ kind, message, seq = expected }: Trouble, { source, sourceIndex, line }: Place): void {
    problem ??= { kind, message, seq, chain, source, sourceIndex, line };
  }

  async function isSigned({
    digest: value,
    signer,
    sig,
    content,
  }: AuditSignature): Promise<Trouble | undefined> {
    const key = publicKeys?.get(signer);
    if (key === undefined) {
      return {
        kind: 'unknown-key',
        message: `Record ${expected} is signed with the key "${signer}", which was not given.`,
      };
    }
    const bytes = fromBase64(sig);
    const isGenuine =
      bytes !== undefined &&
      // Another text of the same bytes is an edit, too.
      toBase64Url(bytes) === sig &&
      digest.at(content) === value &&
      (await crypto.subtle.verify('Ed25519', key, bytes, signedText(chain, expected, value)));
    if (isGenuine) return undefined;
    const first = signed + 1;
    const which = first === expected ? `Record ${expected}` : `A record from ${first} to ${expected}`;
    return {
      kind: 'altered',
      seq: first,
      message: `${which} was altered: the signature of record ${expected} does not fit.`,
    };
  }

  async function judge(record: AuditRecord, line: Uint8Array): Promise<Trouble | undefined> {
    if (secrets !== undefined) {
      const keys = secrets.get(record.kid);
      if (keys === undefined) {
        return {
          kind: 'unknown-key',
          message: `Record ${expected} was made with the secret "${record.kid}", which was not given.`,
        };
      }
      if (keys.mac(mac, record.content) !== record.mac) {
        return { kind: 'altered', message: `Record ${expected} was altered.` };
      }
    }
    if (publicKeys === undefined) return undefined;
    if (record.signature === undefined) {
      digest.add(line);
      return undefined;
    }
    const trouble = await isSigned(record.signature);
    digest.next(record.signature.digest, line);
    return trouble;
  }

  return {
    get expected() {
      return expected;
    },
    get problem() {
      return problem;
    },
    spoil,
    async take(record, line, place) {
      if (problem !== undefined) return false;
      if (record.seq !== expected) {
        if (gap !== undefined) gap.second ??= record.seq;
        else if (record.seq > expected) gap = { place, seq: record.seq };
        else
          spoil({ kind: 'duplicated', seq: record.seq, message: `Record ${record.seq} comes twice.` }, place);
        return false;
      }
      const trouble = await judge(record, line);
      if (gap !== undefined) {
        const isItself = trouble === undefined;
        if (isItself) spoil({ kind: 'reordered', message: `Record ${expected} comes too late.` }, gap.place);
        return false;
      }
      if (trouble !== undefined) {
        spoil(trouble, place);
        return false;
      }
      const wanted = expectedHeads.find(({ seq }) => seq === expected);
      if (wanted !== undefined && wanted.mac !== record.mac) {
        spoil({ kind: 'altered', message: `Record ${expected} is not the one that was expected.` }, place);
        return false;
      }
      if (expected === 1) from = record.at;
      [mac, to, last, isClosed] = [record.mac, record.at, place, record.type === 'end'];
      if (publicKeys !== undefined && record.signature !== undefined) signed = expected;
      expected += 1;
      return true;
    },
    require({ seq, mac: wanted }, namedBy) {
      if (problem !== undefined || gap !== undefined || last === undefined) return;
      const place = { ...last, line: last.line + 1 };
      if (seq >= expected) {
        spoil(
          {
            kind: 'truncated',
            message: `Record ${expected} was cut off, and everything after it: ${namedBy} names record ${seq}.`,
          },
          place,
        );
      } else if (seq === expected - 1 && wanted !== mac) {
        spoil({ kind: 'altered', seq, message: `Record ${seq} is not the one that ${namedBy} names.` }, last);
      }
    },
    finish() {
      if (gap !== undefined) {
        // Its successor is in its place, so it is there, with another number.
        const isRenumbered = gap.second === expected + 1;
        spoil(
          isRenumbered
            ? { kind: 'altered', message: `Record ${expected} was altered.` }
            : { kind: 'missing', message: `Record ${expected} is missing.` },
          gap.place,
        );
      } else if (publicKeys !== undefined && signed === 0 && last !== undefined) {
        spoil({ kind: 'unsigned', seq: 1, message: 'No record of this chain is signed.' }, last);
      }
    },
    describe() {
      if (expected === 1) return undefined;
      return {
        chain,
        records: expected - 1,
        from,
        to,
        isClosed,
        head: { chain, seq: expected - 1, mac },
        signed,
      };
    },
  };
}

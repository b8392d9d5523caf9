import type { AuditHead } from './chain.ts';

/**
 * The fault of a record.
 *
 * - `altered`: its text or code was changed, or the line is no record
 * - `missing`: it is not there, and later ones of its chain are; or the whole chain is not there, and another one names it
 * - `reordered`: it comes later than it should
 * - `duplicated`: it comes twice
 * - `truncated`: it and everything after it in its chain was cut off
 * - `torn`: a piece of it is at the end of a file, and no later start has recorded that
 * - `unsigned`: its chain has no signed head, although a public key was given
 * - `unknown-key`: it was made with a secret or key pair that was not given
 */
export type AuditProblemKind =
  | 'altered'
  | 'missing'
  | 'reordered'
  | 'duplicated'
  | 'truncated'
  | 'torn'
  | 'unsigned'
  | 'unknown-key';

/** The first thing that is wrong with a chain. Nothing after it in the chain is vouched for. */
export interface AuditProblem {
  /** The fault. */
  readonly kind: AuditProblemKind;
  /** The file or source. */
  readonly source: string;
  /** The line, 1 for the first; that after the last one for something that was cut off. */
  readonly line: number;
  /** The chain, as far as it is known. */
  readonly chain?: string;
  /** Number of the record in its chain. */
  readonly seq?: number;
  /** One sentence that names the record. */
  readonly message: string;
}

/** One chain of a log: one run of one process. */
export interface AuditChain {
  /** Name of the chain. */
  readonly chain: string;
  /** Records that were verified. */
  readonly records: number;
  /** Epoch milliseconds of the first and the last of them. */
  readonly from: number;
  readonly to: number;
  /**
   * False for a chain that is still being written, or whose process ended without `close`: only a record that names
   * it shows whether its end was cut off.
   */
  readonly isClosed: boolean;
  /** The last record that was verified. Keep it, and give it to the next `verifyAudit` as `expect`. */
  readonly head: AuditHead;
  /** Records up to the last signed head; 0 without one. */
  readonly signed: number;
}

/** The result of `verifyAudit`. */
export interface AuditReport {
  /** True when nothing is wrong. */
  readonly ok: boolean;
  /** The first problem, in the order of the sources and lines. */
  readonly first?: AuditProblem;
  /** The first problem of every chain, in the same order. */
  readonly problems: readonly AuditProblem[];
  /** All chains, oldest first. */
  readonly chains: readonly AuditChain[];
  /** Records that were verified. */
  readonly records: number;
  /** Records that the log itself says were lost, because it could not be written. */
  readonly lost: number;
  /**
   * Lines, or pieces of them, that a crash or a failed write left behind and a later start recorded. They contain no
   * record.
   */
  readonly torn: number;
  /** With `partial`: chains that others name, and that were not given. */
  readonly absent: readonly string[];
}

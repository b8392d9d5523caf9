import { withTimeLimit } from '../internal/time-limit.ts';
import type { AuditHead } from './chain.ts';

/** The word of a chain about an earlier one: how far it went, and the piece of a line with which it ends. */
export interface AuditAnchor extends AuditHead {
  /** Bytes after the last whole line: its process died, or the disk was full, while it wrote. */
  readonly torn?: { readonly bytes: number; readonly sha256: string } | undefined;
  /** True when a write of this chain to a stream failed, so that its last records, or a piece of one, may be there or not. */
  readonly interrupted?: true | undefined;
}

/** Where lines go. After any failure the chain is over, and the next one begins. */
export interface AuditOutput {
  /** Opens the place of a chain. Returns the chains that are there already. */
  begin(chain: string, at: number): Promise<readonly AuditAnchor[]>;
  write(lines: Uint8Array): Promise<void>;
  /** Makes what was written survive a loss of power. */
  sync(): Promise<void>;
  /** Closes the place of the chain. */
  end(): Promise<void>;
}

/** Appends lines to the log: to a stream, an object store, a queue. A promise is awaited for at most 10 s. */
export type AuditWriter = (
  lines: string,
  options: {
    /** Fires when the log no longer waits for the lines. */
    readonly signal: AbortSignal;
  },
) => void | Promise<void>;

const WRITE_TIMEOUT_MS = 10_000;

/** Lines that a function of the team appends. It cannot be read, so a chain knows only those of this process. */
export function writerOutput(writer: AuditWriter): AuditOutput {
  return {
    begin: async () => [],
    async write(lines) {
      const text = new TextDecoder().decode(lines);
      const outcome = await withTimeLimit(WRITE_TIMEOUT_MS, undefined, (signal) => writer(text, { signal }));
      if (!outcome.inTime)
        throw new Error(`The writer of the audit log took more than ${WRITE_TIMEOUT_MS} ms.`);
    },
    sync: async () => {},
    end: async () => {},
  };
}

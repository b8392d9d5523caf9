import type { FileHandle } from 'node:fs/promises';
import { toBase64Url } from '../internal/base64url.ts';
import { sha256 } from '../internal/noble-hashes.ts';
import { MAX_LINE_BYTES, NO_MAC } from './chain.ts';
import { nodeFiles } from './node-files.ts';
import type { AuditAnchor, AuditOutput } from './output.ts';
import { readRecord } from './read-record.ts';

/** Chains that a new one names: the newest files of a folder. */
const MAX_ANCHORS = 100;
const END = /\.jsonl$/;

/** The part of a path that all files of a log begin with. */
function splitPath(file: string): { readonly folder: string; readonly stem: string } {
  const cut = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1;
  return { folder: file.slice(0, cut) || './', stem: file.slice(cut).replace(END, '') };
}

/**
 * The files of a log, oldest first: one per chain, named `<stem>.<time>-<chain>.jsonl`.
 *
 * @param file the path that was given to `auditLog`
 */
export async function auditFiles(file: string): Promise<readonly string[]> {
  const { readdir } = nodeFiles().promises;
  const { folder, stem } = splitPath(file);
  const names = await readdir(folder);
  const ours = names.filter((name) => name.startsWith(`${stem}.`) && FILE.test(name.slice(stem.length)));
  return ours.sort().map((name) => `${folder}${name}`);
}

const FILE = /^\.\d{8}T\d{9}Z-[0-9a-f]{20}\.jsonl$/;
const CHAIN_IN_NAME = /-([0-9a-f]{20})\.jsonl$/;

/** The last whole record of a file, and what comes after it. Undefined when somebody has changed it. */
async function readAnchor(path: string): Promise<AuditAnchor | undefined> {
  const { open } = nodeFiles().promises;
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, 2 * MAX_LINE_BYTES);
    const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, size - length);
    const bytes = buffer.subarray(0, bytesRead);
    const end = bytes.lastIndexOf(10);
    const torn = bytes.subarray(end + 1);
    const start = end <= 0 ? 0 : bytes.lastIndexOf(10, end - 1) + 1;
    // Its process may have ended before the first line was written.
    const first = { chain: CHAIN_IN_NAME.exec(path)?.[1], seq: 0, mac: NO_MAC };
    const last = end < 0 ? first : readRecord(bytes.subarray(start, end));
    // Somebody has changed it. The verifier says so.
    if (last?.chain === undefined) return undefined;
    const { chain, seq, mac } = last;
    return {
      chain,
      seq,
      mac,
      ...(torn.length > 0 && { torn: { bytes: torn.length, sha256: toBase64Url(sha256(torn)) } }),
    };
  } finally {
    await handle.close();
  }
}

/** One file per chain, so that no two processes ever write to one. Only the owner may read them. */
export function fileOutput(file: string): AuditOutput {
  const { folder, stem } = splitPath(file);
  let handle: FileHandle | undefined;
  /** The file of a chain whose first line is not written yet. */
  let fresh: string | undefined;

  /** Thousands of empty files of an outage would hide the chains before it from the next start. */
  async function removeEmpty(): Promise<void> {
    const { rm, stat } = nodeFiles().promises;
    if (fresh !== undefined && (await stat(fresh)).size === 0) await rm(fresh);
    fresh = undefined;
  }

  async function end(): Promise<void> {
    const open = handle;
    handle = undefined;
    await open?.close();
  }

  return {
    async begin(chain, at) {
      const { mkdir, open } = nodeFiles().promises;
      // Closes the file of a chain whose write failed.
      await end().catch(() => {});
      await removeEmpty().catch(() => {});
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const anchors: AuditAnchor[] = [];
      for (const path of (await auditFiles(file)).slice(-MAX_ANCHORS)) {
        const anchor = await readAnchor(path).catch(ignoreMissing);
        if (anchor !== undefined) anchors.push(anchor);
      }
      const time = new Date(at).toISOString().replace(/[-:.]/g, '');
      const path = `${folder}${stem}.${time}-${chain}.jsonl`;
      handle = await open(path, 'ax', 0o600);
      fresh = path;
      return anchors;
    },
    async write(lines) {
      await handle?.appendFile(lines);
      fresh = undefined;
    },
    async sync() {
      await handle?.datasync();
    },
    end,
  };
}

/** A file that was moved to an archive in the meantime. */
function ignoreMissing(error: unknown): undefined {
  if ((error as { readonly code?: unknown }).code === 'ENOENT') return undefined;
  throw error;
}

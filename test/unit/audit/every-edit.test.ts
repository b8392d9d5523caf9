import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ed25519Signer } from '../../../src/audit/signer.ts';
import { verifyAudit } from '../../../src/audit/verify-audit.ts';
import {
  createKeys,
  createMemoryLog,
  joined,
  makeLog,
  recordMany,
  secrets,
  sourceOf,
} from '../../support/audit.ts';

/** A change of a log that leaves at least one of its records different, elsewhere or absent. */
type Edit =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'insert'; readonly at: number; readonly byte: number }
  | { readonly kind: 'cut'; readonly at: number; readonly length: number }
  | { readonly kind: 'remove' | 'repeat' | 'forge'; readonly line: number }
  | { readonly kind: 'move'; readonly line: number; readonly to: number }
  | { readonly kind: 'swap'; readonly line: number; readonly other: number }
  | { readonly kind: 'end'; readonly at: number };

const position = fc.nat({ max: 1_000_000 });
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: position, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant('insert' as const), at: position, byte: fc.nat({ max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: position, length: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({
    kind: fc.constantFrom('remove' as const, 'repeat' as const, 'forge' as const),
    line: position,
  }),
  fc.record({ kind: fc.constant('move' as const), line: position, to: position }),
  fc.record({ kind: fc.constant('swap' as const), line: position, other: position }),
  fc.record({ kind: fc.constant('end' as const), at: position }),
);

function editBytes(bytes: Buffer, edit: Edit): Buffer {
  const at = 'at' in edit ? edit.at % bytes.length : 0;
  if (edit.kind === 'flip') {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] as number) ^ (1 << edit.bit);
    return copy;
  }
  if (edit.kind === 'insert') {
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(edit.byte), bytes.subarray(at)]);
  }
  if (edit.kind === 'cut') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + edit.length)]);
  return bytes.subarray(0, at);
}

function editLines(lines: readonly string[], edit: Edit): readonly string[] {
  const line = 'line' in edit ? edit.line % lines.length : 0;
  const changed = [...lines];
  if (edit.kind === 'remove') changed.splice(line, 1);
  if (edit.kind === 'repeat') changed.splice(line, 0, lines[line] as string);
  if (edit.kind === 'forge') changed[line] = (lines[line] as string).replace(/"at":(\d)/, '"at":9$1');
  if (edit.kind === 'move') changed.splice(edit.to % lines.length, 0, ...changed.splice(line, 1));
  if (edit.kind === 'swap') {
    const other = edit.other % lines.length;
    [changed[line], changed[other]] = [lines[other] as string, lines[line] as string];
  }
  return changed;
}

describe('ten thousand random edits of a log', () => {
  it('are all found, when its last head is known', { timeout: 300_000 }, async () => {
    const { text, lines, head } = await makeLog(20);
    const bytes = Buffer.from(text);
    const expectation = head === undefined ? [] : [head];
    const found: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(edits, async (edit) => {
        const isOfBytes = 'at' in edit;
        const changed = isOfBytes ? editBytes(bytes, edit) : Buffer.from(joined(editLines(lines, edit)));
        fc.pre(!changed.equals(bytes));
        const { ok, first } = await verifyAudit({ sources: sourceOf(changed), secrets, expect: expectation });
        found[first?.kind ?? 'nothing'] = (found[first?.kind ?? 'nothing'] ?? 0) + 1;
        expect(ok).toBe(false);
      }),
      { numRuns: 10_000, seed: 20_261_129 },
    );
    expect(Object.values(found).reduce((sum, each) => sum + each, 0)).toBe(10_000);
    expect(Object.keys(found).sort()).toEqual(
      expect.arrayContaining(['altered', 'duplicated', 'missing', 'reordered', 'torn', 'truncated']),
    );
  });
});

describe('a signed log', () => {
  it('shows every changed byte up to its last signature, without the secret', {
    timeout: 120_000,
  }, async () => {
    const { privateKey, publicKey } = await createKeys();
    const { log, text } = createMemoryLog({
      headEvery: 4,
      signer: ed25519Signer({ keyId: 'a', privateKey }),
    });
    recordMany(log, 12);
    await log.close();
    const bytes = Buffer.from(text());
    const signedEnd = bytes.lastIndexOf('","mac"');
    const missed: number[] = [];
    for (let at = 0; at < signedEnd; at += 1) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] as number) ^ 1;
      const { ok, chains } = await verifyAudit({ sources: sourceOf(copy), publicKeys: { a: publicKey } });
      // A last head that is none any more vouches for nothing: the report ends at the one before.
      if (ok && chains[0]?.signed === chains[0]?.records) missed.push(at);
    }
    expect(missed).toEqual([]);
  });
});

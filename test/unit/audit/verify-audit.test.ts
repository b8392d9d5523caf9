import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ed25519Signer } from '../../../src/audit/signer.ts';
import { verifyAudit } from '../../../src/audit/verify-audit.ts';
import {
  AUDIT_SECRET,
  createKeys,
  createMemoryLog,
  joined,
  makeLog,
  PERSON,
  recordMany,
  recordsOf,
  secrets,
  sentEvent,
  sourceOf,
} from '../../support/audit.ts';

const about = { person: PERSON, context: undefined };

describe('the first problem of a log', () => {
  let lines: readonly string[];
  let head: { chain: string; seq: number; mac: string };
  const first = async (changed: readonly string[], options = {}) =>
    (await verifyAudit({ sources: sourceOf(joined(changed)), secrets, ...options })).first;

  beforeAll(async () => {
    const made = await makeLog(8);
    lines = made.lines;
    head = made.head as typeof head;
  });

  it('is absent from a log that nobody has edited', async () => {
    const report = await verifyAudit({ sources: sourceOf(joined(lines)), secrets, expect: [head] });
    expect(report).toEqual({
      ok: true,
      problems: [],
      chains: [
        {
          chain: head.chain,
          records: 10,
          from: expect.any(Number),
          to: expect.any(Number),
          isClosed: true,
          head,
          signed: 0,
        },
      ],
      records: 10,
      lost: 0,
      torn: 0,
      absent: [],
    });
  });

  it('names an altered record', async () => {
    const changed = lines.with(4, (lines[4] as string).replace('"otp"', '"sms"'));
    expect(await first(changed)).toEqual({
      kind: 'altered',
      source: 'log',
      line: 5,
      chain: head.chain,
      seq: 5,
      message: 'Record 5 was altered.',
    });
  });

  it('names a record whose number or chain was altered', async () => {
    expect(await first(lines.with(4, (lines[4] as string).replace('"seq":5', '"seq":7')))).toMatchObject({
      kind: 'altered',
      line: 5,
      seq: 5,
    });
    expect(
      await first(lines.with(4, (lines[4] as string).replace(head.chain, 'f'.repeat(20)))),
    ).toMatchObject({
      kind: 'altered',
      line: 5,
      seq: 5,
    });
  });

  it('names a missing record, also the first one', async () => {
    expect(await first(lines.toSpliced(4, 2))).toMatchObject({
      kind: 'missing',
      line: 5,
      seq: 5,
      message: 'Record 5 is missing.',
    });
    expect(await first(lines.slice(2))).toMatchObject({ kind: 'missing', line: 1, seq: 1 });
  });

  it('names a record that was moved', async () => {
    const moved = lines.toSpliced(2, 1).toSpliced(6, 0, lines[2] as string);
    expect(await first(moved)).toMatchObject({ kind: 'reordered', line: 3, seq: 3 });
  });

  it('names a record that comes twice', async () => {
    expect(await first(lines.toSpliced(6, 0, lines[1] as string))).toMatchObject({
      kind: 'duplicated',
      line: 7,
      seq: 2,
    });
  });

  it('names the first of several', async () => {
    const changed = lines
      .with(7, (lines[7] as string).replace('"otp"', '"sms"'))
      .with(3, (lines[3] as string).replace('"otp"', '"sms"'));
    expect(await first(changed)).toMatchObject({ kind: 'altered', seq: 4 });
  });

  it('names the record at which a log was cut off, when a later head is known', async () => {
    const cut = lines.slice(0, 6);
    expect(await first(cut, { expect: [head] })).toMatchObject({ kind: 'truncated', line: 7, seq: 7 });
    // Without one it looks like the log of a process that goes on.
    const report = await verifyAudit({ sources: sourceOf(joined(cut)), secrets });
    expect(report).toMatchObject({ ok: true, chains: [{ isClosed: false, records: 6 }] });
  });

  it('names another history with the same number of records', async () => {
    const mac = `${head.mac.slice(0, -1)}${head.mac.endsWith('A') ? 'E' : 'A'}`;
    expect(await first(lines, { expect: [{ ...head, mac }] })).toMatchObject({ kind: 'altered', seq: 10 });
  });

  it('names a whole chain that is missing', async () => {
    const other = await makeLog(2);
    expect(await first(other.lines, { expect: [head] })).toMatchObject({
      kind: 'missing',
      chain: head.chain,
      seq: 1,
    });
  });

  it('names a line that is no record, an empty one too', async () => {
    expect(await first(lines.with(3, '{"a":1}'))).toMatchObject({ kind: 'altered', line: 4, seq: 4 });
    expect(await first(lines.toSpliced(3, 0, ''))).toMatchObject({ kind: 'altered', line: 4 });
    expect(await first(['', ...lines])).toMatchObject({ kind: 'altered', line: 1 });
    expect(await first(['', ''])).toMatchObject({ kind: 'altered', line: 1 });
  });

  it('names a line that is longer than any record, without keeping it', async () => {
    async function* endless() {
      for (let index = 0; index < 200; index += 1) yield new Uint8Array(65_536).fill(97);
    }
    const report = await verifyAudit({ sources: [{ name: 'log', chunks: endless() }], secrets });
    expect(report.first).toMatchObject({ kind: 'torn', line: 1 });
  });

  it('shows no control characters of a line that somebody has written', async () => {
    const forged = (lines[1] as string).replace(/"kid":"1"/, '"kid":"\\u001b[2J"');
    const problem = await first([lines[0] as string, forged]);
    expect(problem).toMatchObject({ kind: 'altered', message: 'A line is no record.' });
  });

  it('names a record of a secret that was not given', async () => {
    const report = await verifyAudit({
      sources: sourceOf(joined(lines)),
      secrets: { 2: AUDIT_SECRET },
    });
    expect(report.first).toMatchObject({ kind: 'unknown-key', seq: 1 });
    const wrong = { 1: 'a-wrong-secret-of-the-tests-01234567' };
    expect((await verifyAudit({ sources: sourceOf(joined(lines)), secrets: wrong })).first).toMatchObject({
      kind: 'altered',
      seq: 1,
    });
  });

  it('names a chain without a signature when a public key is given', async () => {
    const { publicKey } = await createKeys();
    expect(await first(lines, { publicKeys: { a: publicKey } })).toMatchObject({ kind: 'unsigned', seq: 1 });
  });
});

describe('a signed log', () => {
  it('shows what somebody with the secret has rewritten', async () => {
    const { privateKey, publicKey } = await createKeys();
    const genuine = createMemoryLog({ headEvery: 5, signer: ed25519Signer({ keyId: 'a', privateKey }) });
    recordMany(genuine.log, 10);
    await genuine.log.close();
    // An insider with the secret, and without the private key.
    const forged = createMemoryLog({
      signer: ed25519Signer({ keyId: 'a', privateKey: (await createKeys()).privateKey }),
    });
    recordMany(forged.log, 9);
    await forged.log.close();
    const publicKeys = { a: publicKey };
    expect(await verifyAudit({ sources: forged.source(), secrets })).toMatchObject({ ok: true });
    expect((await verifyAudit({ sources: forged.source(), secrets, publicKeys })).first).toMatchObject({
      kind: 'altered',
      seq: 1,
    });
    expect(
      (await verifyAudit({ sources: genuine.source(), publicKeys: { b: publicKey } })).first,
    ).toMatchObject({
      kind: 'unknown-key',
      seq: 1,
    });
  });
});

describe('several chains', () => {
  it('are told apart in one stream', async () => {
    const pieces: string[] = [];
    const writer = (lines: string) => void pieces.push(lines);
    const [one, two] = [createMemoryLog({ writer }), createMemoryLog({ writer })];
    for (let index = 0; index < 5; index += 1) {
      one.log.record(sentEvent(index), about);
      two.log.record(sentEvent(index), about);
      await Promise.all([one.log.flush(), two.log.flush()]);
    }
    await Promise.all([one.log.close(), two.log.close()]);
    const report = await verifyAudit({ sources: [{ name: 'stream', chunks: pieces }], secrets });
    expect(report).toMatchObject({ ok: true, records: 14, chains: [{ isClosed: true }, { isClosed: true }] });
    const changed = pieces.join('').split('\n');
    const at = changed.findIndex(
      (line) => line.includes(two.log.head()?.chain ?? '') && line.includes('"seq":4'),
    );
    const sources = [{ name: 'stream', chunks: [changed.toSpliced(at, 1).join('\n')] }];
    expect((await verifyAudit({ sources, secrets })).problems).toMatchObject([
      { kind: 'missing', seq: 4, chain: two.log.head()?.chain },
    ]);
  });

  it('may be cut into any pieces of any files', async () => {
    const { text } = await makeLog(6);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: text.length }), { maxLength: 6 }), async (cuts) => {
        const places = [0, ...cuts.sort((one, other) => one - other), text.length];
        const chunks = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect((await verifyAudit({ sources: [{ name: 'log', chunks }], secrets })).ok).toBe(true);
      }),
      { numRuns: 50 },
    );
    const lines = text.trimEnd().split('\n');
    const sources = [lines.slice(0, 3), lines.slice(3)].map((part, index) => ({
      name: `${index}`,
      chunks: [joined(part)],
    }));
    expect((await verifyAudit({ sources, secrets })).ok).toBe(true);
  });

  it('stop being read when the signal fires', async () => {
    const { text } = await makeLog(3);
    const reason = new Error('stopped');
    await expect(
      verifyAudit({ sources: sourceOf(text), secrets, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });
});

describe('options of verifyAudit', () => {
  it.each([
    [{ files: ['a'] }, 'secrets'],
    [{ secrets }, 'files'],
    [{ secrets: { 1: 'short' }, files: ['a'] }, 'secrets.1'],
    [{ secrets, files: ['/no/such/audit.jsonl'] }, 'files'],
    [{ secrets, files: ['a'], expect: [{ chain: 'a' } as never] }, 'expect[0].seq'],
    [{ secrets, file: 'a' } as never, 'file'],
  ])('%# are refused', async (options, option) => {
    await expect(verifyAudit(options)).rejects.toMatchObject({ name: 'ConfigurationError', option });
  });
});

it('a record of a log names the chain, its number and its secret', async () => {
  const { text } = await makeLog(1);
  expect(recordsOf(text).map(({ seq, kid }) => [seq, kid])).toEqual([
    [1, '1'],
    [2, '1'],
    [3, '1'],
  ]);
});

import { expect, it } from 'vitest';
import type { ConsentChange, ConsentLedger, ConsentListing } from '../../src/consent/consent-ledger.ts';
import type { FieldEncryptionOptions } from '../../src/consent/field-encryption.ts';
import { consentLedgerConformance } from '../../src/testing/consent-ledger-conformance.ts';
import { readAll } from './read-all.ts';
import { failureOf } from './transport.ts';

const FIRST = { keyId: '1', secret: 'first-secret-of-the-tests-0123456789' };
const SECOND = { keyId: '2', secret: 'second-secret-of-the-tests-012345678' };

export interface EncryptedLedgers {
  /** A ledger on one store of a test, by its name. */
  create(name: string, encryption?: FieldEncryptionOptions): Promise<ConsentLedger & ConsentListing>;
  /** Everything that the store of a test holds, as text. */
  dump(name: string): Promise<string>;
  /** Gives one person the evidence of another, as somebody who can write to the store would. */
  copyEvidence(name: string, from: string, to: string): Promise<void>;
}

const optIn: ConsentChange = {
  key: '+6591234567',
  state: 'opted-in',
  scope: 'marketing',
  source: 'web-form',
  at: 1_000,
  evidence: 'form 17, ticked by Ada Lovelace',
  text: 'Yes 😀 please',
  messageId: 'm1',
};
const { key, ...entry } = optIn;

/** The promises of encryption, on any store. */
export function encryptionCases({ create, dump, copyEvidence }: EncryptedLedgers): void {
  let stores = 0;
  for (const { name, run } of consentLedgerConformance({
    create: () => {
      stores += 1;
      return create(`conformance_${stores}`, FIRST);
    },
  })) {
    it(`encrypted: ${name}`, () => expect(run()).resolves.toBeUndefined());
  }

  it('keeps evidence and text from whoever can read the store, and nothing else', async () => {
    const ledger = await create('hidden', FIRST);
    await ledger.append([optIn]);
    const stored = await dump('hidden');
    expect(stored).not.toMatch(/Lovelace|please/);
    expect(stored).toContain('web-form');
    expect(await ledger.get([key])).toEqual([entry]);
    expect(await ledger.history(key)).toEqual([entry]);
    expect(await readAll(ledger.entries())).toEqual([optIn]);
  });

  it('encrypts the same words to something else every time', async () => {
    const ledger = await create('salted', FIRST);
    await ledger.append([optIn, { ...optIn, messageId: 'm2', at: 2_000 }]);
    const found = (await dump('salted')).match(/[\w-]{50,}/g) ?? [];
    expect(new Set(found).size).toBe(4);
  });

  it('reads rows from before it was switched on, and rows of earlier keys', async () => {
    const plain = await create('rotated');
    await plain.append([optIn]);
    const first = await create('rotated', FIRST);
    await first.append([{ ...optIn, at: 2_000, messageId: 'm2' }]);
    const second = await create('rotated', { ...SECOND, previous: [FIRST] });
    await second.append([{ ...optIn, at: 3_000, messageId: 'm3' }]);
    expect(await second.history(key)).toEqual([
      entry,
      { ...entry, at: 2_000, messageId: 'm2' },
      { ...entry, at: 3_000, messageId: 'm3' },
    ]);
  });

  it('never answers with a wrong key: a missing one names the option, another secret says so', async () => {
    await (await create('wrong', FIRST)).append([optIn]);
    for (const ledger of [await create('wrong', SECOND), await create('wrong')]) {
      for (const read of [
        () => ledger.get([key]),
        () => ledger.history(key),
        () => readAll(ledger.entries()),
      ]) {
        const error = await failureOf(read() as Promise<unknown>);
        expect(error).toMatchObject({ name: 'ConfigurationError', option: 'encryption.previous' });
        expect((error as Error).message).toContain('"1"');
      }
    }
    const impostor = await create('wrong', { ...SECOND, keyId: '1' });
    for (const read of [() => impostor.get([key]), () => impostor.history(key)]) {
      const error = await failureOf(read() as Promise<unknown>);
      expect(error).toMatchObject({ name: 'StoreError', outage: true });
      expect((error as Error).message).toMatch(/cannot be decrypted/);
      expect((error as Error).message).not.toMatch(/6591234567|secret-of/);
    }
  });

  it('reads no evidence under another person', async () => {
    const ledger = await create('copied', FIRST);
    await ledger.append([optIn, { ...optIn, key: '+6591111111' }]);
    await copyEvidence('copied', key, '+6591111111');
    expect(await ledger.history(key)).toEqual([entry]);
    expect(await failureOf(ledger.history('+6591111111'))).toMatchObject({
      name: 'StoreError',
      message: expect.stringContaining('it was changed'),
    });
  });

  it('forgets a person without any key', async () => {
    await (await create('forgotten', FIRST)).append([{ ...optIn, state: 'opted-out', scope: 'all' }]);
    const keyless = await create('forgotten');
    await keyless.forget(key, '#1');
    expect(await keyless.get(['#1', key])).toEqual([
      { state: 'opted-out', scope: 'all', source: 'forgotten', at: 1_000 },
      undefined,
    ]);
  });
}

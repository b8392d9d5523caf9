import { ConfigurationError, StoreError } from '../errors.ts';
import { decryptText, deriveAesKey, encryptText } from '../internal/aes-gcm.ts';
import { fromBase64, toBase64Url } from '../internal/base64url.ts';
import { type Field, type Fields, list, objectWith, pattern, refine, text } from '../schema.ts';
import type { ConsentEntry } from './consent-ledger.ts';
import type { StoredEntry } from './stored-entry.ts';

/** A secret that fields are encrypted with, and its name. */
export interface FieldSecret {
  /** Names the secret in every encrypted row: 1 to 8 letters or digits. */
  readonly keyId: string;
  /** At least 32 characters, the same in all processes. `openssl rand -hex 32` makes one. */
  readonly secret: string;
}

/**
 * Encryption of `evidence` and `text` with AES-256-GCM, under a key that is derived from the secret. An encrypted field cannot be
 * read under another person, in another field, or with another choice or time. Rows from before it was switched on stay readable.
 *
 * @example postgresConsentLedger({ pool, encryption: { keyId: '1', secret: process.env.CONSENT_SECRET } })
 */
export interface FieldEncryptionOptions {
  /** Names the secret in every encrypted row: 1 to 8 letters or digits. @default '1' */
  readonly keyId?: string | undefined;
  /** Encrypts new rows: at least 32 characters, the same in all processes. `openssl rand -hex 32` makes one. */
  readonly secret?: string | undefined;
  /**
   * Earlier secrets, at most 20, which only decrypt. Keep each for as long as any row contains its ID. @default none
   */
  readonly previous?: readonly FieldSecret[] | undefined;
}

const secretField = text({ min: 32, max: 1_024 });
const keyIdField = pattern(/^[0-9A-Za-z]{1,8}$/, '1 to 8 letters or digits');
const secretFields: Fields<FieldSecret> = { keyId: keyIdField, secret: secretField };
const fields: Fields<FieldEncryptionOptions> = {
  keyId: keyIdField,
  secret: secretField,
  previous: list(objectWith(['keyId', 'secret'], secretFields, 'an object { keyId, secret }'), { max: 20 }),
};
export const encryptionField: Field = refine<FieldEncryptionOptions>(
  objectWith(['secret'], fields, 'an object { keyId, secret, previous }'),
  ({ keyId = '1', previous = [] }) => {
    const ids = [keyId, ...previous.map((each) => each.keyId)];
    return new Set(ids).size === ids.length;
  },
  'needs a different keyId for every secret.',
);

/** Encrypts and decrypts the fields of entries. */
export interface FieldCipher {
  seal(person: string, entry: ConsentEntry): Promise<StoredEntry>;
  /**
   * @throws ConfigurationError the entry names a key that is not given
   * @throws StoreError the entry was changed, or the secret under its key ID is another one
   */
  open(person: string, stored: StoredEntry): Promise<ConsentEntry>;
}

const ENCRYPTED = ['evidence', 'text'] as const;
const USE = 'consent';

/** The entry that a field belongs to: it decrypts nowhere else. */
function placeOf(person: string, field: string, { state, scope, at }: ConsentEntry): string {
  return JSON.stringify([person, field, state, scope, at]);
}

/** @param options undefined: nothing is encrypted, and an encrypted entry is refused */
export function createFieldCipher(options: FieldEncryptionOptions | undefined): FieldCipher {
  const secrets = new Map<string, string>();
  if (options !== undefined) {
    secrets.set(options.keyId ?? '1', options.secret as string);
    for (const { keyId, secret } of options.previous ?? []) secrets.set(keyId, secret);
  }
  const keys = new Map<string, CryptoKey>();

  /** Derives nothing before the first entry: the global scope of a Worker may not. */
  async function keyOf(keyId: string): Promise<CryptoKey> {
    const known = keys.get(keyId);
    if (known !== undefined) return known;
    const secret = secrets.get(keyId);
    if (secret === undefined) {
      throw new ConfigurationError(
        `The consent ledger holds an entry that was encrypted with the key "${keyId}", which is not given: add it to encryption.previous. Nothing was read.`,
        'encryption.previous',
      );
    }
    const key = await deriveAesKey(new TextEncoder().encode(secret), USE);
    keys.set(keyId, key);
    return key;
  }

  async function openField(place: string, keyId: string, value: string): Promise<string> {
    const bytes = fromBase64(value);
    const opened = bytes && (await decryptText(await keyOf(keyId), bytes, place));
    if (opened !== undefined) return opened;
    throw new StoreError(
      `The consent ledger holds an entry that cannot be decrypted: it was changed, or the secret of the key "${keyId}" is a different one. Nothing was read.`,
    );
  }

  return {
    async seal(person, entry) {
      const named = ENCRYPTED.filter((field) => entry[field] !== undefined);
      if (options === undefined || named.length === 0) return { entry };
      const keyId = options.keyId ?? '1';
      const key = await keyOf(keyId);
      const sealed: Partial<Record<(typeof ENCRYPTED)[number], string>> = {};
      for (const field of named) {
        const bytes = await encryptText(key, entry[field] as string, placeOf(person, field, entry));
        sealed[field] = toBase64Url(bytes);
      }
      return { entry: { ...entry, ...sealed }, keyId };
    },
    async open(person, { entry, keyId }) {
      if (keyId === undefined) return entry;
      const opened: Partial<Record<(typeof ENCRYPTED)[number], string>> = {};
      for (const field of ENCRYPTED) {
        const value = entry[field];
        if (value !== undefined) opened[field] = await openField(placeOf(person, field, entry), keyId, value);
      }
      // An entry without either field needs no key, but a key ID that nobody knows is still told.
      await keyOf(keyId);
      return { ...entry, ...opened };
    },
  };
}

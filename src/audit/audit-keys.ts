import { toBase64Url } from '../internal/base64url.ts';
import { toHex } from '../internal/digest.ts';
import { hmac, sha256 } from '../internal/noble-hashes.ts';

/** A secret and its ID, which each record names. */
export interface AuditSecret {
  /** Names the secret: 1 to 8 letters or digits. */
  readonly keyId: string;
  /** At least 32 characters. `openssl rand -hex 32` makes one. */
  readonly secret: string;
}

/** The keys that are derived from one secret, one per use, so that none can be used for another. */
export interface AuditKeys {
  readonly keyId: string;
  /** Authentication code of a record: HMAC-SHA-256 over the code of the record before it and its own text. */
  mac(previous: string, content: Uint8Array): string;
  /** The name under which the salt of a person is stored: 32 hexadecimal digits. */
  saltName(person: string): string;
  /** The person as records show it: 128 bits. Without the salt it cannot be computed, not even with the secret. */
  personId(person: string, salt: string): string;
}

const ID_BYTES = 16;

export function createAuditKeys({ keyId, secret }: AuditSecret): AuditKeys {
  const encoder = new TextEncoder();
  const derive = (use: string) =>
    hmac.create(sha256, hmac(sha256, encoder.encode(secret), encoder.encode(`8x8-sms-guard audit ${use}`)));
  const [chain, salts, people] = [derive('chain'), derive('salts'), derive('people')];
  const under = (keyed: typeof chain, text: string) =>
    keyed.clone().update(encoder.encode(text)).digest().subarray(0, ID_BYTES);
  return {
    keyId,
    mac: (previous, content) =>
      toBase64Url(chain.clone().update(encoder.encode(previous)).update(content).digest()),
    saltName: (person) => toHex(under(salts, person)),
    personId: (person, salt) => toBase64Url(under(people, `${salt} ${person}`)),
  };
}

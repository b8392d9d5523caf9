import { sharedState } from '../internal/shared-state.ts';
import type { LimitStore } from '../limits/limit-store.ts';
import { createCheck } from './check.ts';
import { type CodeCipher, createCodeCipher } from './code-cipher.ts';
import { createIssue } from './issue.ts';
import { assertUsable, type OneTimePasswords, type OneTimePasswordsConfig } from './one-time-passwords.ts';
import { DEFAULT_CODE_LENGTH, DEFAULT_VALIDITY_MS } from './options.ts';

const SECRET_BYTES = 32;

/** The secret of a memory store lives as long as the store: clients that share the store must read each other's codes. */
function processSecret(limits: LimitStore): Uint8Array<ArrayBuffer> {
  const shared = sharedState();
  shared.codeSecrets ??= new WeakMap();
  const known = shared.codeSecrets.get(limits);
  if (known !== undefined) return known;
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  shared.codeSecrets.set(limits, secret);
  return secret;
}

export function createOneTimePasswords(given: OneTimePasswordsConfig): OneTimePasswords {
  const { client, options = {}, limits } = given;
  const { codeLength = DEFAULT_CODE_LENGTH, validityMs = DEFAULT_VALIDITY_MS } = options;
  const secrets = options.secret === undefined ? [] : [options.secret, ...(options.previousSecrets ?? [])];
  let cipher: CodeCipher | undefined;

  function openCipher(): CodeCipher {
    assertUsable(given);
    const encoder = new TextEncoder();
    return createCodeCipher(
      secrets.length === 0 ? [processSecret(limits)] : secrets.map((secret) => encoder.encode(secret)),
    );
  }

  const config = {
    client,
    codes: client.storedCodes,
    openCipher: () => {
      cipher ??= openCipher();
      return cipher;
    },
  };
  return {
    issue: createIssue({ ...config, codeLength, validityMs }),
    check: createCheck({ ...config, codeLength }),
  };
}

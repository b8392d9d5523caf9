import { MAX_WINDOW_MS } from './limit-store.ts';
import { MAX_RECORD_LENGTH, type RecordWrite } from './record-store.ts';
import { checkId, checkStringKey, wrong } from './rule-validation.ts';

/** Longest version that a store gives out. */
const MAX_VERSION_LENGTH = 64;

/** @throws ValidationError the scope or the key is malformed */
export function checkRecordKey(scope: string, key: string): void {
  checkId(scope, 'scope', '');
  checkStringKey(key, 'key');
}

/** @throws ValidationError the version cannot be one */
export function checkVersion(version: string | undefined): void {
  if (version === undefined) return;
  if (typeof version !== 'string' || version.length === 0 || version.length > MAX_VERSION_LENGTH) {
    wrong('expected', `a version of 1 to ${MAX_VERSION_LENGTH} characters`);
  }
}

/** @throws ValidationError the value or the write is malformed */
export function checkRecordWrite(value: string, { expected, ttlMs }: RecordWrite): void {
  // A lone surrogate would come back from a server as another character.
  if (typeof value !== 'string' || value.length > MAX_RECORD_LENGTH || /\p{Cs}/u.test(value)) {
    wrong('value', `a well-formed string of at most ${MAX_RECORD_LENGTH} characters`);
  }
  checkVersion(expected);
  if (ttlMs === undefined && expected !== undefined) return;
  if (!Number.isSafeInteger(ttlMs) || (ttlMs as number) < 1 || (ttlMs as number) > MAX_WINDOW_MS) {
    wrong('ttlMs', `an integer from 1 to ${MAX_WINDOW_MS}, and is required for a new record`);
  }
}

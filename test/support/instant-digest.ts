import { createHash } from 'node:crypto';
import { vi } from 'vitest';

/**
 * Computes digests synchronously instead of in another thread, so that a test with a fake clock has a fixed order of
 * events even on a busy machine. `vi.restoreAllMocks` removes it.
 */
export function useInstantDigests(): void {
  vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (_, data) => {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    return Uint8Array.from(createHash('sha256').update(bytes).digest()).buffer;
  });
}

import { createHash } from 'node:crypto';
import { vi } from 'vitest';

/**
 * Works digests out at once instead of in another thread, so that a test that moves the time decides by itself what comes
 * first, however busy the machine is. Taken back by `vi.restoreAllMocks`.
 */
export function useInstantDigests(): void {
  vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (_, data) => {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    return Uint8Array.from(createHash('sha256').update(bytes).digest()).buffer;
  });
}

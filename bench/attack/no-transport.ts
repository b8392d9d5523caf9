import type { Transport } from '../../src/transport/transport.ts';

/** Replaces the client's transport in a snapshot, which can hold neither sockets nor `fetch`. */
export function createTransport(): Transport {
  const refuse = () => Promise.reject(new Error('a snapshot has no network'));
  return { request: refuse, download: refuse };
}

import { loadKy } from '../../src/transport/wire.ts';

// The package loads ky with its first request: no test with a fake clock waits for it.
await loadKy();

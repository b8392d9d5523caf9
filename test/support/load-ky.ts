// The package loads ky with its first use: no test with a fake clock waits for it.
import { loadKy } from '../../src/transport/wire.ts';

await loadKy();

// With --enable-source-maps a stack leads to the sources in the package, in both formats.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as esm from '8x8-sms-guard';

const cjs = createRequire(import.meta.url)('8x8-sms-guard');

/** The first frame inside the package: the line of its source that throws. */
function throwingLine({ SmsClient }) {
  try {
    new SmsClient({ apiKey: 'consumer-key', subAccountId: 'consumer', unknownOption: true });
  } catch (error) {
    const [, frame, line] =
      /\(?((?:file:\/\/)?\/[^()\s]+\/8x8-sms-guard\/src\/[^()\s]+\.ts):(\d+):\d+\)?/.exec(error.stack) ?? [
        undefined,
        `no frame in src\n${error.stack}`,
      ];
    const path = frame.startsWith('file:') ? fileURLToPath(frame) : frame;
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n')[line - 1].trim() : frame;
  }
  return 'nothing was thrown';
}

for (const library of [esm, cjs]) {
  const line = throwingLine(library);
  if (!line.includes('new ConfigurationError(')) throw new Error(`not the line that throws: ${line}`);
}
console.log('OK');

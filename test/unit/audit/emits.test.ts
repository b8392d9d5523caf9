import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isRecorded } from '../../../src/audit/record-fields.ts';

const src = fileURLToPath(new URL('../../../src', import.meta.url));
/** A call of `emit` whose event shows a number. */
const ABOUT_A_NUMBER =
  /emit\(\s*\{\s*type: '([a-z-]+)'[^;]*?(?:messageFields|numberFields|maskNumber)\([^;]*;/g;

it('every event that shows a number hands it to the audit log, which could not tell the person otherwise', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const calls = files.flatMap((path) =>
    Array.from(readFileSync(join(src, path), 'utf8').matchAll(ABOUT_A_NUMBER), ([call, type = '']) => ({
      path,
      type,
      call,
    })),
  );
  const missing = calls
    .filter(({ type }) => isRecorded({ type, at: 0 }))
    .filter(({ call }) => !/\bphone,?\s*\);$/.test(call));
  expect(calls.length).toBeGreaterThan(15);
  expect(missing).toEqual([]);
});

/**
 * A campaign that can be killed and restarted: it streams rows, stores its progress in a file, and never sends twice.
 *
 * `npm start` sends to an emulated 8x8; press Ctrl+C, start it again, and it resumes.
 */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbortedError, SmsClient } from '8x8-sms-guard';
import { createEmulator } from '8x8-sms-guard/testing';

const CUSTOMERS = 20_000;
const PLACE = join(tmpdir(), '8x8-sms-guard-campaign.json');

/** In place of a CSV file or a database cursor: the same rows in the same order every time. */
async function* customers() {
  for (let row = 0; row < CUSTOMERS; row += 1) {
    // One row in a thousand is invalid, as in every list.
    const destination = row % 1000 === 999 ? 'n/a' : `+659${1_000_000 + row}`;
    yield { destination, clientMessageId: `spring-sale-${row}` };
  }
}

/** Writes a second file, flushes it, then renames it: a crash leaves the old or the new token, never half of one. */
async function saveToken(token) {
  const file = await open(`${PLACE}.new`, 'w');
  await file.writeFile(token);
  await file.sync();
  await file.close();
  await rename(`${PLACE}.new`, PLACE);
}

const sms = new SmsClient({
  apiKey: 'a-key-for-the-emulator',
  subAccountId: 'shop',
  fetch: createEmulator().fetch,
  // Ask your own store who agreed to advertising; here, nine of ten customers did.
  guards: {
    consent: { checkMany: (queries) => queries.map(({ destination }) => !destination.endsWith('7')) },
  },
  onEvent(event) {
    if (event.type === 'chunk-finished') console.log(`chunk ${event.chunk}: ${event.accepted} accepted`);
  },
});

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const resumeFrom = await readFile(PLACE, 'utf8').catch(() => undefined);
console.log(resumeFrom === undefined ? 'A new campaign.' : 'Going on where the last run ended.');

const counts = { accepted: 0, rejected: 0, blocked: 0, failed: 0 };
const toReconcile = [];
try {
  const results = sms.messages.sendMany(customers(), {
    purpose: 'marketing',
    template: { text: 'Spring sale: 20 % off until Sunday. Reply STOP to get no more.' },
    checkpoint: saveToken,
    resumeFrom,
    signal: stop.signal,
  });
  for await (const result of results) {
    counts[result.status] += 1;
    if (result.status !== 'accepted' && result.error.submission === 'unknown') {
      toReconcile.push(result.clientMessageId);
    }
  }
  await rm(PLACE, { force: true });
  console.log('All rows are done.');
} catch (error) {
  if (!AbortedError.isInstance(error)) throw error;
  console.log('Stopped. Start it again to go on.');
} finally {
  await sms.close();
}
console.log(counts, `${toReconcile.length} to reconcile`);

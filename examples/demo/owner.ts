import { GuardError, SmsClient } from '../../src/index.ts';
import { createEmulator } from '../../src/testing/index.ts';

const NUMBER = '+6598765432';
const TWELVE_SECONDS_MS = 12_000;
const TWENTY_MINUTES_MS = 20 * 60_000;
const message = { destination: NUMBER, text: 'Your code is 4711', purpose: 'otp' } as const;

/** The hour of the owner of a hammered number. */
export interface OwnersHour {
  /** Codes that a stranger asked for in 20 minutes, each time as somebody else, and those that were sent. */
  readonly asked: number;
  readonly sent: number;
  /** Seconds from the owner's first request to the code. */
  readonly waitS: number;
}

/**
 * A stranger asks for codes to somebody's number every 12 seconds. After 20 minutes the owner comes, with a `subject` that
 * entered a code for this number the day before, or on a new device, and tries again whenever the wait is over.
 */
export async function ownersHour(subject: 'known-phone' | 'new-laptop'): Promise<OwnersHour> {
  let nowMs = Date.UTC(2026, 10, 21, 1, 0, 0);
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  const { fetch } = createEmulator({ apiKey: 'demo-key', clock });
  const sms = new SmsClient({ apiKey: 'demo-key', subAccountId: 'shop', fetch, clock });

  /** Sends a code, or says how long to wait. */
  async function ask(visitor: string): Promise<number> {
    try {
      await sms.messages.send({ ...message, subject: visitor });
      return 0;
    } catch (error) {
      if (!GuardError.isInstance(error)) throw error;
      return error.retryAfterMs ?? Number.POSITIVE_INFINITY;
    }
  }

  const { umid } = await sms.messages.send({ ...message, subject: 'known-phone' });
  await sms.messages.feedback(umid, { outcome: 'success', destination: NUMBER, subject: 'known-phone' });
  nowMs += 24 * 60 * 60_000;

  const startMs = nowMs;
  let [asked, sent, triesAtMs] = [0, 0, startMs + TWENTY_MINUTES_MS];
  for (;;) {
    if (nowMs >= triesAtMs) {
      const waitMs = await ask(subject);
      if (waitMs === 0) break;
      triesAtMs = nowMs + waitMs;
    }
    if (nowMs < startMs + TWENTY_MINUTES_MS) asked += 1;
    if ((await ask(`stranger-${nowMs}`)) === 0 && nowMs < startMs + TWENTY_MINUTES_MS) sent += 1;
    nowMs = Math.min(nowMs + TWELVE_SECONDS_MS, Math.max(triesAtMs, nowMs + 1));
  }
  await sms.close();
  return { asked, sent, waitS: Math.ceil((nowMs - startMs - TWENTY_MINUTES_MS) / 1_000) };
}

// Created once for each instance of the function. Instances share nothing in memory: in production give the client a
// `limits` on Redis or Valkey, or each instance counts on its own.
import { memoryConsentLedger, SmsClient } from '8x8-sms-guard';

export const sms = new SmsClient({
  // Forgets when the instance ends; use the ledger on PostgreSQL or Redis.
  guards: { consent: { ledger: memoryConsentLedger() } },
  // A function is frozen between two calls, and its connections may be gone when it wakes up.
  deadlineMs: 8_000,
});

// Loaded before a sample: the names that a reader's own program gives it.
import { memoryConsentLedger, SmsClient } from '8x8-sms-guard';

const print = (...values) => console.log(...values);
const ledger = memoryConsentLedger();
Object.assign(globalThis, {
  sms: new SmsClient({ guards: { consent: { ledger } } }),
  ledger,
  message: { destination: '+6591234567', text: 'Your parcel arrives today.' },
  metrics: { increment: print },
  save: print,
  log: print,
  reconcileLater: print,
});

import { memoryConsentLedger, SmsClient } from '8x8-sms-guard';

let client: SmsClient | undefined;

/**
 * The one client of the application, for what sends and for what hears back. Made when it is first needed: `next build`
 * loads every route, without your secrets. Key and sub-account come from the environment.
 */
export function sms(): SmsClient {
  client ??= new SmsClient({
    // Forgets on restart; in production give it a ledger that lasts.
    guards: { consent: { ledger: memoryConsentLedger() } },
  });
  return client;
}

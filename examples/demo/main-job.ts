import { ConsentError, memoryConsentLedger, SmsClient } from '../../src/index.ts';
import { createEmulator } from '../../src/testing/index.ts';

/** What a team does all day: one message, a batch with a bad number in it, and marketing to who agreed. */
export async function mainJob(print: (line: string) => void): Promise<void> {
  const emulator = createEmulator({ apiKey: 'demo-key' });
  const sms = new SmsClient({
    apiKey: 'demo-key',
    subAccountId: 'shop',
    fetch: emulator.fetch,
    defaultCountry: 'SG',
    scope: 'demo-main-job',
    guards: { consent: { ledger: memoryConsentLedger() } },
  });

  const sent = await sms.messages.send({
    destination: '9123 4567',
    text: 'Your code is 4711',
    purpose: 'otp',
  });
  print(`one message     ${sent.status}, ${sent.parts} part, 8x8 id ${sent.umid}`);

  const { counts, results } = await sms.messages.sendBatch({
    destinations: ['+6591234567', '9876 5432', '+1 900 555 0123', 'call me'],
    template: { text: 'We open at 9 today.' },
  });
  print(`a batch of four ${counts.accepted} accepted, ${counts.blocked} blocked:`);
  for (const result of results)
    if (result.status === 'blocked') print(`                  - ${result.error.message}`);

  await sms.consent.grant('9123 4567', { source: 'web-form', evidence: 'newsletter form, 22 November 2026' });
  const offer = { text: 'Everything at half price.', purpose: 'marketing' } as const;
  const welcome = await sms.messages.send({ ...offer, destination: '9123 4567' });
  print(`marketing       ${welcome.status} for the person who agreed,`);
  try {
    await sms.messages.send({ ...offer, destination: '9876 5432' });
  } catch (error) {
    if (!ConsentError.isInstance(error)) throw error;
    print(`                refused for the one who did not: ${error.message}`);
  }
  await sms.close();
}

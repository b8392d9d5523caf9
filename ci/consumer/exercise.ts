import type * as Library from '8x8-sms-guard';
import type * as Testing from '8x8-sms-guard/testing';

function check(condition: boolean, label: string): void {
  if (!condition) throw new Error(`not true: ${label}`);
}

/** What a consumer does first: one message goes out, and the eleventh to one number in half an hour does not. */
export async function exercise(
  library: typeof Library,
  testing: typeof Testing,
  subAccountId: string,
): Promise<void> {
  const emulator = testing.createEmulator();
  const sms = new library.SmsClient({ apiKey: 'consumer-key', subAccountId, fetch: emulator.fetch });
  const message: Parameters<typeof sms.messages.send>[0] = { destination: '+6591234567', text: 'hi' };

  const sent = await sms.messages.send(message);
  const umids = new Set<string>([sent.umid]);
  check(sent.umid.length > 0, 'the message has a umid');
  for (let count = 2; count <= 10; count += 1) umids.add((await sms.messages.send(message)).umid);
  check(umids.size === 10, 'ten messages went out');

  let refusal: unknown;
  try {
    await sms.messages.send(message);
  } catch (error) {
    refusal = error;
  }
  check(refusal instanceof library.LimitError, 'instanceof LimitError');
  check(refusal instanceof library.SmsError, 'instanceof SmsError');
  check(!(refusal instanceof library.ConsentError), 'not instanceof ConsentError');
  if (!library.LimitError.isInstance(refusal)) throw new Error('not true: LimitError.isInstance');
  const code: 'limit' = refusal.code;
  check(code === 'limit', "code is 'limit'");
  check(refusal.submission === 'not-submitted', 'nothing was sent');
  check((refusal.retryAfterMs ?? 0) > 0, 'it says when to come back');
  await sms.close();
}

import { SmsClient, SmsError } from '8x8-sms-guard';

const sms = new SmsClient({ subAccountId: 'shop', bareDigits: 'international' });

for (const person of ['6591234567', '6598765432', '6512']) {
  try {
    const message = { destination: person, text: 'Your order is on its way.', source: 'TEAM' };
    console.log(person, (await sms.messages.send(message)).umid);
  } catch (error) {
    if (!SmsError.isInstance(error)) throw error;
    const what = error.submission === 'unknown' ? 'may have been sent:' : 'was not sent:';
    console.log(person, what, error.message);
  }
}

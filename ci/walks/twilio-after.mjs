import { InvalidPhoneNumberError, SmsClient } from '8x8-sms-guard';

const sms = new SmsClient();

for (const person of ['+6591234567', '+6598765432', '+6512']) {
  try {
    const message = { destination: person, source: 'TEAM', text: 'Your order is on its way.' };
    const { umid, parts } = await sms.messages.send(message);
    console.log(person, umid, parts);
  } catch (error) {
    const isNoNumber = InvalidPhoneNumberError.isInstance(error);
    console.log(person, 'was not sent:', isNoNumber ? 'not a number' : error.message);
  }
}

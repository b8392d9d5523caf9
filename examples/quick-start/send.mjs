import { SmsClient } from '8x8-sms-guard';

const sms = new SmsClient(); // reads the variables above
const sent = await sms.messages.send({ destination: '+6591234567', text: 'Your parcel arrives today.' });
console.log(sent.umid, sent.parts);

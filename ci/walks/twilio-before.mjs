import twilio from 'twilio';

const client = twilio(process.env.TWILIO_ACCOUNT_SID, process.env.TWILIO_AUTH_TOKEN);

for (const person of ['+6591234567', '+6598765432', '+6512']) {
  try {
    const message = { to: person, from: 'TEAM', body: 'Your order is on its way.' };
    const { sid, numSegments } = await client.messages.create(message);
    console.log(person, sid, numSegments);
  } catch (error) {
    console.log(person, 'was not sent:', error.code === 21211 ? 'not a number' : error.message);
  }
}

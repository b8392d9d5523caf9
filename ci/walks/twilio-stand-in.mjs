// Loaded before a program that uses the twilio SDK: answers in place of Twilio.
import twilio from 'twilio';

twilio.RequestClient.prototype.request = async ({ data }) =>
  data.To.length > 8
    ? { statusCode: 201, body: { sid: 'SM1', num_segments: '1' } }
    : { statusCode: 400, body: { code: 21211, message: 'Invalid To', status: 400 } };

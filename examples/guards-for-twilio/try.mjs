// Plays Twilio: a server on this machine that the real SDK talks to.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { GuardError } from '8x8-sms-guard';
import twilio from 'twilio';
import { guards, send } from './send.mjs';

const bodies = [];
/** The next answers; then 201. */
const answers = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  bodies.push({ path: request.url, ...Object.fromEntries(new URLSearchParams(body)) });
  const answer = answers.shift();
  if (answer === 'lost') return request.socket.destroy();
  const status = answer ?? 201;
  response.writeHead(status, { 'content-type': 'application/json' });
  const content = status === 201 ? { sid: `SM${bodies.length}`, status: 'queued' } : { code: 21211, status };
  response.end(JSON.stringify(content));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

/** The SDK's own HTTP client, with the server's address in place of Twilio's. */
class LocalClient extends twilio.RequestClient {
  request(options) {
    const uri = options.uri.replace('https://api.twilio.com', `http://127.0.0.1:${server.address().port}`);
    return super.request({ ...options, uri });
  }
}
process.env.TWILIO_FROM = '+15005550006';
const client = twilio('AC00000000000000000000000000000000', 'an-auth-token', {
  httpClient: new LocalClient({ keepAlive: false }),
});
const refused = (message) =>
  assert.rejects(send(client, message), (error) => {
    assert(GuardError.isInstance(error));
    console.log(`Refused: ${error.message}`);
    return true;
  });
const code = (destination) => ({ destination, text: 'Your code is 4711', purpose: 'otp' });

const { sid } = await send(client, code('9123 4567'));
assert.equal(sid, 'SM1');
assert.equal(bodies[0].path, '/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json');
assert.equal(bodies[0].To, '+6591234567');
console.log(`Sent: ${sid}`);

await refused(code('+6591234567')); // too soon
await refused(code('+8801712345678')); // a country where nobody is served

answers.push(400);
await assert.rejects(send(client, code('+6591234568')), { status: 400 });
await send(client, code('+6591234568'));
console.log('Twilio refused one: given back, so the next one went out at once.');

answers.push('lost');
await assert.rejects(send(client, code('+6591234569')));
await refused(code('+6591234569'));
console.log('One answer was lost: it counts, because the person may get it.');

assert.equal(bodies.length, 4);
await guards.close();
server.close();
console.log('Four requests reached Twilio.');

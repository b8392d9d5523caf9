/**
 * A server in a process of its own that answers every request at once, as 8x8 or the API of a contender would. It speaks HTTP over a
 * bare socket, so that it never limits: it finds the end of a request by its content-length, or by the last chunk of a stream.
 */
import { createServer } from 'node:net';

const ANSWERS = {
  '8x8': {
    umid: 'bda3d0f9-6e54-4a7c-9a24-0e6c1f7c9d15',
    destination: '6591234567',
    encoding: 'GSM7',
    status: { code: 'QUEUED', description: 'ok' },
  },
  twilio: { sid: 'SM1', status: 'queued', body: 'hello', to: '+6591234567', from: '+6598765432' },
  telnyx: { data: { id: 'm-1', record_type: 'message' } },
  resend: { id: 'e-1' },
};
const answers = Object.fromEntries(
  Object.entries(ANSWERS).map(([name, answer]) => {
    const body = JSON.stringify(answer);
    return [
      name,
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ];
  }),
);
const PATHS = [
  ['2010-04-01', 'twilio'],
  ['/v2/messages', 'telnyx'],
  ['/emails', 'resend'],
];

/** The index behind the first request of a text; undefined while it is not complete. */
function endOfRequest(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1];
  if (length !== undefined)
    return text.length < head + 4 + Number(length) ? undefined : head + 4 + Number(length);
  if (!/\r\ntransfer-encoding: *chunked/i.test(text.slice(0, head))) return head + 4;
  const last = text.indexOf('\r\n0\r\n\r\n', head);
  return last < 0 ? undefined : last + 7;
}

const server = createServer((socket) => {
  let text = '';
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (let end = endOfRequest(text); end !== undefined; end = endOfRequest(text)) {
      const line = text.slice(0, text.indexOf('\r\n'));
      const [, name = '8x8'] = PATHS.find(([path]) => line.includes(path)) ?? [];
      text = text.slice(end);
      socket.write(answers[name]);
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());

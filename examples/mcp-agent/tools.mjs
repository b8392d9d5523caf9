import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SmsError } from '8x8-sms-guard';
import { z } from 'zod';

/** The most that the agent may do, whatever a prompt tells it. */
const RESTRICTIONS = {
  name: 'support-agent',
  operations: ['messages.send', 'messages.get'],
  purposes: ['transactional'],
  countries: ['SG'],
  senders: ['TEAM'],
  budget: { perDay: 0.5, prices: { SG: 0.1 } }, // five messages of one part
};

const answer = (text, isError = false) => ({ content: [{ type: 'text', text }], isError });

/** Answers the model. Messages of an `SmsError` hold no key, text or whole number, and say whether anything was sent. */
async function answerWith(operation) {
  try {
    return answer(JSON.stringify(await operation()));
  } catch (error) {
    if (SmsError.isInstance(error)) return answer(error.message, true);
    // The model gets nothing of other exceptions. stdout belongs to the protocol.
    console.error(error);
    return answer('Internal error. Do not repeat the call: the message may have been sent.', true);
  }
}

/** A server whose tools have a restricted client and nothing else. */
export function createServer(sms) {
  const restricted = sms.restrict(RESTRICTIONS);
  const server = new McpServer({ name: 'sms', version: '1.0.0' });

  server.registerTool(
    'send',
    {
      description: 'Sends an SMS to a person in Singapore. Returns the umid, for `status`.',
      // Strict: a model that fills in `human`, `returning` or a callback URL is told so, and nothing is sent.
      inputSchema: z.strictObject({
        destination: z.string().describe('Phone number with +, for example +6591234567'),
        text: z.string(),
        purpose: z.enum(['transactional', 'marketing', 'otp']).default('transactional'),
        source: z.string().optional().describe('Sender ID'),
      }),
    },
    (message) =>
      answerWith(async () => {
        const { umid, parts } = await restricted.messages.send(message);
        return { umid, parts };
      }),
  );

  server.registerTool(
    'status',
    {
      description: 'Tells what became of a message that `send` sent.',
      inputSchema: z.strictObject({ umid: z.string() }),
      annotations: { readOnlyHint: true },
    },
    ({ umid }) =>
      answerWith(async () => {
        // Without the number: the model has no use for it.
        const { status } = await restricted.messages.get(umid);
        return status;
      }),
  );
  return server;
}

import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { presets, SmsClient } from '8x8-sms-guard';
import { createServer } from './tools.mjs';

// The key comes from the environment of this process. No tool can read it.
const sms = new SmsClient({
  // Limits of every message of this process, beside the restrictions of the agent: three an hour to one person, no text
  // twice, no disguised links.
  guards: presets.transactional({
    countries: ['SG'],
    recipient: { windows: [{ limit: 3, windowMs: 3_600_000 }] },
  }),
});
const server = createServer(sms);
await server.connect(new StdioServerTransport());

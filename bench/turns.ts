import { pathToFileURL } from 'node:url';
import { SmsClient } from '../src/client.ts';
import type { Fetch } from '../src/types.ts';
import { median, type Row } from './row.ts';

const MESSAGES = 10_000;
const ROUNDS = 9;
const TARGET_MS = 15;

/** Milliseconds of CPU of this thread, where the runtime tells: on a busy machine a turn also waits for a core. */
function spentMs(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } };
  if (threadCpuUsage === undefined) return performance.now();
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}

/** A client with the default guards and an instant 8x8, whose own work is not counted. */
function createClient() {
  let outsideMs = 0;
  const fetch: Fetch = async (_, init) => {
    const text = await new Response(init?.body).text();
    const startedAt = spentMs();
    const { messages } = JSON.parse(text) as { messages: { destination: string; clientMessageId: string }[] };
    const answers = messages.map((message) => {
      return { ...message, umid: crypto.randomUUID(), encoding: 'GSM7', status: { code: 'QUEUED' } };
    });
    const body = JSON.stringify({ batchId: crypto.randomUUID(), messages: answers });
    const response = new Response(body, { headers: { 'content-type': 'application/json' } });
    outsideMs += spentMs() - startedAt;
    return response;
  };
  const sms = new SmsClient({ apiKey: 'bench-key-0123456789', subAccountId: 'bench', fetch });
  return { sms, outsideMs: () => outsideMs };
}

/** The longest turn of the event loop while one batch is sent, from the call to its result. */
async function longestTurn(
  { sms, outsideMs }: ReturnType<typeof createClient>,
  round: number,
): Promise<number> {
  const messages = Array.from({ length: MESSAGES }, (_, index) => ({
    destination: `+65${91_000_000 + round * MESSAGES + index}`,
    text: `Your order ${index} is on its way`,
    clientMessageId: `order-${round}-${index}`,
  }));
  let longest = 0;
  let outside = outsideMs();
  let startedAt = spentMs();
  const endTurn = () => {
    longest = Math.max(longest, spentMs() - startedAt - (outsideMs() - outside));
    outside = outsideMs();
    startedAt = spentMs();
  };
  let isSending = true;
  const tick = () => {
    endTurn();
    if (isSending) setImmediate(tick);
  };
  setImmediate(tick);
  const { counts } = await sms.messages.sendBatch({ messages });
  isSending = false;
  endTurn();
  if (counts.accepted !== MESSAGES) throw new Error('a message was refused');
  return longest;
}

/** How long one batch of the largest size keeps the event loop from everything else. */
export async function benchTurns(): Promise<Row[]> {
  const client = createClient();
  const longest: number[] = [];
  // The first one compiles.
  for (let round = 0; round <= ROUNDS; round += 1) longest.push(await longestTurn(client, round));
  const [first, ...warm] = longest as [number, ...number[]];
  return [
    {
      measure: 'longest turn of the event loop, sendBatch of 10,000 to new numbers, 8x8 not counted',
      ours: `${median(warm).toFixed(1)} ms (the very first ${first.toFixed(1)} ms)`,
      compared: '-',
      ratio: '-',
      target: `at most ${TARGET_MS} ms`,
      met: median(warm) <= TARGET_MS,
    },
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(JSON.stringify(await benchTurns(), undefined, 1));
}

/**
 * The cost for a stranger of keeping the owner of a number out, and the loss of the owner. Drives the public client against
 * the emulator with a clock that is moved by hand: `node bench/owner.ts`. docs/guards.md holds the table, and
 * test/integration/owner.test.ts compares the two.
 */
import { pathToFileURL } from 'node:url';
import { type GuardsOptions, SmsClient, SmsError } from '../src/index.ts';
import { createEmulator } from '../src/testing/index.ts';

const OWNER = '+6591234567';
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** The owner comes after 50 minutes of attack, and gives up after an hour. */
const OWNER_COMES_MS = 50 * 60 * SECOND_MS;

/** One client, its 8x8 and its time. */
interface World {
  readonly sms: SmsClient;
  advance(ms: number): void;
  /** The code that 8x8 sent last. */
  code(): string;
  messages(): number;
  cost(): number;
}

interface Attack {
  readonly guard: keyof GuardsOptions;
  readonly stranger: string;
  readonly everyMs: number;
  readonly guards?: GuardsOptions;
  /** One request of the stranger. */
  strike(world: World, turn: number): Promise<unknown>;
}

/** A visitor, as the service names them. */
type Device = { readonly subject: string; readonly clientIp: string };

export interface OwnerRow {
  readonly guard: string;
  readonly stranger: string;
  /** In the hour. */
  readonly requests: number;
  readonly messages: number;
  readonly dollars: number;
  /** Seconds until the owner's code is sent; undefined when it is not within an hour. */
  readonly ownerWaitS: number | undefined;
  /** The owner's right code was accepted. */
  readonly isAccepted: boolean;
  /** The same for the owner on a device that never succeeded with this number. */
  readonly newcomerWaitS: number | undefined;
}

/** A visitor whom nobody has seen before: cookies cleared, another address. */
function freshDevice(turn: number): Device {
  return { subject: `stranger-${turn}`, clientIp: `203.0.${turn >> 8}.${turn & 255}` };
}

const ATTACKS: readonly Attack[] = [
  {
    guard: 'recipient',
    stranger: 'sends another form for the number',
    everyMs: 10 * SECOND_MS,
    strike: ({ sms }, turn) =>
      sms.messages.send({ destination: OWNER, text: 'Your link', ...freshDevice(turn) }),
  },
  {
    guard: 'backoff',
    stranger: 'asks for codes, each time as somebody else',
    everyMs: 10 * SECOND_MS,
    strike: ({ sms }, turn) => sms.verifications.start({ destination: OWNER, ...freshDevice(turn) }),
  },
  {
    guard: 'backoff',
    stranger: 'asks for codes, always as the same',
    everyMs: 10 * SECOND_MS,
    strike: ({ sms }) => sms.verifications.start({ destination: OWNER, ...freshDevice(1) }),
  },
  {
    guard: 'prefix',
    stranger: "asks for codes to the number's neighbours",
    everyMs: 5 * SECOND_MS,
    guards: { prefix: {} },
    strike: ({ sms }, turn) =>
      sms.verifications.start({
        // Spread over the ten thousand, so that the limit of a hundred is not reached first.
        destination: `+659123${String((turn * 137) % 10_000).padStart(4, '0')}`,
        ...freshDevice(turn),
      }),
  },
  {
    guard: 'verificationAttempts',
    stranger: 'checks session ids that nobody gave out',
    everyMs: SECOND_MS,
    strike: ({ sms }, turn) =>
      sms.verifications.check(`made-up-${turn}`, { code: '0000', destination: OWNER }),
  },
  {
    guard: 'verificationAttempts',
    stranger: 'asks for codes and guesses them',
    everyMs: 10 * SECOND_MS,
    async strike({ sms }, turn) {
      const device = freshDevice(turn - (turn % 6));
      // One request in six asks for a code, the others guess it.
      if (turn % 6 === 0) {
        sessionOfStranger = (await sms.verifications.start({ destination: OWNER, ...device })).sessionId;
      } else {
        await sms.verifications.check(sessionOfStranger, { code: 'XXXX', destination: OWNER, ...device });
      }
    },
  },
];
let sessionOfStranger = 'none';

function createWorld(guards: GuardsOptions): World {
  let nowMs = Date.UTC(2026, 10, 22, 9);
  const clock = { now: () => nowMs, monotonic: () => nowMs };
  const emulator = createEmulator({ apiKey: 'key', clock, seed: 1 });
  const { fetch } = emulator;
  const sms = new SmsClient({ apiKey: 'key', subAccountId: 'team', fetch, clock, retry: false, guards });
  return {
    sms,
    advance(ms) {
      nowMs += ms;
    },
    code: () => emulator.verifications.findLast(({ destination }) => destination === OWNER)?.code ?? '',
    messages: () => emulator.messages.length,
    cost: () => emulator.cost(),
  };
}

/** A small seeded generator, so that every run plays the same hour. */
function createRandom(): () => number {
  let state = 20_261_129;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Whether a request was let through; what is refused costs the stranger nothing. */
async function passes(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (!SmsError.isInstance(error)) throw error;
    return false;
  }
}

async function logIn({ sms, code }: World, device: Device): Promise<boolean> {
  const { sessionId } = await sms.verifications.start({ destination: OWNER, ...device });
  const { verified } = await sms.verifications.check(sessionId, {
    code: code(),
    destination: OWNER,
    ...device,
  });
  return verified;
}

/** Plays one attack. The stranger goes on while the owner, or somebody on a new device, tries every second to get in. */
async function play(attack: Attack, isKnown: boolean) {
  const world = createWorld(attack.guards ?? {});
  const owner: Device = { subject: 'owner', clientIp: '198.51.100.7' };
  if (isKnown) await logIn(world, owner);
  // The owner was here a day ago.
  world.advance(24 * HOUR_MS);
  const before = { messages: world.messages(), cost: world.cost() };
  const requests = HOUR_MS / attack.everyMs;
  const random = createRandom();
  let strikes = 0;
  let strikeAtMs = 0;
  let waitS: number | undefined;
  let isAccepted = false;
  let hour = before;
  for (let atMs = 0; atMs < OWNER_COMES_MS + HOUR_MS; atMs += SECOND_MS) {
    if (atMs >= strikeAtMs) {
      await passes(attack.strike(world, strikes));
      strikes += 1;
      // At any second of the next interval.
      strikeAtMs = strikes * attack.everyMs + Math.floor((random() * attack.everyMs) / SECOND_MS) * SECOND_MS;
    }
    if (atMs < OWNER_COMES_MS) hour = { messages: world.messages(), cost: world.cost() };
    else {
      if (await passes(logIn(world, owner).then((verified) => (isAccepted = verified)))) {
        waitS = (atMs - OWNER_COMES_MS) / SECOND_MS;
        break;
      }
    }
    world.advance(SECOND_MS);
  }
  await world.sms.close();
  const share = HOUR_MS / OWNER_COMES_MS;
  return {
    requests,
    messages: Math.round((hour.messages - before.messages) * share),
    dollars: (hour.cost - before.cost) * share,
    waitS,
    isAccepted,
  };
}

export async function ownersLoss(): Promise<readonly OwnerRow[]> {
  const rows: OwnerRow[] = [];
  for (const attack of ATTACKS) {
    const known = await play(attack, true);
    const newcomer = await play(attack, false);
    const { guard, stranger } = attack;
    const { requests, messages, dollars, waitS, isAccepted } = known;
    rows.push({
      guard,
      stranger,
      requests,
      messages,
      dollars,
      ownerWaitS: waitS,
      isAccepted,
      newcomerWaitS: newcomer.waitS,
    });
  }
  return rows;
}

function wait(seconds: number | undefined): string {
  if (seconds === undefined) return 'over 1 h';
  return seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

/** The table of docs/guards.md. */
export function ownersTable(rows: readonly OwnerRow[]): string {
  const heads = [
    'guard',
    'a stranger',
    'requests per hour',
    'messages that leave',
    'cost to you',
    'an owner on a known device has a code after',
    'and it is accepted',
    'on a new device after',
  ];
  const cells = rows.map((row) => [
    `\`${row.guard}\``,
    row.stranger,
    row.requests.toLocaleString('en-US'),
    String(row.messages),
    `$${row.dollars.toFixed(2)}`,
    wait(row.ownerWaitS),
    row.isAccepted ? 'yes' : 'no',
    wait(row.newcomerWaitS),
  ]);
  return [heads, heads.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(ownersTable(await ownersLoss()));
}

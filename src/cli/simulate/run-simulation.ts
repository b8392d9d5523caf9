import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardsOptions } from '../../index.ts';
import { hourAtTheForm } from '../../sandbox/attack-hour.ts';
import type { OpenedClient } from '../open-client.ts';
import type { Terminal } from '../terminal.ts';
import { createReplay, type Replay } from './replay.ts';
import { type Column, createDrawing, tableOf } from './table.ts';

const NO_GUARDS = { phone: false, content: false, consent: false, recipient: false, backoff: false } as const;
const CONFIGURED = { countries: { allow: ['SG', 'ID', 'PH'] }, prefix: {} } as const;

const HOUR_MS = 3_600_000;
const FRAMES = 200;

/** The guards of a configuration file that need nobody else: no ledger, no hook, no captcha. */
function ownGuards({ settings }: OpenedClient): GuardsOptions {
  const { phone, countries, recipient, backoff, prefix, pumping } = settings.guards;
  return { phone, countries, recipient, backoff, prefix, pumping };
}

function createReplays(own: OpenedClient | undefined): Promise<readonly Replay[]> {
  return Promise.all([
    createReplay('no guards', NO_GUARDS),
    createReplay('the defaults', {}),
    createReplay('+ two options', CONFIGURED),
    ...(own === undefined ? [] : [createReplay('your guards', ownGuards(own))]),
  ]);
}

const columnsOf = (replays: readonly Replay[]): readonly Column[] =>
  replays.map((replay) => ({ name: replay.name, tally: replay.tally() }));

/**
 * Plays an hour at a sign-up form under attack with several setups at once, and shows it as it happens.
 *
 * @param own the client of the configuration file, whose guards are played too
 * @param seconds how long the hour takes; 0 shows the end only
 * @returns the end, or the point at which Ctrl+C stopped it
 */
export async function runSimulation(
  own: OpenedClient | undefined,
  seconds: number,
  { write, signal }: Pick<Terminal, 'write' | 'signal'>,
): Promise<readonly Column[]> {
  const hour = hourAtTheForm();
  const replays = await createReplays(own);
  const draw = createDrawing(write);
  const frameMs = HOUR_MS / FRAMES;
  let frame = 0;
  try {
    for (const request of hour) {
      for (; seconds > 0 && request.atMs >= (frame + 1) * frameMs; frame += 1) {
        const minute = Math.floor((frame * frameMs) / 60_000);
        draw([`  Minute ${minute} of 60`, '', ...tableOf(columnsOf(replays))]);
        await sleep((seconds * 1_000) / FRAMES, undefined, { signal }).catch(() => {});
      }
      if (signal.aborted) break;
      await Promise.all(replays.map((replay) => replay.play(request)));
    }
    const columns = columnsOf(replays);
    if (seconds > 0) draw([signal.aborted ? '  Stopped' : '  Minute 60 of 60', '', ...tableOf(columns)]);
    return columns;
  } finally {
    await Promise.all(replays.map((replay) => replay.close()));
  }
}

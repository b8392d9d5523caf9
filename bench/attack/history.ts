/**
 * Plays the days before an attack, and leaves a snapshot of the process: every attack then starts from it. Only
 * `jobs.ts` runs this, bundled, because Node makes snapshots of single files.
 */
import v8 from 'node:v8';
import { attackOf } from './attacks.ts';
import { CONFIGURATIONS } from './configurations.ts';
import type { Job } from './jobs.ts';
import { World } from './world.ts';

// Names of countries come from ICU, and a snapshot cannot hold its objects. They appear in the text of errors only.
Object.assign(Intl, {
  DisplayNames: class {
    of(code: string): string {
      return code;
    }
  },
});

const { configuration, ...options } = JSON.parse(process.argv[2] as string) as Job;
const world = new World({ ...options, configuration: CONFIGURATIONS[configuration] });
void world.playHistory();

v8.startupSnapshot.setDeserializeMainFunction(async () => {
  const { attack, perDay } = JSON.parse(process.argv[1] as string) as Job;
  console.log(JSON.stringify(await world.fight({ attack: attackOf(attack), perDay })));
});

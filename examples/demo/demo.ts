/**
 * The main job, an SMS-pumping attack replayed three times, and the owner of a number that a stranger hammers, against the
 * built-in emulator: no account, no network.
 * Run it with `npm run demo`.
 */
import { hourAtTheForm } from '../../src/sandbox/attack-hour.ts';
import { mainJob } from './main-job.ts';
import { ownersHour } from './owner.ts';
import { type Replay, replay } from './replay.ts';

const print = (line = ''): void => console.log(line);
const NO_GUARDS = { phone: false, content: false, consent: false, recipient: false, backoff: false } as const;
const CONFIGURED = { countries: { allow: ['SG', 'ID', 'PH'] }, prefix: {} } as const;

print('1. The main job, against the built-in emulator');
print();
await mainJob((line) => print(`   ${line}`));

const requests = hourAtTheForm();
const honest = new Set(requests.filter(({ who }) => who === 'honest').map(({ destination }) => destination))
  .size;
const robotRequests = requests.filter(({ who }) => who !== 'honest').length;
print();
print('2. An hour at a sign-up form under attack, replayed three times');
print();
print(
  `   ${honest} honest people ask for a one-time password, and robots ask ${robotRequests} times: for one number again`,
);
print('   and again, for a run of neighbouring numbers, and for a country this shop never sells to.');
print();

const runs: readonly Replay[] = [
  await replay(requests, NO_GUARDS),
  await replay(requests, {}),
  await replay(requests, CONFIGURED),
];
const [without, defaults, configured] = runs as readonly [Replay, Replay, Replay];

function row(label: string, value: (run: Replay) => string | number): void {
  print(`   ${label.padEnd(40)}${runs.map((run) => String(value(run)).padStart(16)).join('')}`);
}
const money = (amount: number): string => `$${amount.toFixed(2)}`;

print(
  `   ${''.padEnd(40)}${['no guards', 'the defaults', '+ countries'].map((head) => head.padStart(16)).join('')}`,
);
print(`   ${''.padEnd(40)}${['', '', 'and prefix'].map((head) => head.padStart(16)).join('')}`);
print(`   ${'-'.repeat(88)}`);
row('messages sent', ({ sent }) => sent);
for (const guard of ['recipient', 'backoff', 'countries', 'prefix']) {
  if (runs.some(({ blocked }) => guard in blocked))
    row(`blocked by "${guard}"`, ({ blocked }) => blocked[guard] ?? 0);
}
for (const robot of ['hammered number', 'neighbouring numbers', 'foreign country']) {
  row(`reached the robots: ${robot}`, ({ pumped }) => pumped[robot] ?? 0);
}
row('money spent (invented prices)', ({ spent }) => money(spent));
row('money saved', ({ spent }) => money(without.spent - spent));
row('honest people who got no code', ({ honestRefused }) => honestRefused);
print();

const leftOver = (defaults.pumped['neighbouring numbers'] ?? 0) + (defaults.pumped['foreign country'] ?? 0);
print(
  `   What the defaults alone do not stop: ${leftOver} messages to numbers that were each new, so no limit per number`,
);
print(
  '   sees them. Naming your countries and watching ranges of numbers does: two options, off until you set them.',
);
if (configured.honestRefused > 0) {
  print(
    `   Their price: ${configured.honestRefused} honest person of ${honest}, with a number inside the attacked range, got no code in that hour.`,
  );
}
const { sample } = defaults;
if (sample?.retryAfterMs !== undefined) {
  print();
  print('   One refused message:');
  print(
    `   ${sample.name} to ${sample.decision.destination}, by the guard "${sample.guard}": ${sample.message}`,
  );
  print(
    `   It may be sent in ${Math.ceil(sample.retryAfterMs / 1000)} s (error.retryAfterMs = ${sample.retryAfterMs}).`,
  );
}

const known = await ownersHour('known-phone');
const unknown = await ownersHour('new-laptop');
const after = (seconds: number): string => (seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`);
print();
print('3. The owner of a number that a stranger hammers');
print();
print(
  `   A stranger asks ${known.asked} times in 20 minutes, each time as somebody else, and ${known.sent} codes leave. Then the owner comes.`,
);
print(`   On the phone that entered a code yesterday the next code leaves after ${after(known.waitS)}.`);
print(`   On a laptop that nobody has seen before it leaves after ${after(unknown.waitS)}.`);

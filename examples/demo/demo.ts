/**
 * A message, a batch and an advert; an SMS-pumping attack, replayed four times; the owner of a number that a stranger
 * hammers. All of it against the built-in emulator: no account, no network.
 * Run it with `npm run demo`.
 */
import { presets } from '../../src/index.ts';
import { hourAtTheForm } from '../../src/sandbox/attack-hour.ts';
import { mainJob } from './main-job.ts';
import { ownersHour } from './owner.ts';
import { randomNumbers } from './random-numbers.ts';
import { type Replay, replay } from './replay.ts';

const print = (line = ''): void => console.log(line);
const NO_GUARDS = { phone: false, content: false, consent: false, recipient: false, backoff: false } as const;
const GUARD_NAMES = ['recipient', 'backoff', 'countries', 'prefix', 'pumping', 'budget'] as const;
const ROBOTS = ['hammered number', 'neighbouring numbers', 'foreign country', 'random numbers'] as const;
const DECIDED = { countries: ['SG', 'ID', 'PH'], budgetPerDay: 1_500 } as const;

print('1. One message, a batch and an advert, against the built-in emulator');
print();
await mainJob((line) => print(`   ${line}`));

const requests = [...hourAtTheForm(), ...randomNumbers()].sort((one, other) => one.atMs - other.atMs);
const honest = new Set(requests.filter(({ who }) => who === 'honest').map(({ destination }) => destination))
  .size;
const robotRequests = requests.filter(({ who }) => who !== 'honest').length;
print();
print('2. An hour at a sign-up form under attack, replayed four times');
print();
print(
  `   ${honest} honest people ask for a one-time password, and robots ask ${robotRequests} times: for one number again`,
);
print(
  '   and again, for a run of neighbouring numbers, for a country this shop never sells to, and for random',
);
print('   numbers of an operator in a country that it does sell to.');
print();

const runs: readonly Replay[] = [
  await replay(requests, NO_GUARDS),
  await replay(requests, {}),
  await replay(requests, presets.otp(DECIDED)),
  await replay(requests, presets.otp({ ...DECIDED, canAsk: true })),
];
const [without, defaults, refusing, asking] = runs as readonly [Replay, Replay, Replay, Replay];

function row(label: string, value: (run: Replay) => string | number): void {
  print(`   ${label.padEnd(38)}${runs.map((run) => String(value(run)).padStart(15)).join('')}`);
}
function head(...heads: readonly string[]): void {
  print(`   ${''.padEnd(38)}${heads.map((text) => text.padStart(15)).join('')}`);
}
const money = (amount: number): string => `$${amount.toFixed(2)}`;

head('no guards', 'the defaults', 'presets.otp', 'presets.otp');
head('', '', 'refusing', 'asking');
print(`   ${'-'.repeat(98)}`);
row('messages sent', ({ sent }) => sent);
for (const guard of GUARD_NAMES) {
  if (runs.some(({ blocked }) => guard in blocked))
    row(`held back by "${guard}"`, ({ blocked }) => blocked[guard] ?? 0);
}
for (const robot of ROBOTS) row(`reached the robots: ${robot}`, ({ pumped }) => pumped[robot] ?? 0);
row('money spent (invented prices)', ({ spent }) => money(spent));
row('money saved', ({ spent }) => money(without.spent - spent));
row('honest people refused', ({ refused }) => refused);
row('honest people asked for a captcha', ({ asked }) => asked);
row('honest people who got no code', ({ lost }) => lost);
print();

const leftOver = ROBOTS.slice(1).reduce((sum, robot) => sum + (defaults.pumped[robot] ?? 0), 0);
print(
  `   The defaults alone let ${leftOver} messages through: each went to a new number, so no limit per number`,
);
print(
  '   applied. presets.otp stops most of them: it knows your countries and budget, watches ranges of numbers, and',
);
print('   suspends places where strangers do not enter their codes.');
print(
  `   The price: ${refusing.lost} of ${honest} honest people got no code. Where the form can show a captcha, ${asking.asked} people were`,
);
print(
  `   asked for one, and ${asking.lost} got no code. This service is an hour old: after two weeks, fewer random numbers`,
);
print('   get through (docs/fraud-simulation.md).');
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

import { type Examined, type Finding, ok, warning } from './finding.ts';

type GuardName = keyof Examined['settings']['guards'];

/** The consequence of a guard that is off, and its configuration. Guards of the team's own making may be off. */
const OFF: { readonly [Name in GuardName]?: readonly [text: string, advice: string] } = {
  phone: ['numbers that cannot receive SMS are tried, and paid for', 'Remove guards.phone: false.'],
  content: ['empty, unfilled and overlong texts are sent', 'Remove guards.content: false.'],
  links: [
    'links to any host, and characters that hide where they lead, are sent',
    "Set guards.links: { allow: ['example.com', …] } with the hosts of your links.",
  ],
  countries: [
    'every country can be texted, even those where you have no customers',
    "Set guards.countries: { allow: ['SG', …] } with the countries of your customers.",
  ],
  quietHours: [
    'marketing goes out at any hour of the night',
    'Set guards.quietHours: {} if you send marketing.',
  ],
  consent: ['people who opted out are texted', 'Remove guards.consent: false.'],
  human: ['tokens of captchas are not verified, and let nobody through', 'Remove guards.human: false.'],
  recipient: ['one number can be texted without limit', 'Remove guards.recipient: false.'],
  duplicate: ['a job that runs twice sends every text twice', 'Set guards.duplicate: {}.'],
  backoff: ['one-time passwords can be requested without a wait', 'Remove guards.backoff: false.'],
  prefix: ['runs of neighbouring numbers (SMS pumping) are not noticed', 'Set guards.prefix: {}.'],
  clientIp: [
    'one address can request messages to any number of people',
    'Set guards.clientIp: {}, and give every message its clientIp.',
  ],
  pumping: [
    'codes that strangers request and never enter are not noticed (SMS pumping)',
    'Remove guards.pumping: false.',
  ],
  budget: [
    'nothing reports when messages cost more than usual',
    'Remove guards.budget: false, and set guards.budget: { perDay: … }.',
  ],
  undeliverable: [
    'numbers that do not exist are tried again and again',
    'Remove guards.undeliverable: false.',
  ],
  verificationAttempts: [
    'codes can be guessed without a limit',
    'Remove guards.verificationAttempts: false.',
  ],
};

type Mode = 'enforce' | 'monitor' | 'off';

/** Guards that only watch unless they are told to enforce. */
const WATCHING: readonly GuardName[] = ['pumping'];

function modeOf(name: GuardName, options: unknown): Mode {
  if (options === false) return 'off';
  return (options as { readonly mode?: Mode }).mode ?? (WATCHING.includes(name) ? 'monitor' : 'enforce');
}

function checkConsent({ settings }: Examined): readonly Finding[] {
  const { consent } = settings.guards;
  if (consent === false || consent.ledger !== undefined || consent.check !== undefined) return [];
  if (consent.checkMany !== undefined) return [];
  return [
    warning(
      'guards',
      'consent has no ledger and no check: a STOP is forgotten, and marketing is refused.',
      'Set guards.consent: { ledger: … }, as in docs/consent.md.',
    ),
  ];
}

/** Guards that are off, only watch, or are not configured. */
export function checkGuards(examined: Examined): readonly Finding[] {
  const { settings, configFile } = examined;
  if (configFile === undefined) {
    return [
      warning(
        'guards',
        'Guards and limit store of your service are not known here: only the environment was read.',
        'Export the options of your client from 8x8-sms-guard.config.mjs, as in docs/cli.md.',
      ),
    ];
  }
  const { limits } = settings;
  // A store that keeps no doubt leaves the guard off, and there is nothing to be done about it.
  const isKept = (name: GuardName) =>
    name !== 'pumping' || limits === undefined || limits.doubts !== undefined;
  const guards = (Object.keys(settings.guards) as GuardName[])
    .filter(isKept)
    .map((name) => ({ name, mode: modeOf(name, settings.guards[name]) }));
  const enforced = guards.filter(({ mode }) => mode === 'enforce').map(({ name }) => name);
  const found = guards.flatMap(({ name, mode }) => {
    if (mode === 'enforce') return [];
    const consequence = OFF[name];
    if (mode === 'off') {
      return consequence === undefined
        ? []
        : [warning('guards', `${name} is off: ${consequence[0]}.`, consequence[1])];
    }
    return [
      warning(
        'guards',
        `${name} is in monitor mode: it reports, and refuses almost nothing.`,
        WATCHING.includes(name)
          ? `Set guards.${name}: { mode: 'enforce' } once its reports look right.`
          : `Remove mode: 'monitor' from guards.${name} once its reports look right.`,
      ),
    ];
  });
  const rest = [...found, ...checkConsent(examined)];
  return enforced.length === 0 ? rest : [ok('guards', `${enforced.join(', ')} refuse`), ...rest];
}

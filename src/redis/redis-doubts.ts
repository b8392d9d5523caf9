import { PLACES } from '../limits/doubt/parameters.ts';
import {
  type DoubtAlert,
  type DoubtPlace,
  type DoubtStore,
  type DoubtTarget,
  MAX_TRUSTED,
} from '../limits/doubt-store.ts';
import { checkDesk, checkDoubtRules, checkOutcomes } from '../limits/doubt-validation.ts';
import type { DoubtRule, RuleState } from '../limits/limit-store.ts';
import type { DeadlineCommands } from './deadline-commands.ts';
import {
  createDoubtKeys,
  type DoubtKeyKind,
  type DoubtKeys,
  type KeyPair,
  RULE_NAME_LENGTH,
} from './doubt-keys.ts';
import { DOUBT_ALERTS, DOUBT_DESK, DOUBT_ENTER, DOUBT_INSPECT } from './lua/scripts.ts';
import { parseInspectReply, toText } from './parse-reply.ts';
import type { RedisCommands } from './redis-commands.ts';
import { type KeyNameVersions, scopePrefix, scopeTag } from './rule-arguments.ts';
import { RuleTexts, type Start, toArguments } from './rule-texts.ts';
import { createRunScript, type RunScript } from './run-script.ts';
import { storeError } from './store-error.ts';

export interface RedisDoubtsConfig {
  readonly commands: RedisCommands;
  readonly names: KeyNameVersions;
  readonly clockTexts: () => string[];
  readonly deadlineCommands: Pick<DeadlineCommands, 'inTime'>;
}

/** The part of the store that serves rules of doubt besides their takes. */
export interface RedisDoubts extends DoubtStore {
  /** Looks at a rule without counting it. */
  inspect(scope: string, rule: DoubtRule): Promise<RuleState>;
  /** Forgets the doubt about a number itself, and the codes on their way to it. */
  release(scope: string, rule: DoubtRule): Promise<void>;
}

/** A key of a kind, as `doubt-desk.lua` reads it. */
type DeskKey = readonly [kind: DoubtKeyKind, pair: KeyPair];

/** Places that were in alert when they were last looked at, of which a list tells; numbers and addresses are only counted. */
const MAX_READ = 5_000;
const MAX_LISTED = 1_000;
/** Places per call. */
const PLACES_PER_CALL = 100;
/** Letters of the places in the order of `PLACES`, as in include/doubt.lua. */
const LETTERS = 'crbxanp';
/** A command needs the names that a number was last seen with; they change at most a few times while it asks. */
const MAX_TRIES = 5;
const OUTCOMES = { entered: 'e', 'other-way': 'o', fraud: 'f' } as const;

/** Outcomes, alerts and trusted places of `doubt` rules on the server. */
export function createRedisDoubts(config: RedisDoubtsConfig): RedisDoubts {
  const { commands, names, clockTexts, deadlineCommands } = config;
  const scripts = {
    enter: createRunScript(commands, DOUBT_ENTER),
    desk: createRunScript(commands, DOUBT_DESK),
    alerts: createRunScript(commands, DOUBT_ALERTS),
    inspect: createRunScript(commands, DOUBT_INSPECT),
  };
  const keysOf = (scope: string, id: string) => createDoubtKeys(scopePrefix(scope), id, names);

  function textsOf(scope: string, rule: DoubtRule, ...texts: string[]): RuleTexts {
    const call = new RuleTexts(scopeTag(scope), names, 0, { keys: [], texts: [...clockTexts(), ...texts] });
    call.add([rule]);
    return call;
  }

  /** Runs a script within its deadline, again with the further keys that it asks for. */
  async function run(
    scope: string,
    script: RunScript,
    callFor: (wanted: readonly string[]) => Start,
    consequence: string,
  ): Promise<string> {
    let wanted: readonly string[] = [];
    try {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const reply = await deadlineCommands.inTime(scope, async (by) => {
          const { keys, texts } = callFor(wanted);
          return toText(await script(keys, toArguments(texts, by)));
        });
        const [head, ...lines] = reply.split('\n');
        if (head !== 'again') return reply;
        wanted = [...new Set([...wanted, ...lines])];
      }
      throw new TypeError('the keys changed again and again');
    } catch (error) {
      throw storeError(error, consequence);
    }
  }

  function desk(
    scope: string,
    { alerts, trusted }: DoubtKeys,
    operation: 'l' | 'r' | 'f' | 't',
    keysFor: (wanted: readonly string[]) => readonly DeskKey[],
    consequence: string,
    more: readonly string[] = [],
  ): Promise<string> {
    return run(
      scope,
      scripts.desk,
      (wanted) => {
        const keys = keysFor(wanted);
        const kinds = keys.map(([kind]) => kind).join('');
        return {
          keys: [alerts, trusted, ...keys.flatMap(([, pair]) => pair)],
          texts: [...clockTexts(), operation, kinds, ...more, ...wanted],
        };
      },
      consequence,
    );
  }

  async function enter(scope: string, rule: DoubtRule, outcome: string): Promise<void> {
    const keys = keysOf(scope, rule.id);
    // The address is that of the take, which the server knows.
    const own: DoubtRule = { ...rule, address: undefined };
    await run(
      scope,
      scripts.enter,
      (wanted) => {
        const call = textsOf(scope, own, outcome);
        for (const each of wanted) {
          call.keys.push(...keys.pairFrom(each.startsWith('i') ? 'a' : 's', each.slice(1)));
          call.texts.push(each);
        }
        return call;
      },
      'The outcome of a code may not be counted.',
    );
  }

  function targetKeys(keys: DoubtKeys, target: DoubtTarget): readonly DeskKey[] {
    if ('pool' in target) return [['w', keys.plainPair('w', '')]];
    if ('country' in target) return [['c', keys.plainPair('c', target.country)]];
    if ('number' in target) return [['n', keys.hashedPair('n', target.number)]];
    if ('address' in target) return [['a', keys.hashedPair('a', target.address)]];
    const digits = Number(target.prefix);
    return [
      ['r', keys.plainPair('r', digits)],
      ['b', keys.plainPair('b', digits)],
    ];
  }

  /** Reads places that were in alert, and keeps those that are. */
  async function readAlerts(keys: DoubtKeys, members: readonly string[]): Promise<readonly DoubtAlert[]> {
    const pairs = members.flatMap((member) => pairOfMember(keys, member));
    const args = toArguments([...clockTexts(), '', ...members]);
    const reply = toText(await scripts.alerts([keys.alerts, keys.world, ...pairs], args));
    if (reply === '') return [];
    return reply.split('\n').map((line) => {
      const [at = 0, observed = 0, limit = 0, ageMs = 0, nextInMs = 0] = line.split(' ').map(Number);
      const member = members[at] as string;
      const place = PLACES[LETTERS.indexOf(member.charAt(0))] as DoubtPlace;
      const name = member.slice(2 + RULE_NAME_LENGTH);
      return {
        place,
        ...(place === 'country' && { country: name }),
        ...((place === 'range' || place === 'block' || place === 'crowd') && { prefix: name }),
        isHuman: member.charAt(1) === '2',
        observed,
        limit,
        ageMs,
        nextInMs,
      };
    });
  }

  return {
    async enter(scope, outcomes) {
      checkOutcomes(scope, outcomes);
      for (const { rule, outcome } of outcomes) await enter(scope, rule, OUTCOMES[outcome]);
    },
    async alerts(scope, id) {
      checkDesk(scope, id);
      const keys = keysOf(scope, id);
      try {
        const args = toArguments([...clockTexts(), `${MAX_READ}`]);
        const reply = toText(await scripts.alerts([keys.alerts, keys.world], args));
        const members = reply === '' ? [] : reply.split('\n');
        const alerts: DoubtAlert[] = [];
        for (let at = 0; at < members.length; at += PLACES_PER_CALL) {
          alerts.push(...(await readAlerts(keys, members.slice(at, at + PLACES_PER_CALL))));
        }
        return listed(alerts);
      } catch (error) {
        throw storeError(error, 'Nothing was read.');
      }
    },
    async lift(scope, id, target) {
      checkDesk(scope, id, target);
      const keys = keysOf(scope, id);
      await desk(scope, keys, 'l', () => targetKeys(keys, target), 'A place may not be lifted.');
    },
    async trust(scope, id, target, forMs) {
      checkDesk(scope, id, target, forMs);
      const keys = keysOf(scope, id);
      const { trustedFields } = keys;
      let fields: readonly string[];
      if ('country' in target) fields = trustedFields.country(target.country);
      else if ('number' in target) fields = trustedFields.number(target.number);
      else fields = trustedFields.prefix(target.prefix);
      const more = [`${forMs}`, `${MAX_TRUSTED}`, ...fields];
      const world: DeskKey = ['w', keys.plainPair('w', '')];
      return (await desk(scope, keys, 't', () => [world], 'A place may not be trusted.', more)) === '1';
    },
    async forget(scope, rules) {
      checkDoubtRules(scope, rules);
      for (const { id, key } of rules) {
        const keys = keysOf(scope, id);
        const number: DeskKey = ['n', keys.hashedPair('n', key)];
        const all = (wanted: readonly string[]): readonly DeskKey[] => [
          number,
          ...wanted.map((each): DeskKey => ['s', keys.pairFrom('s', each)]),
        ];
        await desk(scope, keys, 'f', all, 'A person may not be forgotten.');
      }
    },
    async inspect(scope, rule) {
      const { keys, texts } = textsOf(scope, rule);
      const [state] = parseInspectReply(await scripts.inspect(keys, toArguments(texts)), [rule]);
      return state as RuleState;
    },
    async release(scope, { id, key }) {
      const keys = keysOf(scope, id);
      const number: DeskKey = ['n', keys.hashedPair('n', key)];
      await desk(scope, keys, 'r', () => [number], 'Some counters were not released.');
    },
  };
}

function pairOfMember(keys: DoubtKeys, member: string): KeyPair {
  const [letter, name] = [member.charAt(0), member.slice(2)];
  if (letter === 'n' || letter === 'a') return keys.pairFrom(letter, name);
  if (letter === 'p') return keys.plainPair('w', '');
  const kind = letter === 'x' ? 'b' : (letter as 'c' | 'r' | 'b');
  return keys.plainPair(kind, name.slice(RULE_NAME_LENGTH));
}

/** In the order of the memory store: countries and the pool first; numbers and addresses counted together. */
function listed(alerts: readonly DoubtAlert[]): readonly DoubtAlert[] {
  const of = (place: DoubtPlace, isHuman?: boolean) =>
    alerts.filter((alert) => alert.place === place && (isHuman === undefined || alert.isHuman === isHuman));
  const named = [false, true].flatMap((isHuman) => [...of('pool', isHuman), ...of('country', isHuman)]);
  const all = [...named, ...of('range'), ...of('block'), ...of('crowd')].slice(0, MAX_LISTED);
  for (const place of ['number', 'address'] as const) {
    const some = of(place);
    const [first] = some;
    if (first === undefined) continue;
    const largest = some.reduce((most, alert) => (alert.observed > most.observed ? alert : most), first);
    all.push({ ...largest, isHuman: false, count: some.length });
  }
  return all;
}

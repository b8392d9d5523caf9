import { unmetRules } from '../limits/conditions.ts';
import type {
  LimitKey,
  LimitRule,
  RuleViolation,
  TakeRequest,
  TakeVerdict,
  WindowRule,
} from '../limits/limit-store.ts';
import { groupByShard, MAIN_SHARD, type ShardRules } from './shards.ts';

/** A message while its shards are taken, one after the other. */
export interface ShardedRequest {
  readonly request: TakeRequest;
  /** One in practice: a message goes to one number. */
  readonly shards: readonly ShardRules[];
  readonly main: ShardRules | undefined;
  /** Shards that granted. */
  taken: ShardRules[];
  verdicts: TakeVerdict[];
  isRefused: boolean;
}

/** A rule that never fits: the rules beside it are checked, and nothing is written. */
const PEEK: WindowRule = {
  kind: 'window',
  id: '8x8g:peek',
  guard: 'peek',
  key: 'peek',
  mode: 'enforce',
  windowMs: 1,
  weighted: true,
  limit: 1,
  weight: 2,
};

export function toShardedRequest(request: TakeRequest): ShardedRequest {
  const groups = groupByShard(request.rules);
  return {
    request,
    shards: groups.filter(({ shard }) => shard !== MAIN_SHARD),
    main: groups.find(({ shard }) => shard === MAIN_SHARD),
    taken: [],
    verdicts: [],
    isRefused: false,
  };
}

/**
 * The request for one shard. After a refusal it only collects further refusals. Conditions on rules of an earlier shard are
 * decided here.
 */
export function requestFor({ request, verdicts, isRefused }: ShardedRequest, part: ShardRules): TakeRequest {
  const { reservation } = request;
  const noted = verdicts.flatMap((verdict) => verdict.noted ?? []);
  const unmet = unmetRules(request.rules, noted);

  /** The rule as this shard takes it, or nothing when an earlier shard has decided that it does not apply. */
  function decided(rule: LimitRule): LimitRule | undefined {
    const noting = part.rules.find(({ id, mode }) => id === rule.when?.rule && mode === 'note');
    if (noting !== undefined) return decided(noting) && rule;
    if (rule.when === undefined) return rule;
    return unmet.includes(rule) ? undefined : { ...rule, when: undefined };
  }

  const rules = part.rules.flatMap((rule) => decided(rule) ?? []);
  // A different reservation: the store repeats its verdict for a known one.
  return isRefused ? { reservation: `?${reservation}`, rules: [...rules, PEEK] } : { reservation, rules };
}

export function recordVerdict(request: ShardedRequest, part: ShardRules, verdict: TakeVerdict): void {
  request.verdicts.push(verdict);
  if (verdict.granted) request.taken.push(part);
  else request.isRefused = true;
}

/** Combines the verdicts of all shards. */
export function combineVerdicts({ request: { rules }, verdicts, isRefused }: ShardedRequest): TakeVerdict {
  const [only] = verdicts;
  if (only !== undefined && verdicts.length === 1) return only;
  const inOrder = (violations: readonly RuleViolation[]) =>
    violations
      .filter(({ rule }) => rule.id !== PEEK.id)
      .sort((one, other) => rules.indexOf(one.rule) - rules.indexOf(other.rule));
  const observed = inOrder(verdicts.flatMap((verdict) => verdict.observed));
  const found = inOrder(verdicts.flatMap((verdict) => verdict.noted ?? []));
  const notices = verdicts.flatMap((verdict) => verdict.notices ?? []);
  const noted = {
    ...(found.length > 0 && { noted: found }),
    ...(notices.length > 0 && { notices }),
  };
  if (isRefused) {
    const refusals = inOrder(verdicts.flatMap((verdict) => (verdict.granted ? [] : verdict.refusals)));
    return { granted: false, refusals, observed, ...noted };
  }
  const waits = verdicts.flatMap((verdict) =>
    verdict.granted && verdict.waitMs !== undefined ? [verdict.waitMs] : [],
  );
  return { granted: true, observed, ...noted, ...(waits.length > 0 && { waitMs: Math.max(...waits) }) };
}

/** Most waves per call; our number. The remaining messages are taken at once, like messages of several processes. */
const MAX_WAVES = 8;

/**
 * Splits a batch so that a take that may be given back is never in the way of a later message of the same wave: no wave
 * holds two messages to a number if the earlier one may still be refused elsewhere.
 */
export function* wavesOf(requests: readonly ShardedRequest[]): Generator<readonly ShardedRequest[]> {
  let wave: ShardedRequest[] = [];
  let unsure = new Set<LimitKey>();
  let waves = 1;
  for (const request of requests) {
    const keys = request.shards.flatMap(({ rules }) => rules.map(({ key }) => key));
    if (waves < MAX_WAVES && keys.some((key) => unsure.has(key))) {
      yield wave;
      wave = [];
      unsure = new Set();
      waves += 1;
    }
    wave.push(request);
    if (request.main !== undefined || request.shards.length > 1) for (const key of keys) unsure.add(key);
  }
  if (wave.length > 0) yield wave;
}

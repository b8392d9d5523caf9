import type { LimitKey, RuleFinding, TakeRequest, TakeVerdict, WindowRule } from '../limits/limit-store.ts';
import { groupByShard, MAIN_SHARD, type ShardRules } from './shards.ts';

/** A message while its parts are taken, one place after the other. */
export interface ShardedRequest {
  readonly request: TakeRequest;
  /** One, in practice: a message goes to one number. */
  readonly shards: readonly ShardRules[];
  readonly main: ShardRules | undefined;
  /** What was taken for it. */
  taken: ShardRules[];
  verdicts: TakeVerdict[];
  isRefused: boolean;
}

/** Never fits: what stands beside it is looked at, and nothing is written. */
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

/** What one place is asked. Of a message that was refused already only what else refuses it. */
export function requestFor(
  { request: { reservation }, isRefused }: ShardedRequest,
  { rules }: ShardRules,
): TakeRequest {
  // A name of its own: the store answers the same reservation as it did before.
  return isRefused ? { reservation: `?${reservation}`, rules: [...rules, PEEK] } : { reservation, rules };
}

export function recordVerdict(request: ShardedRequest, part: ShardRules, verdict: TakeVerdict): void {
  request.verdicts.push(verdict);
  if (verdict.granted) request.taken.push(part);
  else request.isRefused = true;
}

/** What all places say together. */
export function combineVerdicts({ request: { rules }, verdicts, isRefused }: ShardedRequest): TakeVerdict {
  const [only] = verdicts;
  if (only !== undefined && verdicts.length === 1) return only;
  const inOrder = (findings: readonly RuleFinding[]) =>
    findings
      .filter(({ rule }) => rule.id !== PEEK.id)
      .sort((one, other) => rules.indexOf(one.rule) - rules.indexOf(other.rule));
  const observed = inOrder(verdicts.flatMap((verdict) => verdict.observed));
  if (isRefused) {
    const refusals = inOrder(verdicts.flatMap((verdict) => (verdict.granted ? [] : verdict.refusals)));
    return { granted: false, refusals, observed };
  }
  const waits = verdicts.flatMap((verdict) =>
    verdict.granted && verdict.waitMs !== undefined ? [verdict.waitMs] : [],
  );
  return { granted: true, observed, ...(waits.length > 0 && { waitMs: Math.max(...waits) }) };
}

/** Most waves of a call; ours. What is left is asked at once, as messages of several processes are. */
const MAX_WAVES = 8;

/**
 * Cuts a batch so that nothing that is given back in a wave was in the way of another message of it: no message comes
 * with an earlier one to the same number that may yet be refused elsewhere.
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

import { StoreError } from '../../errors.ts';
import { giveReason } from '../../internal/store-reason.ts';

/** The kinds of problems that a server of Redis or Valkey can have. */
export type ServerProblem =
  | 'busy'
  | 'cannot-save'
  | 'cluster-down'
  | 'eviction'
  | 'full'
  | 'loading'
  | 'no-login'
  | 'no-replicas'
  | 'no-rights'
  | 'no-scripts'
  | 'not-checked'
  | 'not-cluster-client'
  | 'not-connected'
  | 'read-only'
  | 'too-old';

/** A problem of a server; docs/scaling-outages.md lists them all. */
export interface ServerWarning {
  /** The kind of problem. */
  readonly warning: ServerProblem;
  /** A sentence that says what is wrong, and one that says what to change. Holds no address, key or secret. */
  readonly message: string;
}

/** The consequence of such a problem. */
export type Effect = 'nothing can be counted' | 'nothing can be recorded';

type Refusal = readonly [warning: ServerProblem, problem: string, advice: string];

const REPLICA: Refusal = [
  'read-only',
  'is a replica',
  'Connect to the primary: through Sentinel, a cluster client or an address of its own, and reconnect after a failover.',
];
const LOGIN: Refusal = [
  'no-login',
  'does not accept the user name and the password of the client',
  'Set the credentials of an existing user.',
];
const FOREIGN_SLOT: Refusal = [
  'not-cluster-client',
  'is a node of a cluster, and the client does not follow its redirection to the node that holds the key',
  'Use the cluster client of your library.',
];
const BUSY: Refusal = [
  'busy',
  'is busy with a long script of another program',
  'Stop it with SCRIPT KILL, and run no long scripts on this server.',
];

/** The meaning of the codes with which a server refuses commands until somebody removes the reason. */
const REFUSALS: ReadonlyMap<string, Refusal> = new Map([
  ['READONLY', REPLICA],
  ['MASTERDOWN', REPLICA],
  ['OOM', ['full', 'has reached maxmemory', 'Raise maxmemory, or move other data to another server.']],
  [
    'NOREPLICAS',
    [
      'no-replicas',
      'has fewer replicas than min-replicas-to-write',
      'Start the missing replicas, or lower min-replicas-to-write.',
    ],
  ],
  [
    'MISCONF',
    [
      'cannot-save',
      'cannot save its data and therefore refuses to write',
      'Its log has the reason; usually its disk is full.',
    ],
  ],
  ['NOAUTH', LOGIN],
  ['WRONGPASS', LOGIN],
  [
    'NOPERM',
    ['no-rights', 'denies this user a right that the scripts need', 'check() says which one it is.'],
  ],
  [
    'CLUSTERDOWN',
    [
      'cluster-down',
      'is a node of a cluster that is down or does not serve all slots',
      'Bring the failed nodes back; CLUSTER INFO must say cluster_state:ok.',
    ],
  ],
  ['MOVED', FOREIGN_SLOT],
  ['ASK', FOREIGN_SLOT],
  ['LOADING', ['loading', 'is still loading its data', 'Wait until it has started.']],
  ['BUSY', BUSY],
  ['UNKILLABLE', BUSY],
]);

/** Explains the code of a refusal, if it is one of those that last. */
export function refusalWarning(code: string | undefined, effect?: Effect): ServerWarning | undefined {
  const refusal = REFUSALS.get(code ?? '');
  if (refusal === undefined) return undefined;
  const [warning, problem, advice] = refusal;
  const consequence = effect === undefined ? '' : `, so ${effect}`;
  return { warning, message: `The server ${problem} (${code})${consequence}. ${advice}` };
}

/** The error of a store that gave no reply, or refused: with the reason of its last failure and what to change. */
export function storeFailure(code: string | undefined, consequence: string): StoreError {
  const reason = refusalWarning(code, 'nothing can be counted')?.message;
  const shown = `${reason ?? 'The shared limit store does not answer.'} ${consequence}`;
  return giveReason(new StoreError(shown), reason);
}

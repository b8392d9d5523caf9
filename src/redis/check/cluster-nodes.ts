import type { RedisCommands } from '../redis-commands.ts';
import { readInfo } from './read-info.ts';

const SLOTS = 16_384;
/** Most keys that are tried for a slot of each node: enough for a node with a thousandth of the slots. Our number. */
const MAX_KEYS_TRIED = 20_000;

/** The primary nodes of a cluster, by a key of each. */
export interface ClusterNodes {
  /** One key of each primary node. */
  readonly keys: readonly string[];
  /** Slots that no node serves. */
  readonly unserved: number;
  /** The nodes refuse every command with a key. */
  readonly isDown: boolean;
}

/** CRC-16/XMODEM modulo the number of slots, as the specification of Redis Cluster defines it. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of new TextEncoder().encode(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc % SLOTS;
}

/** Finds a key of each primary node. A node with very few slots may be left out. */
export async function findClusterNodes(commands: RedisCommands): Promise<ClusterNodes> {
  const [state, reply] = await Promise.all([
    commands.call('CLUSTER', 'INFO'),
    commands.call('CLUSTER', 'SLOTS'),
  ]);
  const owners = new Array<string | undefined>(SLOTS);
  let served = 0;
  for (const [first, last, [host, port]] of reply as [unknown, unknown, [unknown, unknown]][]) {
    for (let slot = Number(first); slot <= Number(last); slot += 1) {
      owners[slot] = `${host}:${port}`;
      served += 1;
    }
  }
  const missing = new Set(owners.filter((owner) => owner !== undefined));
  const keys: string[] = [];
  for (let tried = 0; missing.size > 0 && tried < MAX_KEYS_TRIED; tried += 1) {
    const tag = `check.${tried}`;
    const owner = owners[slotOf(tag)];
    if (owner !== undefined && missing.delete(owner)) keys.push(`8x8g:{${tag}}:c`);
  }
  return { keys, unserved: SLOTS - served, isDown: readInfo(state).get('cluster_state') === 'fail' };
}

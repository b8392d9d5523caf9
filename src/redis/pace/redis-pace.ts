import { StoreError } from '../../errors.ts';
import type { PermitLease, PermitRequest, RateLane, SharedPace } from '../../limits/shared-pace.ts';
import { createStoreTime } from '../../limits/store-time.ts';
import { createAvailability } from '../failover/availability.ts';
import type { EmitLimits } from '../failover/limits-event.ts';
import { LEASE } from '../lua/scripts.ts';
import type { RedisCommands } from '../redis-commands.ts';
import { createRunScript } from '../run-script.ts';
import { createLocalPermits } from './local-permits.ts';
import { createServerPermits, laneKeys, type ServerPermits } from './server-permits.ts';

export interface RedisPaceConfig {
  readonly commands: RedisCommands;
  readonly onStoreError: 'refuse' | { readonly processes: number };
  readonly timeoutMs: number;
  /** The server did not answer when it was asked for something else; who waits for a permit may have waited for that. */
  readonly isSuspect?: (() => boolean) | undefined;
  readonly emit: EmitLimits;
  /** Microseconds by the clock of a test, instead of the server's. */
  readonly testClock?: (() => number) | undefined;
}

/** Turns that come later than this are half over. */
const MAX_LEASE_MS = 250;
/** Of its deadline a server in doubt has this part, so that a send is decided within 200 ms by default; ours. */
const SUSPECT_SHARE = 1 / 4;

/** System time: the pace protects the real network, whatever the client's clock says. */
const now = () => performance.now();

/**
 * The pace of sub-accounts for all processes on one server. A server that does not answer in time is left alone for a
 * while, and each process goes on with its share of the rate, or nobody does. Nothing is asked or started before the
 * first lease.
 */
export function createRedisPace(config: RedisPaceConfig): SharedPace {
  const { commands, onStoreError, isSuspect, emit, testClock } = config;
  const deadlineMs = Math.min(config.timeoutMs, MAX_LEASE_MS);
  const run = createRunScript(commands, LEASE);
  const availability = createAvailability(createStoreTime(undefined), emit);
  let id: string | undefined;
  let isFailedOver = false;

  function processId(): string {
    id ??= crypto.randomUUID();
    return id;
  }

  /** Whoever gives out permits now; told when it changes. */
  function reportSwitch(): void {
    const wasFailedOver = isFailedOver;
    isFailedOver = availability.isDown();
    if (isFailedOver === wasFailedOver) return;
    if (isFailedOver) {
      emit({
        type: 'pace-switched',
        to: onStoreError === 'refuse' ? 'refuse' : 'local',
        ...availability.lastFailure(),
      });
    } else emit({ type: 'pace-switched', to: 'shared', reason: 'recovered' });
  }

  function laneOf(server: ServerPermits): RateLane {
    const local = onStoreError === 'refuse' ? undefined : createLocalPermits(onStoreError.processes, now);
    /** When the last permit of the server is due. */
    let lastMs = Number.NEGATIVE_INFINITY;

    async function lease(request: PermitRequest): Promise<PermitLease> {
      const unreported = local?.unreported(request.periodMs) ?? 0;
      const timeoutMs = isSuspect?.() === true ? deadlineMs * SUSPECT_SHARE : deadlineMs;
      const reply = await availability.call(() => server.lease(request, unreported), {
        timeoutMs,
        isTake: true,
      });
      reportSwitch();
      if (reply.hasReply) {
        local?.markReported();
        lastMs = Math.max(lastMs, reply.value.permits.at(-1)?.fromMs ?? lastMs);
        return reply.value;
      }
      if (local === undefined)
        throw new StoreError('The shared limit store does not answer. Nothing was sent.');
      return local.lease(request, lastMs);
    }

    async function pause(ms: number): Promise<void> {
      await availability.call(() => server.pause(ms), { timeoutMs: deadlineMs, isTake: true });
      reportSwitch();
    }

    return { lease, pause: (ms) => void pause(ms) };
  }

  return {
    lane: (host, subAccountId, kind) =>
      laneOf(
        createServerPermits({
          run,
          processId,
          keys: laneKeys(host, subAccountId, kind),
          now,
          random: () => Math.random(),
          testClock,
        }),
      ),
  };
}

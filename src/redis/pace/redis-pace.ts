import { createStoreTime } from '../../limits/store-time.ts';
import type { PermitLease, PermitRequest, RateLane, SharedPace } from '../../transport/shared-pace.ts';
import { storeFailure } from '../check/server-warnings.ts';
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
  /** Whether the server failed another call. A caller may have waited for that one before it needs a permit. */
  readonly isSuspect?: (() => boolean) | undefined;
  readonly emit: EmitLimits;
  /** Microseconds of a test clock, used instead of the server's. */
  readonly testClock?: (() => number) | undefined;
}

/** Permits that arrive later than this are half over. */
const MAX_LEASE_MS = 250;
/** The share of the deadline for a suspect server, so that a send is decided within 200 ms by default. Our number. */
const SUSPECT_SHARE = 1 / 4;

/** System time, because the pace protects the real network, whatever the client's clock says. */
const now = () => performance.now();

/**
 * Creates the pace of sub-accounts for all processes on one server. A server that does not answer in time is not called
 * for a while; then each process continues with its share of the rate, or none sends. Nothing is called or started
 * before the first lease.
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

  /** Emits an event when another source grants permits. */
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
      if (local === undefined) throw storeFailure(availability.lastFailure().cause, 'Nothing was sent.');
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

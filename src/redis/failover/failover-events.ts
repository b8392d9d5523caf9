import type { Availability } from './availability.ts';
import type { EmitLimits } from './limits-event.ts';
import type { ReplayQueue } from './replay-queue.ts';

/** Emits an event whenever another store takes over. */
export interface FailoverEvents {
  update(): void;
  /** Reports that the shared store will count too low, once until it decides again. */
  reportNotWrittenBack(): void;
}

/** @param fallback decides while the shared store does not */
export function createFailoverEvents(
  availability: Availability,
  queue: ReplayQueue,
  emit: EmitLimits,
  fallback: 'local' | 'refuse',
): FailoverEvents {
  let isFailedOver = false;
  let isReported = false;
  return {
    update() {
      const wasFailedOver = isFailedOver;
      isFailedOver = availability.isDown() || queue.pendingGrants() > 0;
      if (isFailedOver === wasFailedOver) return;
      if (isFailedOver) {
        emit({ type: 'limits-switched', to: fallback, ...availability.lastFailure() });
        return;
      }
      isReported = false;
      emit({ type: 'limits-switched', to: 'shared', reason: 'recovered' });
    },
    reportNotWrittenBack() {
      if (!isReported) emit({ type: 'grants-not-written-back' });
      isReported = true;
    },
  };
}

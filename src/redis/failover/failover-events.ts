import type { Gate } from './availability.ts';
import type { EmitLimits } from './limits-event.ts';
import type { Outbox } from './replay-queue.ts';

/** Tells who decides, each time that changes. */
export interface Switches {
  look(): void;
  /** The shared store will count too low: said once until it decides again. */
  tellUntold(): void;
}

/** `alone`: who decides while the shared store does not. */
export function createSwitches(
  gate: Gate,
  outbox: Outbox,
  emit: EmitLimits,
  alone: 'local' | 'refuse',
): Switches {
  let isAway = false;
  let isUntold = false;
  return {
    look() {
      const wasAway = isAway;
      isAway = gate.isOpen() || outbox.grants() > 0;
      if (isAway === wasAway) return;
      if (isAway) {
        emit({ type: 'limits-switched', to: alone, ...gate.trouble() });
        return;
      }
      isUntold = false;
      emit({ type: 'limits-switched', to: 'shared', reason: 'recovered' });
    },
    tellUntold() {
      if (!isUntold) emit({ type: 'grants-not-written-back' });
      isUntold = true;
    },
  };
}

import { describeDuration } from '../internal/describe-duration.ts';
import type { Terminal } from './terminal.ts';

/** Progress of a long command on standard error. */
export interface Progress {
  /** Shows how much is done. `share` is between 0 and 1, and missing when the end is not known. */
  update(done: number, share?: number): void;
  /** Removes the bar, so that a line may be printed. */
  clear(): void;
}

/** Often enough to look alive. */
const TERMINAL_INTERVAL_MS = 100;
/** In a log file a line now and then. */
const LOG_INTERVAL_MS = 30_000;
const BAR_CELLS = 24;
const CLEAR_LINE = '\r\u001b[K';

function bar(share: number): string {
  const full = Math.round(share * BAR_CELLS);
  return `[${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}] ${String(Math.floor(share * 100)).padStart(3)} %  `;
}

function timeLeft(elapsedMs: number, from: number, share: number): string {
  const gained = share - from;
  if (gained <= 0 || share >= 1) return '';
  return `  ${describeDuration(Math.max(1_000, (elapsedMs / gained) * (1 - share)))} left`;
}

/**
 * Shows progress on a terminal as a bar that moves, and elsewhere as a line now and then.
 *
 * @param label of what is done: `Sending`
 * @param unit of what is counted: `messages`
 */
export function createProgress(
  label: string,
  unit: string,
  { writeError, showsProgress }: Pick<Terminal, 'writeError' | 'showsProgress'>,
  now: () => number = () => performance.now(),
): Progress {
  const startedAt = now();
  const intervalMs = showsProgress ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  let shownAt = showsProgress ? Number.NEGATIVE_INFINITY : startedAt;
  let isShown = false;
  /** The first update, which a resumed run does not begin at 0. */
  let first: { readonly done: number; readonly share: number } | undefined;

  function clear(): void {
    if (isShown) writeError(CLEAR_LINE);
    isShown = false;
  }

  return {
    clear,
    update(done, share) {
      first ??= { done, share: share ?? 0 };
      const at = now();
      if (at - shownAt < intervalMs) return;
      shownAt = at;
      const elapsedMs = at - startedAt;
      const perSecond = elapsedMs < 1_000 ? 0 : ((done - first.done) / elapsedMs) * 1_000;
      const rate = perSecond === 0 ? '' : `  ${Math.round(perSecond).toLocaleString('en-US')}/s`;
      const left = share === undefined ? '' : timeLeft(elapsedMs, first.share, share);
      const text = `${label} ${share === undefined ? '' : bar(share)}${done.toLocaleString('en-US')} ${unit}${rate}${left}`;
      writeError(showsProgress ? `${CLEAR_LINE}${text}` : `${text}\n`);
      isShown = showsProgress;
    },
  };
}

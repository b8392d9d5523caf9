/**
 * Preloaded into a child process. Its clocks are `CLOCK_SHIFT_MS` ahead, as on a host without time synchronisation.
 * Clocks that measure durations (`performance.now`, `process.hrtime`) stay unchanged.
 */
const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0);
const systemNow = Date.now;

class ShiftedDate extends Date {
  constructor(...parts: readonly unknown[]) {
    super(...((parts.length === 0 ? [systemNow() + shiftMs] : parts) as [number]));
  }

  static override now(): number {
    return systemNow() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + shiftMs });

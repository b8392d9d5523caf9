import type { OpenedClient } from '../open-client.ts';

export type Level = 'ok' | 'warning' | 'problem';

/** One line of the doctor. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  /** The advice; absent when all is well. */
  readonly advice?: string;
}

export const ok = (check: string, text: string): Finding => ({ check, level: 'ok', text });

export const warning = (check: string, text: string, advice: string): Finding => ({
  check,
  level: 'warning',
  text,
  advice,
});

export const problem = (check: string, text: string, advice: string): Finding => ({
  check,
  level: 'problem',
  text,
  advice,
});

export const hasProblem = (findings: readonly Finding[]): boolean =>
  findings.some(({ level }) => level === 'problem');

/** The setup that the checks examine. */
export interface Examined extends OpenedClient {
  /** Address of the team's webhook receiver, when it was named. */
  readonly receiver: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Time limit of one question of the doctor; our number. */
export const QUESTION_TIMEOUT_MS = 10_000;

/** Options of a call that asks 8x8 once. */
export function askOnce({ signal }: Pick<Examined, 'signal'>) {
  return { signal, timeoutMs: QUESTION_TIMEOUT_MS, deadlineMs: QUESTION_TIMEOUT_MS, maxAttempts: 1 };
}

/** The message of an error, for a finding. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

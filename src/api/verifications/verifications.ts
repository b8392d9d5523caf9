import type { ClientContext } from '../../client-context.ts';
import { type CheckVerification, createCheckVerification } from './check.ts';
import { createGetVerification, type GetVerification } from './get.ts';
import { createGetSmaCoverage, type GetSmaCoverage } from './sma-coverage.ts';
import { createStartVerification, type StartVerification } from './start.ts';

/** One-time passwords that 8x8 makes, sends and checks. */
export interface Verifications {
  readonly start: StartVerification;
  readonly get: GetVerification;
  readonly check: CheckVerification;
  readonly smaCoverage: GetSmaCoverage;
}

export function createVerifications(client: ClientContext): Verifications {
  return {
    start: createStartVerification(client),
    get: createGetVerification(client),
    check: createCheckVerification(client),
    smaCoverage: createGetSmaCoverage(client),
  };
}

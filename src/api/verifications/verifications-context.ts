import type { ClientContext } from '../../client-context.ts';
import type { SessionBindings } from './session-bindings.ts';
import type { SessionClaims } from './session-claims.ts';
import type { SessionSuccess } from './session-success.ts';
import type { TestSessions } from './test-sessions.ts';

/** The shared parts of a client, and those that only its sessions need. */
export interface VerificationsContext extends ClientContext {
  readonly sessionBindings: SessionBindings;
  readonly sessionClaims: SessionClaims;
  readonly sessionSuccess: SessionSuccess;
  readonly testSessions: TestSessions;
}

import type { ClientContext } from '../client-context.ts';
import type { Consent } from '../consent/consent.ts';
import type { Safeguards } from '../create-client-context.ts';
import type { Inbound } from '../create-inbound.ts';
import type { ResolvedGuards } from '../guards/registry.ts';
import { lazyResource } from '../internal/lazy-part.ts';
import { createInboundPort, type InboundPort } from '../webhooks/inbound-port.ts';
import { parts } from './parts.ts';

/** The inbound half of a client, whose code is loaded with the first reply, report or choice. */
export function createLazyInbound(
  client: ClientContext,
  safeguards: Safeguards,
  guards: ResolvedGuards,
): { readonly consent: Consent; readonly inboundPort: InboundPort } {
  let made: Inbound | undefined;
  const create = (part: typeof import('./inbound.ts')): Inbound => {
    made ??= part.createInbound(client, safeguards, guards);
    return made;
  };
  const { calls } = client;
  const consent = lazyResource(parts.inbound, calls, (part) => create(part).consent, {
    status: 'promise',
    history: 'promise',
    grant: 'promise',
    revoke: 'promise',
    requestOptIn: 'promise',
    confirm: 'promise',
    handleInbound: 'promise',
    forget: 'promise',
  });
  const actions = lazyResource(parts.inbound, calls, (part) => create(part).actions, {
    applyReceipt: 'promise',
    applyInbound: 'promise',
    cancelScheduled: 'promise',
  });
  return { consent, inboundPort: createInboundPort({ ...safeguards, calls, ...actions }) };
}

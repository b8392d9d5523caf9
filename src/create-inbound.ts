import { createBlockNumber } from './api/contacts/contacts.ts';
import { createSendSms } from './api/messages.ts';
import type { ClientContext } from './client-context.ts';
import { createCancelImported } from './consent/cancel-imported.ts';
import { type Consent, createConsent } from './consent/consent.ts';
import { createDoubleOptIn } from './consent/double-opt-in.ts';
import { createForgetPerson } from './consent/forget-person.ts';
import { createHandleInbound } from './consent/handle-inbound.ts';
import { createLedgerClient } from './consent/ledger-client.ts';
import type { Safeguards } from './create-client-context.ts';
import type { ResolvedGuards } from './guards/registry.ts';
import { createApplyReceipt } from './webhooks/apply-receipt.ts';
import type { InboundPort } from './webhooks/inbound-port.ts';

/** The inbound half of a client. */
export interface Inbound {
  readonly consent: Consent;
  readonly actions: Pick<InboundPort, 'applyReceipt' | 'applyInbound' | 'cancelScheduled'>;
}

/** People's choices and 8x8's reports. */
export function createInbound(
  client: ClientContext,
  safeguards: Safeguards,
  { consent: guard, undeliverable }: ResolvedGuards,
): Inbound {
  const { calls, clock, emit, phoneDefaults, priceCache, scheduledMessages } = client;
  const ledger = createLedgerClient({ guard, emit, scheduledMessages });
  const own = { guard, ledger, send: createSendSms(client), source: phoneDefaults.source, clock, emit };
  const handleInbound = createHandleInbound({ ...own, scheduledMessages, block: createBlockNumber(client) });
  const consent = createConsent({
    calls,
    guard,
    ledger,
    doubleOptIn: createDoubleOptIn(own),
    handleInbound,
    forgetPerson: createForgetPerson({
      ...safeguards,
      ledger,
      scheduledMessages,
      storedCodes: client.storedCodes,
      audit: client.audit,
    }),
    clock,
    phoneDefaults,
  });
  const actions = {
    applyReceipt: createApplyReceipt({
      ...safeguards,
      undeliverable,
      priceCache,
      reportPumpingOutcome: client.reportPumpingOutcome,
      outcomeCache: client.outcomeCache,
    }),
    applyInbound: handleInbound,
    cancelScheduled: createCancelImported({ calls, ledger, phoneDefaults }),
  };
  return { consent, actions };
}

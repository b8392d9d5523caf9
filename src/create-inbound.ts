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
import { createInboundPort, type InboundPort } from './webhooks/inbound-port.ts';

/** The inbound half of a client: people's choices and 8x8's reports. */
export function createInbound(
  client: ClientContext,
  safeguards: Safeguards,
  { consent: guard, undeliverable }: ResolvedGuards,
): { readonly consent: Consent; readonly inboundPort: InboundPort } {
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
  const inboundPort = createInboundPort({
    ...safeguards,
    calls,
    applyReceipt: createApplyReceipt({
      ...safeguards,
      undeliverable,
      priceCache,
      reportPumpingOutcome: client.reportPumpingOutcome,
      outcomeCache: client.outcomeCache,
    }),
    applyInbound: handleInbound,
    cancelScheduled: createCancelImported({ calls, ledger, phoneDefaults }),
  });
  return { consent, inboundPort };
}

import { createBlockNumber } from './api/contacts/contacts.ts';
import { createSendSms } from './api/messages.ts';
import type { ClientContext } from './client-context.ts';
import { type Consent, createConsent } from './consent/consent.ts';
import { createConsentBook } from './consent/consent-book.ts';
import { createForgetPerson } from './consent/forget-person.ts';
import { createHandleInbound } from './consent/handle-inbound.ts';
import { createOptInDesk } from './consent/request-opt-in.ts';
import type { Safeguards } from './create-client-context.ts';
import { createReceiptIntake } from './guards/receipt-intake.ts';
import type { ResolvedGuards } from './guards/registry.ts';
import { createIntake, type Intake } from './intake.ts';

/** The half of a client that hears back: what people choose, and what 8x8 reports. */
export function createHearing(
  client: ClientContext,
  safeguards: Safeguards,
  { consent: guard, undeliverable }: ResolvedGuards,
): { readonly consent: Consent; readonly intake: Intake } {
  const { calls, clock, emit, prepare, priceBook } = client;
  const book = createConsentBook({ guard, emit });
  const own = { guard, book, send: createSendSms(client), clock, emit };
  const handleInbound = createHandleInbound({ ...own, block: createBlockNumber(client) });
  const consent = createConsent({
    calls,
    guard,
    book,
    optIns: createOptInDesk(own),
    handleInbound,
    forgetPerson: createForgetPerson({ ...safeguards, book }),
    clock,
    defaultCountry: prepare.defaultCountry,
  });
  const intake = createIntake({
    ...safeguards,
    calls,
    takeInReceipt: createReceiptIntake({ ...safeguards, undeliverable, priceBook }),
    takeInInbound: handleInbound,
  });
  return { consent, intake };
}

import type { Credentials } from '../credentials.ts';
import type { GuardsOptions } from '../options.ts';
import { createBackoffGuard } from './backoff.ts';
import { createConsentGuard } from './consent.ts';
import { createContentGuard } from './content.ts';
import { createCountriesGuard } from './countries.ts';
import type { Guard } from './guard.ts';
import { createPhoneGuard } from './phone.ts';
import { createPrefixGuard } from './prefix.ts';
import { createRecipientGuard } from './recipient.ts';
import { createUndeliverableGuard } from './undeliverable.ts';

/** The guards that are on, in the order they are asked: what costs nothing first, what asks somebody else later. */
export function createGuards(
  options: GuardsOptions,
  credentials: Pick<Credentials, 'appearsIn'>,
): readonly Guard[] {
  const { phone = {}, content = {}, countries = false, consent = {} } = options;
  const { recipient = {}, backoff = {}, prefix = false, undeliverable = {} } = options;
  return [
    phone && createPhoneGuard(phone),
    content && createContentGuard(content, { holdsKey: (text) => credentials.appearsIn(text) }),
    countries && createCountriesGuard(countries),
    consent && createConsentGuard(consent),
    recipient && createRecipientGuard(recipient),
    backoff && createBackoffGuard(backoff),
    prefix && createPrefixGuard(prefix),
    undeliverable && createUndeliverableGuard(undeliverable),
  ].filter((guard) => guard !== false);
}

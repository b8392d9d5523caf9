import type { Emit } from '../../events.ts';
import { type Field, type Fields, object, refine, switchOn, word } from '../../schema.ts';
import type { Clock } from '../../types.ts';
import { createTokenCheck } from './access-token.ts';
import { type AccessTokenOptions, accessTokenField } from './access-token-options.ts';
import type { AuthenticationCheck } from './authentication-result.ts';
import { authorizationField, createAuthorizationCheck } from './authorization.ts';
import { createAddressCheck, type SourceAddressOptions, sourceAddressesField } from './source-addresses.ts';

/**
 * How the receiver verifies that 8x8 sent a request. 8x8 does not sign its webhooks: the credentials and the address are
 * the only evidence. `authorization` and `accessToken` use the same header, so give one of them; `sourceAddresses` can be
 * added to either.
 */
export interface WebhookCredentials {
  /**
   * The literal `Authorization` header that you gave to 8x8 in `webhookSettings.set` (`httpAuthorization`), with at least
   * 16 characters after `Bearer ` or `Basic `. Give several values while you rotate the secret.
   */
  readonly authorization?: string | readonly string[] | undefined;
  /** The OAuth 2.0 access token that 8x8 fetches from your token endpoint. */
  readonly accessToken?: AccessTokenOptions | undefined;
  /** The addresses that 8x8 may send from. Weak on its own: combine it with one of the other two. */
  readonly sourceAddresses?: SourceAddressOptions | undefined;
}

/** The credentials to check, or `'none'`: then anyone who finds the address can opt people out, and in. */
export type WebhookAuthentication = 'none' | WebhookCredentials;

const fields: Fields<WebhookCredentials> = {
  authorization: authorizationField,
  accessToken: accessTokenField,
  sourceAddresses: sourceAddressesField,
};
/** Advice when nothing was chosen. */
export const CHOICES = "Give authorization, accessToken or sourceAddresses, or write 'none'.";
const WHAT = "'none' or { authorization, accessToken, sourceAddresses }";
const credentials = refine<WebhookCredentials>(
  refine<WebhookCredentials>(
    object(fields, WHAT),
    // An explicit undefined is refused: a credential must not be missing because a variable was unset.
    (given) => Object.values(given).length > 0 && Object.values(given).every((each) => each !== undefined),
    `is empty, or holds undefined: is the environment variable set? ${CHOICES}`,
  ),
  ({ authorization, accessToken }) => authorization === undefined || accessToken === undefined,
  'has authorization and accessToken, which travel in the same header: give one of them.',
);
export const authenticationField: Field = switchOn(
  (input) => typeof input === 'string',
  word((text) => text === 'none', WHAT),
  credentials,
);

/** Runs every configured check, the cheapest first, and stops at the first failure. */
export function createAuthenticate(
  authentication: WebhookAuthentication,
  clock: Clock,
  emit: Emit,
): AuthenticationCheck {
  if (authentication === 'none') return async () => undefined;
  const { authorization, accessToken, sourceAddresses } = authentication;
  const checks = [
    sourceAddresses && createAddressCheck(sourceAddresses),
    authorization && createAuthorizationCheck(authorization),
    accessToken && createTokenCheck(accessToken, clock, emit),
  ].filter((check) => check !== undefined && check !== '');
  return async (delivery) => {
    for (const check of checks) {
      const failure = await (check as AuthenticationCheck)(delivery);
      if (failure !== undefined) return failure;
    }
    return undefined;
  };
}

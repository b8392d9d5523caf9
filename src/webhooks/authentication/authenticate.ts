import { either, type Field, type Fields, refined, shape, word } from '../../schema.ts';
import type { Clock } from '../../types.ts';
import { createTokenCheck } from './access-token.ts';
import { type AccessTokenOptions, accessTokenField } from './access-token-options.ts';
import type { AuthenticationCheck } from './authentication-result.ts';
import { authorizationField, createAuthorizationCheck } from './authorization.ts';
import { createAddressCheck, type SourceAddressOptions, sourceAddressesField } from './source-addresses.ts';

/**
 * How you know that it is 8x8. 8x8 does not sign its webhooks: what it sends along is all there is. `authorization` and
 * `accessToken` travel in the same header, so it is one of them; `sourceAddresses` comes in addition.
 */
export interface WebhookCredentials {
  /**
   * The literal `Authorization` header, as given to 8x8 in `webhookSettings.set` (`httpAuthorization`); several while you
   * change it. At least 16 characters after `Bearer ` or `Basic `.
   */
  readonly authorization?: string | readonly string[] | undefined;
  readonly accessToken?: AccessTokenOptions | undefined;
  readonly sourceAddresses?: SourceAddressOptions | undefined;
}

/** `'none'` must be written out: anyone who finds the address can then opt people out, and in. */
export type WebhookAuthentication = 'none' | WebhookCredentials;

const fields: Fields<WebhookCredentials> = {
  authorization: authorizationField,
  accessToken: accessTokenField,
  sourceAddresses: sourceAddressesField,
};
const WHAT = "'none' or { authorization, accessToken, sourceAddresses }";
const credentials = refined<WebhookCredentials>(
  refined<WebhookCredentials>(
    shape(fields, WHAT),
    // Not the same as left out: what was meant to lock the door must not be missing by accident.
    (given) => Object.values(given).length > 0 && Object.values(given).every((each) => each !== undefined),
    "is empty, or holds undefined: is the environment variable set? Give authorization, accessToken or sourceAddresses, or write 'none'.",
  ),
  ({ authorization, accessToken }) => authorization === undefined || accessToken === undefined,
  'has authorization and accessToken, which travel in the same header: give one of them.',
);
export const authenticationField: Field = either(
  (input) => typeof input === 'string',
  word((text) => text === 'none', WHAT),
  credentials,
);

/** Runs every check that was chosen, the cheapest first. The first doubt is enough. */
export function createAuthenticate(authentication: WebhookAuthentication, clock: Clock): AuthenticationCheck {
  if (authentication === 'none') return async () => undefined;
  const { authorization, accessToken, sourceAddresses } = authentication;
  const checks = [
    sourceAddresses && createAddressCheck(sourceAddresses),
    authorization && createAuthorizationCheck(authorization),
    accessToken && createTokenCheck(accessToken, clock),
  ].filter((check) => check !== undefined && check !== '');
  return async (delivery) => {
    for (const check of checks) {
      const failure = await (check as AuthenticationCheck)(delivery);
      if (failure !== undefined) return failure;
    }
    return undefined;
  };
}

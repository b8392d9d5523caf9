import type { Call, Calls } from '../call.ts';
import { ConfigurationError, StoreError, ValidationError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type ConsentGuardOptions, type ConsentNotice, consentKey } from '../guards/consent.ts';
import { readPhone } from '../guards/desk.ts';
import { maskNumber } from '../redact.ts';
import { type Fields, findFlaw, list, moment, oneOf, shape, shapeWith, text } from '../schema.ts';
import type { CallOptions, Clock, Purpose } from '../types.ts';
import { raceAbort } from '../wait.ts';
import type { ConsentLedger, ConsentRecord } from './consent-ledger.ts';

/** What is recorded with a choice. */
export interface ConsentDetails {
  /** Where it came from: `web-form`, `support`, … At most 100 characters. */
  readonly source: string;
  /** `marketing` or `all`. @default `marketing` for an opt-in, `all` for an opt-out */
  readonly scope?: 'all' | 'marketing' | undefined;
  /** What an opt-in covers. @default everything in `scope` */
  readonly purposes?: readonly Purpose[] | undefined;
  /** When the person chose. @default now */
  readonly at?: string | Date | undefined;
  /** What you would show a regulator. At most 2,000 characters. */
  readonly evidence?: string | undefined;
  /** ISO 3166-1 alpha-2 code of a national number. */
  readonly country?: string | undefined;
}

/** Records and reads who agreed. Needs `guards.consent.ledger`. */
export interface Consent {
  /**
   * The last recorded choice, or `undefined`.
   * @example (await sms.consent.status('+6591234567'))?.state // 'opted-out'
   */
  status(
    destination: string,
    query?: { readonly country?: string | undefined },
    options?: CallOptions,
  ): Promise<ConsentRecord | undefined>;
  /**
   * Records an opt-in.
   * @example await sms.consent.grant('+6591234567', { source: 'web-form', evidence: 'form 4711' })
   */
  grant(destination: string, details: ConsentDetails, options?: CallOptions): Promise<ConsentRecord>;
  /**
   * Records an opt-out: from now on the guard refuses.
   * @example await sms.consent.revoke('+6591234567', { source: 'support' })
   */
  revoke(destination: string, details: ConsentDetails, options?: CallOptions): Promise<ConsentRecord>;
}

export interface ConsentConfig {
  readonly calls: Calls;
  readonly guard: false | ConsentGuardOptions;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly defaultCountry: string | undefined;
}

const countryFields = { country: text({ min: 2, max: 2 }) };
const detailFields: Fields<ConsentDetails> = {
  ...countryFields,
  source: text({ max: 100 }),
  scope: oneOf(['all', 'marketing']),
  purposes: list(oneOf(['transactional', 'otp', 'marketing']), { min: 1, max: 3 }),
  at: moment(),
  evidence: text({ max: 2_000 }),
};
const detailsSchema = shapeWith(['source'], detailFields, 'an object { source, … }');
const querySchema = shape(countryFields, 'an object { country }');

export function createConsent({ calls, guard, clock, emit, defaultCountry }: ConsentConfig): Consent {
  const { ledger, onOptIn, onOptOut }: ConsentGuardOptions = guard === false ? {} : guard;

  function theLedger(): ConsentLedger {
    if (ledger !== undefined) return ledger;
    throw new ConfigurationError(
      'Recording consent needs a ledger: set guards.consent.ledger (memoryConsentLedger() forgets on restart).',
      'guards.consent.ledger',
    );
  }

  /** A ledger's error may hold anything; only that it failed is told. */
  async function fromLedger<Result>(
    call: Call,
    work: (ledger: ConsentLedger) => Promise<Result>,
  ): Promise<Result> {
    const opened = theLedger();
    try {
      return await raceAbort((async () => work(opened))(), call.signal);
    } catch {
      call.throwIfEnded();
      emit({ type: 'store-failed', store: 'consent' }, call.context);
      throw new StoreError('The consent ledger failed, so nothing was recorded or read.');
    }
  }

  function record(
    state: ConsentRecord['state'],
    destination: string,
    details: ConsentDetails,
    options: CallOptions | undefined,
  ): Promise<ConsentRecord> {
    return calls.run(options, async (call) => {
      const flaw = findFlaw(detailsSchema, details, 'details');
      if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
      const phone = readPhone(destination, details.country ?? defaultCountry);
      const { source, purposes, evidence, scope = state === 'opted-in' ? 'marketing' : 'all' } = details;
      const at = details.at === undefined ? clock.now() : new Date(details.at).getTime();
      const change: ConsentRecord = {
        state,
        scope,
        source,
        at,
        ...(purposes !== undefined && { purposes }),
        ...(evidence !== undefined && { evidence }),
      };
      await fromLedger(call, (opened) => opened.append([{ ...change, key: consentKey({ phone }) }]));
      const notice: ConsentNotice = { ...change, destination: phone.e164 };
      emit({ type: 'consent-recorded', destination: maskNumber(phone.e164), state, scope }, call.context);
      const [hook, name] =
        state === 'opted-in' ? [onOptIn, 'onOptIn' as const] : [onOptOut, 'onOptOut' as const];
      try {
        const { signal, context } = call;
        await raceAbort((async () => hook?.(notice, { signal, context }))(), signal);
      } catch {
        // The choice is recorded and counts; that the team was not told must not look as if it were not.
        emit({ type: 'hook-failed', hook: name }, call.context);
      }
      return change;
    });
  }

  return {
    status: (destination, query = {}, options = undefined) =>
      calls.run(options, async (call) => {
        const flaw = findFlaw(querySchema, query, 'query');
        if (flaw !== undefined) throw new ValidationError(flaw.message, flaw.path);
        const phone = readPhone(destination, query.country ?? defaultCountry);
        return fromLedger(call, async (opened) => {
          const [found] = await opened.get([consentKey({ phone })], { signal: call.signal });
          return found;
        });
      }),
    grant: (destination, details, options) => record('opted-in', destination, details, options),
    revoke: (destination, details, options) => record('opted-out', destination, details, options),
  };
}

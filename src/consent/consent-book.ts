import type { Call } from '../call.ts';
import { ConfigurationError, StoreError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { consentKey } from '../guards/consent.ts';
import type { ConsentCall, ConsentGuardOptions } from '../guards/consent-options.ts';
import type { Phone } from '../phone/normalise-phone.ts';
import { maskNumber } from '../redact.ts';
import { raceAbort } from '../wait.ts';
import {
  type ConsentEntry,
  type ConsentLedger,
  type ConsentRecord,
  isChoice,
  laterChoice,
} from './consent-ledger.ts';
import { createPseudonym } from './pseudonym.ts';

/** What is on record of one person. */
export interface Person {
  readonly phone: Phone;
  /** Where the ledger keeps it. */
  readonly key: string;
  /** In order, without what is kept of a forgotten person. */
  readonly entries: readonly ConsentEntry[];
  /** What is kept of before the person was forgotten. */
  readonly kept: ConsentRecord | undefined;
  /** The choice that counts, of both. */
  readonly latest: ConsentRecord | undefined;
}

/** The ledger as the methods of `sms.consent` use it. Every failure is a `StoreError` that says no more. */
export interface ConsentBook {
  readonly hasLedger: boolean;
  /** @throws ConfigurationError there is no ledger */
  read(phone: Phone, call: Call): Promise<Person>;
  readLatest(phone: Phone, call: Call): Promise<ConsentRecord | undefined>;
  append(phone: Phone, entry: ConsentEntry, call: Call): Promise<void>;
  /** @throws ConfigurationError there is no ledger, or no `forgetSecret` */
  forget(phone: Phone, call: Call): Promise<void>;
  /** The event and the team's hook for a choice that was recorded. Never throws. */
  announce(phone: Phone, record: ConsentRecord, call: Call): Promise<void>;
  /** Runs a hook of the team. Never throws: what it was told about has happened. */
  tell(
    name: HookName,
    call: Call,
    hook: ((call: ConsentCall) => void | Promise<void>) | undefined,
  ): Promise<void>;
}

type HookName = 'onOptIn' | 'onOptOut' | 'onPossibleOptOut';

export interface ConsentBookConfig {
  readonly guard: false | ConsentGuardOptions;
  readonly emit: Emit;
}

/** What is shown of an entry: all but the package's own token. */
export function shownEntry<Entry extends ConsentEntry>(entry: Entry): Entry {
  const { confirmation: _token, ...shown } = entry as Entry & { readonly confirmation?: string | undefined };
  return shown as unknown as Entry;
}

export function createConsentBook({ guard, emit }: ConsentBookConfig): ConsentBook {
  const { ledger, forgetSecret, onOptIn, onOptOut }: ConsentGuardOptions = guard === false ? {} : guard;
  const pseudonym = forgetSecret === undefined ? undefined : createPseudonym(forgetSecret);

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

  /** The choice that is kept of a forgotten person. */
  async function readKept(
    opened: ConsentLedger,
    key: string,
    call: Call,
  ): Promise<ConsentRecord | undefined> {
    if (pseudonym === undefined) return undefined;
    const [kept] = await opened.get([await pseudonym(key)], { signal: call.signal });
    return kept;
  }

  async function tell(
    name: HookName,
    call: Call,
    hook: ((call: ConsentCall) => void | Promise<void>) | undefined,
  ): Promise<void> {
    const { signal, context } = call;
    try {
      await raceAbort((async () => hook?.({ signal, context }))(), signal);
    } catch {
      // The choice is recorded and counts; that the team was not told must not look as if it were not.
      emit({ type: 'hook-failed', hook: name }, context);
    }
  }

  return {
    hasLedger: ledger !== undefined,
    tell,
    read: (phone, call) =>
      fromLedger(call, async (opened) => {
        const key = consentKey({ phone });
        const entries: unknown = await opened.history(key, { signal: call.signal });
        if (!Array.isArray(entries)) throw new TypeError('not a history');
        const kept = await readKept(opened, key, call);
        const own = (entries as readonly ConsentEntry[]).findLast(isChoice);
        return { phone, key, entries, kept, latest: laterChoice(own, kept) };
      }),
    readLatest: (phone, call) =>
      fromLedger(call, async (opened) => {
        const key = consentKey({ phone });
        const [own] = await opened.get([key], { signal: call.signal });
        return laterChoice(own, await readKept(opened, key, call));
      }),
    append: (phone, entry, call) =>
      fromLedger(call, (opened) => opened.append([{ ...entry, key: consentKey({ phone }) }])),
    async forget(phone, call) {
      theLedger();
      if (pseudonym === undefined) {
        throw new ConfigurationError(
          'Forgetting a person needs guards.consent.forgetSecret: without it an opt-out would be forgotten too, and they would be texted again.',
          'guards.consent.forgetSecret',
        );
      }
      const key = consentKey({ phone });
      await fromLedger(call, async (opened) => opened.forget(key, await pseudonym(key)));
    },
    async announce({ e164 }, record, call) {
      const { state, scope } = record;
      emit({ type: 'consent-recorded', destination: maskNumber(e164), state, scope }, call.context);
      const [hook, name] =
        state === 'opted-in' ? [onOptIn, 'onOptIn' as const] : [onOptOut, 'onOptOut' as const];
      const notice = { ...shownEntry(record), destination: e164 };
      await tell(name, call, hook && ((consentCall) => hook(notice, consentCall)));
    },
  };
}

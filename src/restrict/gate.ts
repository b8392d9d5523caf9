import { RestrictionError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { maskedNumber } from '../guards/event-fields.ts';
import type { GuardReasons } from '../guards/reasons.ts';
import { WITHOUT_PROMISE } from '../internal/without-promise.ts';
import type { Phone, PhoneDefaults } from '../phone/normalise-phone.ts';
import { readPhone } from '../phone/read-phone.ts';
import type { OwnMessages } from './own-messages.ts';
import { RESTRICTABLE, type RestrictionList } from './restrictions.ts';

export interface GateConfig {
  readonly restrictions: RestrictionList;
  readonly ownMessages: OwnMessages;
  readonly emit: Emit;
  readonly phoneDefaults: PhoneDefaults;
}

/** Lets through the methods of a resource that every restriction names, with the values that they allow. */
export interface Gate {
  /** A resource whose other methods refuse. Methods that no restriction can bound always do. */
  guard<Resource extends object>(namespace: string, resource: Resource): Resource;
  /** The refusal of one operation, for methods of the client itself. */
  refuse(reason: GuardReasons['restriction'], operation: string, explanation: string): RestrictionError;
}

type Inputs = readonly unknown[];

/** Methods about one message that 8x8 has. */
const OF_ONE_MESSAGE: ReadonlySet<string> = new Set(['messages.get', 'messages.cancel', 'messages.feedback']);
/** Index of the argument that names the visitor, where more than the guards of a send depend on it. */
const VISITOR_AT: Readonly<Record<string, number>> = {
  'messages.feedback': 1,
  'verifications.start': 0,
  'verifications.check': 1,
  'oneTimePasswords.issue': 0,
  'oneTimePasswords.check': 0,
};
/** Methods that try a code, past the guards of a send. */
const CHECKS: ReadonlySet<string> = new Set(['verifications.check', 'oneTimePasswords.check']);

interface Addressed {
  readonly destination?: unknown;
  readonly country?: string;
  readonly subject?: unknown;
}

const isRestrictable = (operation: string) => RESTRICTABLE.some((name) => name === operation);
const isObject = (value: unknown): value is Addressed => typeof value === 'object' && value !== null;

export function createGate({ restrictions, ownMessages, emit, phoneDefaults }: GateConfig): Gate {
  /** Undefined when the client is free to name any subject. */
  const subject = restrictions.find((each) => each.subject !== undefined)?.subject;

  function refuse(
    reason: GuardReasons['restriction'],
    operation: string,
    explanation: string,
    phone?: Phone,
  ): RestrictionError {
    const decision = {
      guard: 'restriction',
      reason,
      mode: 'enforce',
      ...(phone && maskedNumber(phone)),
      explanation,
    } as const;
    const error = new RestrictionError({
      decision,
      message: `${operation}: ${explanation} Nothing was sent.`,
    });
    emit({ type: 'operation-refused', operation, reason, restriction: error.restriction });
    return error;
  }

  function isAllowed(operation: string): boolean {
    return restrictions.every(({ operations }) => operations?.some((name) => name === operation) !== false);
  }

  /** The visitor is the one of the restriction; a call that names nobody acts for them. */
  function withSubject(operation: string, inputs: Inputs): Inputs {
    const at = VISITOR_AT[operation];
    const input = at === undefined ? undefined : inputs[at];
    if (subject === undefined || !isObject(input)) return inputs;
    const names = restrictions.flatMap((each) => each.subject ?? []);
    if (names.some((name) => name !== (input.subject ?? subject))) {
      throw refuse('subject-not-allowed', operation, 'This client is restricted to another subject.');
    }
    return inputs.map((value, index) => (index === at ? { ...input, subject } : value));
  }

  function assertCountry(operation: string, input: unknown): void {
    if (!isObject(input) || restrictions.every(({ countries }) => countries === undefined)) return;
    const phone = readPhone(input.destination, input.country, phoneDefaults);
    if (restrictions.every(({ countries }) => countries?.includes(phone.country ?? '') !== false)) return;
    throw refuse('country-not-allowed', operation, 'This client is restricted to other countries.', phone);
  }

  /** A report may clear the wait of the number it names, so it names the number that the message went to. */
  function assertOwn(operation: string, [umid, report]: Inputs): void {
    const key = ownMessages.find(umid);
    const isOther = (input: Addressed) =>
      input.destination !== undefined &&
      readPhone(input.destination, input.country, phoneDefaults).key !== key;
    if (key !== undefined && !(operation === 'messages.feedback' && isObject(report) && isOther(report)))
      return;
    throw refuse('message-not-allowed', operation, 'A restricted client sees only its own latest messages.');
  }

  /** The inputs with which the method is called. */
  function admit(operation: string, inputs: Inputs): Inputs {
    if (OF_ONE_MESSAGE.has(operation)) assertOwn(operation, inputs);
    if (CHECKS.has(operation)) assertCountry(operation, inputs[VISITOR_AT[operation] as number]);
    return withSubject(operation, inputs);
  }

  function gated(operation: string, method: (...inputs: Inputs) => unknown, isKnown: boolean) {
    return (...inputs: Inputs): unknown => {
      try {
        if (!isKnown)
          throw refuse('operation-not-allowed', operation, 'This client is restricted to other operations.');
        return method(...admit(operation, inputs));
      } catch (error) {
        if (WITHOUT_PROMISE.has(operation)) throw error;
        return Promise.reject(error);
      }
    };
  }

  return {
    refuse,
    guard(namespace, resource) {
      const methods = Object.entries(resource).map(([name, method]: [string, unknown]) => {
        const operation = `${namespace}.${name}`;
        if (typeof method !== 'function') return [name, method];
        return [name, gated(operation, method as never, isRestrictable(operation) && isAllowed(operation))];
      });
      return Object.freeze(Object.fromEntries(methods)) as typeof resource;
    },
  };
}

import type { LimitKey, RuleBase } from './rule-base.ts';

/** The places in which doubt is counted. `crowd` counts the same numbers as `block`, whether they enter their codes or not. */
export type DoubtPlace = 'country' | 'range' | 'block' | 'crowd' | 'address' | 'number' | 'pool';

/**
 * A budget of doubt: one-time passwords that were sent to strangers and not entered, less the normal share, for the
 * country, range, block and address of a message, for its number, and for all countries in which hardly anybody
 * enters codes. A place that has used up its budget is in alert, and holds strangers back: `captcha-needed`,
 * `other-channel-needed` or `suspended`. A store that keeps this rule has `doubts`. Acquaintances are not counted.
 */
export interface DoubtRule extends RuleBase {
  /** Discriminates the rule. */
  readonly kind: 'doubt';
  /** The phone number, as an integer of at most 15 digits. */
  readonly key: LimitKey;
  /** ISO 3166-1 alpha-2 code of the number's country, or its calling code when it has none. At most 8 characters. */
  readonly country: string;
  /** The visitor, such as a subject. */
  readonly member?: LimitKey | undefined;
  /** The visitor's network: an IPv4 address, or the /64 of an IPv6 address. */
  readonly address?: string | undefined;
  /** Whether the visitor passed a test for people. @default false */
  readonly isHuman?: boolean | undefined;
  /** Whether the application says that the number entered a code before. @default false */
  readonly isReturning?: boolean | undefined;
  /** Whether a person who is held back can be asked for proof. */
  readonly action: 'ask' | 'refuse';
  /** Doubt that is normal for a country in which nobody entered a code today: fewer codes where they are dear. */
  readonly allowance: number;
}

/** How the code ended that a `doubt` rule counted. */
export interface DoubtOutcome {
  /** The rule as it was taken; its number, country, member, action and id are read. */
  readonly rule: DoubtRule;
  /**
   * `entered`: the person entered the code. `other-way`: the person got in without it. `fraud`: 8x8 stopped the message as
   * artificially inflated traffic.
   */
  readonly outcome: 'entered' | 'other-way' | 'fraud';
}

/** A place in alert: strangers are held there. */
export interface DoubtAlert {
  /** The kind of the place. */
  readonly place: DoubtPlace;
  /** For `country`: as in the rule. */
  readonly country?: string;
  /** For `range`, `block` and `crowd`: the digits that all its numbers begin with. */
  readonly prefix?: string;
  /** Whether it holds back only people who passed a captcha. */
  readonly isHuman: boolean;
  /** Doubt now, in whole codes. */
  readonly observed: number;
  /** The doubt that was normal when it began, in whole codes. */
  readonly limit: number;
  /** Milliseconds since it began. */
  readonly ageMs: number;
  /** Milliseconds until the next stranger passes. */
  readonly nextInMs: number;
  /** Alerts of `number` and `address` are counted together, without naming any. @default 1 */
  readonly count?: number;
}

/** Something that a store noticed while it took a `doubt` rule. Told once. */
export type DoubtNotice =
  | {
      /** A place went into alert. Not raised for numbers and addresses. */
      readonly kind: 'alert';
      /** The alert as it began. */
      readonly alert: DoubtAlert;
    }
  | {
      /** Too few outcomes are reported. Told at most once per day. */
      readonly kind: 'outcomes';
      /**
       * `none`: hardly any outcome was ever reported. `stopped`: none has been for a time in which `expected` would be usual.
       * `few`: of acquaintances, who nearly always enter their code, only `part` did.
       */
      readonly outcomes: 'none' | 'stopped' | 'few';
      /** For `stopped`: codes that would usually have been entered since the last one. */
      readonly expected?: number;
      /** For `few`: 0 to 1. */
      readonly part?: number;
    };

/** A place that support staff means. */
export type DoubtTarget =
  | {
      /** The value of the rule. */
      readonly country: string;
    }
  | {
      /** Digits that numbers begin with. */
      readonly prefix: string;
    }
  | {
      /** A phone number, as an integer. */
      readonly number: number;
    }
  | {
      /** The value of the rule. */
      readonly address: string;
    }
  | {
      /** All countries in which hardly anybody entered a code. */
      readonly pool: true;
    };

/** A place that can be trusted. */
export type TrustableTarget = Extract<
  DoubtTarget,
  { readonly country: string } | { readonly prefix: string } | { readonly number: number }
>;

/**
 * The part of a limit store that keeps rules of the kind `doubt`. Everything here is off the way of a message; `id` is the
 * `id` of the rule.
 */
export interface DoubtStore {
  /** Records how codes ended, in order. A code that the store does not know any more makes a person known all the same. */
  enter(scope: string, outcomes: readonly DoubtOutcome[]): Promise<void>;
  /** The places in alert, at most 1,000. */
  alerts(scope: string, id: string): Promise<readonly DoubtAlert[]>;
  /** Ends the alerts of a place, and takes its doubt back: of both kinds of people, and of range, block and crowd alike. */
  lift(scope: string, id: string, target: DoubtTarget): Promise<void>;
  /**
   * Neither counts nor holds back anybody in a place for a time; 0 ends it. At most 1,000 places.
   *
   * @returns whether the store had room
   */
  trust(scope: string, id: string, target: TrustableTarget, forMs: number): Promise<boolean>;
  /** Forgets the persons of these rules: their numbers, and the subjects who entered codes with them. */
  forget(scope: string, rules: readonly DoubtRule[]): Promise<void>;
}

/** Trusted places of one rule ID. */
export const MAX_TRUSTED = 1_000;
/** Longest time that a place is trusted, 366 days in milliseconds. */
export const MAX_TRUSTED_MS = 366 * 24 * 60 * 60 * 1000;

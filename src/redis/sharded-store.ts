import type {
  LimitRule,
  LimitStore,
  RuleState,
  Settlement,
  StoreCallOptions,
  TakeRequest,
} from '../limits/limit-store.ts';
import { checkSettlement } from '../limits/rule-validation.ts';
import {
  type AskedMessage,
  askedMessage,
  noteAnswer,
  questionOf,
  verdictOf,
  wavesOf,
} from './asked-message.ts';
import { createRuleChecks } from './rule-checks.ts';
import {
  checkReservationLengths,
  checkScopeLength,
  onlyPlaceOf,
  type Part,
  type Place,
  partsOf,
  placeOf,
  put,
  scopeAt,
} from './shards.ts';

/**
 * Counts what is about one number in one of 64 slots, and the rest in the slot of the scope. A message with rules in both
 * is taken in both, or given back where it was taken: a count may be too high for a moment, never too low.
 *
 * The number's slot comes first. What is held for a moment in vain is then in the way of messages to the same number
 * only, and not of everybody's budget; and since all ask in that order, no two messages refuse each other.
 *
 * @param store counts in a place; to it each is a scope.
 */
export function createShardedStore(store: LimitStore): LimitStore {
  const checks = createRuleChecks();

  /** Asks the places side by side, 65 at most, and waits for all of them also when one fails. */
  async function askPlaces<Item>(
    items: Iterable<readonly [place: Place, item: Item]>,
    ask: (place: Place, items: readonly Item[]) => Promise<void>,
  ): Promise<void> {
    const places = new Map<Place, Item[]>();
    for (const [place, item] of items) put(places, place, item);
    const asked = await Promise.allSettled([...places].map(([place, some]) => ask(place, some)));
    for (const each of asked) if (each.status === 'rejected') throw each.reason;
  }

  /** What cannot be given back is left open, for whoever gives back what a call that throws took. */
  async function giveBack(scope: string, messages: readonly AskedMessage[]): Promise<void> {
    const taken: [Place, Settlement][] = [];
    for (const message of messages) {
      const { reservation } = message.request;
      for (const { place, rules } of message.taken)
        taken.push([place, { reservation, rules, outcome: 'return' }]);
      message.taken = [];
    }
    await askPlaces(taken, (place, settlements) => store.settle(scopeAt(scope, place), settlements));
  }

  async function takeParts(
    scope: string,
    messages: readonly AskedMessage[],
    partOf: (message: AskedMessage) => Part | undefined,
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const asked = messages.flatMap(
      (message): [Place, { message: AskedMessage; part: Part; question: TakeRequest }][] => {
        const part = partOf(message);
        return part === undefined
          ? []
          : [[part.place, { message, part, question: questionOf(message, part) }]];
      },
    );
    await askPlaces(asked, async (place, some) => {
      const questions = some.map(({ question }) => question);
      const verdicts = await store.take(scopeAt(scope, place), questions, options);
      for (const [at, verdict] of verdicts.entries()) {
        const { message, part } = some[at] as (typeof some)[number];
        noteAnswer(message, part, verdict);
      }
    });
  }

  async function takeWave(
    scope: string,
    wave: readonly AskedMessage[],
    options: StoreCallOptions | undefined,
  ): Promise<void> {
    const steps = wave.reduce((most, { shards }) => Math.max(most, shards.length), 0);
    for (let step = 0; step < steps; step += 1) {
      await takeParts(scope, wave, ({ shards }) => shards[step], options);
    }
    await takeParts(scope, wave, ({ main }) => main, options);
    await giveBack(
      scope,
      wave.filter(({ isRefused }) => isRefused),
    );
  }

  return {
    async take(scope, requests, options) {
      checkScopeLength(scope);
      // Nearly every single message: it costs no more than without shards.
      const only = onlyPlaceOf(requests);
      if (only !== undefined) return store.take(scopeAt(scope, only), requests, options);
      checks.checkRequests(scope, requests);
      checkReservationLengths(requests);
      const messages = requests.map(askedMessage);
      try {
        for (const wave of wavesOf(messages)) await takeWave(scope, wave, options);
      } catch (error) {
        await giveBack(scope, messages).catch(() => {});
        throw error;
      }
      return messages.map(verdictOf);
    },

    async settle(scope, settlements) {
      checkScopeLength(scope);
      const only = onlyPlaceOf(settlements);
      if (only !== undefined) return store.settle(scopeAt(scope, only), settlements);
      settlements.forEach((settlement, at) => {
        checkSettlement(settlement, `settlements[${at}]`);
      });
      const parts = settlements.flatMap((settlement) =>
        partsOf(settlement.rules).map(({ place, rules }): [Place, Settlement] => [
          place,
          { ...settlement, rules },
        ]),
      );
      await askPlaces(parts, (place, some) => store.settle(scopeAt(scope, place), some));
    },

    async inspect(scope, rules) {
      checks.checkRules(scope, rules);
      checkScopeLength(scope);
      const states = new Map<LimitRule, RuleState>();
      await askPlaces(rules.map(placed), async (place, some) => {
        for (const state of await store.inspect(scopeAt(scope, place), some)) states.set(state.rule, state);
      });
      return rules.map((rule) => states.get(rule) as RuleState);
    },

    async release(scope, rules) {
      checks.checkRules(scope, rules);
      checkScopeLength(scope);
      await askPlaces(rules.map(placed), (place, some) => store.release(scopeAt(scope, place), some));
    },
  };
}

const placed = (rule: LimitRule): [Place, LimitRule] => [placeOf(rule), rule];

import { createBudgetCounters } from '../guards/budget.ts';
import { budgetRule } from '../guards/budget-levels.ts';
import { type BudgetPricesConfig, createBudgetPrices } from '../guards/budget-prices.ts';
import type { Guard, OutgoingMessage, Refusal } from '../guards/guard.ts';
import type { LimitRule } from '../limits/limit-store.ts';
import type { Restriction, RestrictionBudget } from './restrictions.ts';

const RESTRICTION_BUDGET_ID = 'restriction:budget';

/** A field that leads around the restrictions: the guards read nothing in it, or receipts go elsewhere. */
function widerField({ content }: OutgoingMessage): string | undefined {
  if (content?.extra !== undefined) return 'extra';
  return content?.callbackUrl === undefined ? undefined : 'a callback URL';
}

/** The budget without its amounts, because those of a holder say nothing about the balance of the account. */
function priced({ currency, prices, unknownPrice }: RestrictionBudget) {
  return { currency, prices, unknownPrice };
}

/** Refuses messages that a restricted client may not send. Every restriction is a guard of its own, so that all hold. */
export function createRestrictionGuard(
  { purposes, countries, senders, subject, budget, path }: Restriction,
  needs: BudgetPricesConfig,
): Guard<'restriction'> {
  const prices = budget && createBudgetPrices(priced(budget), needs);
  const counters = createBudgetCounters(RESTRICTION_BUDGET_ID, path, budget ?? {});

  function findRefusal(message: OutgoingMessage): Refusal<'restriction'> | undefined {
    const { purpose, phone, content, channel } = message;
    if (purposes?.includes(purpose) === false) {
      return {
        reason: 'purpose-not-allowed',
        message: `This client is restricted to purposes: ${purposes.join(', ')}.`,
      };
    }
    if (countries?.includes(phone.country ?? '') === false) {
      return {
        reason: 'country-not-allowed',
        message: `This client is restricted to countries: ${countries.join(', ')}.`,
      };
    }
    const isOtherChannel = channel !== undefined && channel !== 'sms';
    if (senders !== undefined && (isOtherChannel || !senders.includes(content?.source ?? ''))) {
      return {
        reason: 'sender-not-allowed',
        message: 'This client may use only the sender IDs of its restriction, and only SMS.',
      };
    }
    if (subject !== undefined && message.subject !== subject) {
      return { reason: 'subject-not-allowed', message: 'This client is restricted to another subject.' };
    }
    const field = widerField(message);
    if (field === undefined) return undefined;
    return { reason: 'field-not-allowed', message: `A restricted client sends no message with ${field}.` };
  }

  return {
    name: 'restriction',
    mode: 'enforce',
    check(message) {
      const refusal = findRefusal(message);
      return refusal && { ...refusal, always: true };
    },
    rules(message) {
      const { content } = message;
      if (prices === undefined || content === undefined) return [];
      if (message.isDryRun !== true) prices.refresh();
      const cost = Math.max(1, content.measure.parts) * prices.read(message);
      return counters.map((counter): LimitRule => {
        return { ...budgetRule(counter, counter.limit, cost, 'enforce'), guard: 'restriction' };
      });
    },
    // Money of the holder belongs to no number.
    counters: () => [],
  };
}

import type { ConsentLedger } from '../../src/consent/consent-ledger.ts';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';

/** A ledger in memory with some methods replaced. */
export function ledgerWith(methods: Partial<ConsentLedger>): ConsentLedger {
  return { ...memoryConsentLedger(), ...methods };
}

/** A ledger in which every method has this behaviour. */
export function ledgerThat(behaves: () => never | Promise<never>): ConsentLedger {
  return { get: behaves, append: behaves, history: behaves, forget: behaves } as ConsentLedger;
}

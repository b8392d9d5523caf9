import type { Calls } from '../call.ts';
import { mapLimited } from '../internal/map-limited.ts';
import { normalisePhone, type PhoneDefaults } from '../phone/normalise-phone.ts';
import type { ConsentChange } from './consent-ledger.ts';
import type { LedgerClient } from './ledger-client.ts';

export interface CancelImportedConfig {
  readonly calls: Calls;
  readonly ledger: LedgerClient;
  readonly phoneDefaults: PhoneDefaults;
}

/** People whose scheduled messages are looked up at a time. */
const AT_ONCE = 16;

/** Creates the function that cancels what is scheduled for people whose opt-outs were imported. */
export function createCancelImported({ calls, ledger, phoneDefaults }: CancelImportedConfig) {
  return async (changes: readonly ConsentChange[], signal: AbortSignal): Promise<void> => {
    // The key of a forgotten person is a hash, under which nobody can be found.
    const optOuts = changes.filter(({ key, state }) => state === 'opted-out' && key.startsWith('+'));
    await calls.run({ signal }, async (call) => {
      await mapLimited(optOuts, AT_ONCE, async ({ key, ...record }) => {
        // A choice about one sender is kept under the number and the sender.
        const result = normalisePhone(key.split('/')[0], undefined, phoneDefaults.bareDigits);
        if (result.ok && record.state === 'opted-out')
          await ledger.cancelScheduled(result.phone, record, call);
      });
    });
  };
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryConsentLedger } from '../../src/consent/memory-consent-ledger.ts';
import type { LimitStore } from '../../src/limits/limit-store.ts';
import { memoryLimits } from '../../src/limits/memory-limits.ts';
import { numberOf, type TestClient, testClient } from '../support/client.ts';
import { drive, useFakeTimeouts } from '../support/drive.ts';
import { CALLS, type Method, methodsOf } from '../support/public-methods.ts';
import { failureOf } from '../support/transport.ts';

const hangs = () => new Promise<never>(() => {});
const hangingStore: LimitStore = {
  take: hangs,
  settle: hangs,
  inspect: hangs,
  release: hangs,
  records: { read: hangs, write: hangs, remove: hangs },
  doubts: { enter: hangs, alerts: hangs, lift: hangs, trust: hangs, forget: hangs },
};
const destination = numberOf(1);
const VALUES = { destination, text: 'Hello', code: '123456', subject: 'visitor', name: 'Team' };

function clientOn(limits: LimitStore): TestClient {
  const consent = {
    ledger: memoryConsentLedger(),
    forgetSecret: 'f'.repeat(32),
    inbound: { optOutReply: 'No more messages.' },
  };
  const oneTimePasswords = { secret: 's'.repeat(32) };
  return testClient({ accountId: 'account', limits, oneTimePasswords, guards: { consent } });
}

beforeEach(useFakeTimeouts);
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('a limit store that never answers', () => {
  it.each(Object.keys(CALLS) as Method[])('does not hold %s for ever', async (method) => {
    const { sms } = clientOn(hangingStore);
    const outcome = await drive(
      CALLS[method](sms, VALUES).then(
        () => 'settled',
        () => 'settled',
      ),
    );
    expect(outcome).toBe('settled');
  });

  it('every method of the client has a call here', () => {
    const { sms } = clientOn(hangingStore);
    expect(methodsOf(sms)).toEqual(Object.keys(CALLS).sort());
  });

  it('is a StoreError of every call that needs its answer, and one event', async () => {
    for (const method of [
      'messages.send',
      'messages.feedback',
      'verifications.start',
      'verifications.check',
      'guards.inspect',
      'guards.release',
      'guards.suspensions',
      'guards.lift',
      'guards.trust',
      'guards.reportOutcome',
      'consent.forget',
    ] as const) {
      const { sms, of } = clientOn(hangingStore);
      const error = await drive(failureOf(CALLS[method](sms, VALUES)));
      expect(error, method).toMatchObject({ code: 'store', submission: 'not-submitted' });
      expect(of('store-failed'), method).toHaveLength(1);
    }
  });

  it('does not hold a right code, whichever call of the store is the first to hang', async () => {
    for (const name of ['take', 'settle', 'inspect', 'release'] as const) {
      const limits = memoryLimits();
      const { sms, emulator } = clientOn(limits);
      const { sessionId } = await drive(sms.verifications.start({ destination, brand: 'Team' }));
      const code = emulator.verifications[0]?.code ?? '';
      limits[name] = hangs;
      const outcome = await drive(
        sms.verifications.check(sessionId, { destination, code }).then(
          () => 'settled',
          () => 'settled',
        ),
      );
      expect(outcome, name).toBe('settled');
    }
  });
});

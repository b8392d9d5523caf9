import { describe, expect, it, vi } from 'vitest';
import type { SmsClientOptions } from '../../../src/config/options.ts';
import { memoryConsentLedger } from '../../../src/consent/memory-consent-ledger.ts';
import type { EmulatorOptions } from '../../../src/emulator/emulator.ts';
import { memoryLimits } from '../../../src/limits/memory-limits.ts';
import type { TracedOperation } from '../../../src/telemetry/operations.ts';
import { testClient } from '../../support/client.ts';
import { CALLS } from '../../support/public-methods.ts';

function follow(options: SmsClientOptions = {}, emulated: EmulatorOptions = {}) {
  const operations: TracedOperation[] = [];
  const more = { accountId: 'team', onError: () => {}, ...options };
  const client = testClient(
    {
      ...more,
      telemetry: {
        trace(operation, work) {
          operations.push(operation);
          return work();
        },
        event() {},
      },
    },
    emulated,
  );
  return { ...client, operations, of: (kind: string) => operations.filter((each) => each.kind === kind) };
}

describe('calls that are followed', () => {
  it.each(Object.keys(CALLS))(
    '%s returns the same kind of value with telemetry and without',
    async (name) => {
      const [resource = '', method = ''] = name.split('.');
      const shapeOf = (sms: object) => {
        const methods = (sms as Record<string, Record<string, () => unknown>>)[resource];
        try {
          const value = methods?.[method]?.();
          if (value instanceof Promise) value.catch(() => {});
          return Object.prototype.toString.call(value);
        } catch {
          return 'throws';
        }
      };
      expect(shapeOf(follow().sms)).toBe(shapeOf(testClient({ accountId: 'team' }).sms));
    },
  );

  it('one message: its name, ID and parts', async () => {
    const { sms, of } = follow();
    const { umid } = await sms.messages.send({ destination: '+6591234567', text: 'x'.repeat(161) });
    expect(of('call')).toEqual([{ kind: 'call', name: 'messages.send', umid, parts: 2 }]);
    expect(of('admission')).toEqual([{ kind: 'admission', messages: 1, isSecondLook: false, admitted: 1 }]);
  });

  it('every call that returns a promise: the list of webhook settings, too', async () => {
    const { sms, of } = follow();
    await sms.webhookSettings.list();
    expect(of('call')).toEqual([{ kind: 'call', name: 'webhookSettings.list' }]);
  });

  it('a batch: its outcomes', async () => {
    const { sms, of } = follow();
    await sms.messages.sendBatch({
      destinations: ['+6591234567', '+6591234568', 'nobody'],
      template: { text: 'Hello' },
    });
    const counts = { accepted: 2, rejected: 0, blocked: 1, failed: 0 };
    expect(of('call')).toEqual([{ kind: 'call', name: 'messages.sendBatch', counts }]);
  });

  it('sendMany: each chunk is a call', async () => {
    const { sms, of } = follow();
    const rows = ['+6591234567', '+6591234568', '+6591234569'].map((destination) => ({
      destination,
      text: 'Hello',
    }));
    await sms.messages.sendMany(rows, { chunkSize: 2 }).run();
    expect(of('call').map((each) => 'counts' in each && each.counts?.accepted)).toEqual([2, 1]);
  });

  it('a request of an endpoint without a method', async () => {
    const { sms, of } = follow();
    await sms.request({ path: '/api/v1/subaccounts/{subAccountId}/nothing' }).catch(() => {});
    expect(of('call')).toEqual([{ kind: 'call', name: 'request', errorType: 'not-found' }]);
    expect(of('attempt')[0]).toMatchObject({ errorType: '404', status: 404 });
  });

  it('the ledger of consent: a second question for a message whose sender nobody knows', async () => {
    const ledger = memoryConsentLedger();
    const { sms, of } = follow({ guards: { consent: { ledger, inbound: { optOutScope: 'sender' } } } });
    await sms.messages.send({ destination: '+6591234567', text: 'Hello' });
    expect(of('store')).toEqual([
      { kind: 'store', store: 'consent', method: 'get' },
      { kind: 'store', store: 'consent', method: 'history' },
    ]);
  });

  it.each([
    ['_OTHER', () => Promise.reject(new Error('down'))],
    ['timeout', () => new Promise<boolean>(() => {})],
  ])('a hook that gives no answer: %s', async (errorType, check) => {
    const { sms, of } = follow({ guards: { consent: { check, timeoutMs: 10 } } });
    await sms.messages.send({ destination: '+6591234567', text: 'Hello' }).catch(() => {});
    expect(of('hook')).toEqual([{ kind: 'hook', name: 'guards.consent.check', errorType }]);
  });

  it('settlements: one that the store keeps, and one that it loses', async () => {
    const limits = memoryLimits();
    const settle = vi.spyOn(limits, 'settle');
    const { sms, of } = follow({ limits });
    await sms.messages.send({ destination: '+6591234567', text: 'Hello' });
    settle.mockRejectedValue(new Error('down'));
    await sms.messages.send({ destination: '+6591234567', text: 'Hello again' });
    const told = of('store').map((each) => ('method' in each ? [each.method, each.errorType] : []));
    expect(told).toEqual([
      ['take', undefined],
      ['settle', undefined],
      ['take', undefined],
      ['settle', 'store'],
    ]);
  });

  it('an attempt whose response cannot be read, and one without a response', async () => {
    const { sms, of } = follow({ fetch: async () => new Response('x'.repeat(1_000_000)) });
    await sms.messages.send({ destination: '+6591234567', text: 'Hello' }).catch(() => {});
    expect(of('attempt')).toMatchObject([{ status: 200, errorType: 'unreadable' }]);
    const cut = follow({ fetch: () => Promise.reject(new TypeError('fetch failed')) });
    await cut.sms.messages.send({ destination: '+6591234567', text: 'Hello' }).catch(() => {});
    expect(cut.of('attempt')).toMatchObject([{ errorType: 'other' }]);
  });
});
